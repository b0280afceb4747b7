package org.vgg4j.optim;

import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The learning rate over a run: a pure function of the step and of the test accuracies of the
 * finished epochs, so that a resumed run continues unchanged.
 */
public enum LearningRateSchedule {
  /** The same rate throughout. */
  CONSTANT {
    @Override
    double factor(RunProgress at, ScheduleOptions options) {
      return 1;
    }
  },

  /** Falls linearly, reaching 0 just after the last step. */
  LINEAR {
    @Override
    double factor(RunProgress at, ScheduleOptions options) {
      return 1 - at.share();
    }
  },

  /**
   * Falls along half a cosine, reaching 0 just after the last step. Source: Loshchilov and Hutter,
   * 2017.
   */
  COSINE {
    @Override
    double factor(RunProgress at, ScheduleOptions options) {
      return (1 + Math.cos(Math.PI * at.share())) / 2;
    }
  },

  /** Is divided by a factor after every so many epochs. Source: PyTorch {@code StepLR}. */
  STEP {
    @Override
    double factor(RunProgress at, ScheduleOptions options) {
      return Math.pow(options.factor(), -(at.accuracies().size() / options.stepEpochs()));
    }
  },

  /**
   * Is divided by a factor whenever the test accuracy has not risen above its best for some epochs,
   * a limited number of times; then it stays. Source: Simonyan and Zisserman, 2015, section 3.1;
   * PyTorch {@code ReduceLROnPlateau} with a threshold of 0, whose patience is one less.
   */
  PLATEAU {
    @Override
    double factor(RunProgress at, ScheduleOptions options) {
      double best = Double.NEGATIVE_INFINITY;
      int waited = 0;
      int drops = 0;
      for (double accuracy : at.accuracies()) {
        waited = accuracy > best ? 0 : waited + 1;
        best = Math.max(best, accuracy);
        if (waited == options.patience()) {
          drops++;
          waited = 0;
        }
      }
      return Math.pow(options.factor(), -Math.min(drops, options.drops()));
    }
  };

  abstract double factor(RunProgress at, ScheduleOptions options);

  /**
   * Returns the learning rate of an update.
   *
   * @param base the rate to start from, which a warm-up rises to
   * @param options the numbers of the schedule
   * @param at the update; beyond the end of the run, the rate stays at its final value
   */
  public double rate(double base, ScheduleOptions options, RunProgress at) {
    return base * factor(at, options) * options.warmUp().factor(at);
  }

  /** Returns what happens to the rate, for a person. */
  public String inWords(ScheduleOptions options) {
    String fall = "divided by " + String.valueOf(options.factor()).replaceFirst("\\.0$", "");
    String text =
        switch (this) {
          case CONSTANT -> "constant";
          case LINEAR, COSINE -> label() + " to 0";
          case STEP -> fall + " every " + count(options.stepEpochs(), "epoch");
          case PLATEAU ->
              "%s after %s without a better test accuracy, at most %s"
                  .formatted(
                      fall, count(options.patience(), "epoch"), count(options.drops(), "time"));
        };
    WarmUp warmUp = options.warmUp();
    return warmUp.equals(WarmUp.NONE) ? text : text + ", warm-up of " + warmUp;
  }

  private static String count(int number, String unit) {
    return number + " " + unit + (number == 1 ? "" : "s");
  }

  /**
   * Returns the schedule named constant, linear, cosine, step or plateau.
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
