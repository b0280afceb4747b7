package org.vgg4j.optim;

import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The learning rate over a run: a pure function of the step, so that a resumed run continues
 * unchanged.
 */
public enum LearningRateSchedule {
  /** The same rate throughout. */
  CONSTANT {
    @Override
    double factor(double progress) {
      return 1;
    }
  },

  /** Falls linearly, reaching 0 just after the last step. */
  LINEAR {
    @Override
    double factor(double progress) {
      return 1 - progress;
    }
  },

  /**
   * Falls along half a cosine, reaching 0 just after the last step. Source: Loshchilov and Hutter,
   * 2017.
   */
  COSINE {
    @Override
    double factor(double progress) {
      return (1 + Math.cos(Math.PI * progress)) / 2;
    }
  };

  abstract double factor(double progress);

  /**
   * Returns the learning rate of a step.
   *
   * @param base the rate of step 0
   * @param step the number of updates already made; from {@code totalSteps} on, the rate stays at
   *     its final value
   * @param totalSteps the length of the run
   */
  public double rate(double base, long step, long totalSteps) {
    if (step < 0 || totalSteps < 1) {
      throw new IllegalArgumentException("step " + step + " of a run of " + totalSteps);
    }
    return base * factor(Math.min(1, (double) step / totalSteps));
  }

  /**
   * Returns the schedule named constant, linear or cosine.
   *
   * @throws InvalidInputException when the name is unknown
   */
  public static LearningRateSchedule of(String name) {
    return Choice.of("learningRateSchedule", LearningRateSchedule.class, name);
  }

  /** Returns the name that {@link #of} takes. */
  public String label() {
    return Choice.name(this);
  }
}
