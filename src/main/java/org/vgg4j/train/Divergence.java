package org.vgg4j.train;

import java.util.function.LongToDoubleFunction;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.StepState;

/** Ends a training whose numbers are not finite any more. */
final class Divergence {
  private final TrainingPosition position;
  private final StepState now;
  private final LongToDoubleFunction rate;

  /** Watches a training; {@code rate} returns the learning rate of a step. */
  Divergence(TrainingPosition position, StepState now, LongToDoubleFunction rate) {
    this.position = position;
    this.now = now;
    this.rate = rate;
  }

  /** Refuses losses that are not finite; names the step of the first. */
  void requireFinite(LossTotals totals) {
    long first = totals.firstNonFiniteStep();
    if (first >= 0) {
      throw new DivergedException(
          "the loss", position.epoch(), first + 1, rate.applyAsDouble(first));
    }
    if (!Double.isFinite(totals.lossSum())) {
      throw of("the loss");
    }
  }

  /** Returns the exception for something that is not finite at the present step. */
  DivergedException of(String what) {
    return new DivergedException(what, position.epoch(), position.step(), now.learningRate());
  }
}
