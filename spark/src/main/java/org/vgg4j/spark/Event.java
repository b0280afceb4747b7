package org.vgg4j.spark;

import java.io.Serializable;
import org.vgg4j.train.EpochMetrics;

/** What a worker tells the driver while it trains. */
sealed interface Event extends Serializable {
  /** A worker has begun: who it is. */
  record Began(int rank, String host, long process, String executor) implements Event {}

  /** A line that the user should see. */
  record Said(String line) implements Event {}

  /** The table of a profile. */
  record Profiled(String table) implements Event {}

  /** As of {@code TrainingListener.epochStarted}. */
  record EpochStarted(int epoch, int steps, int images) implements Event {}

  /** As of {@code TrainingListener.stepFinished}. */
  record Stepped(int epoch, int step, int images, double meanLoss) implements Event {}

  /** As of {@code TrainingListener.evaluationStarted}. */
  record EvaluationStarted(int epoch) implements Event {}

  /** As of {@code TrainingListener.epochFinished}. */
  record EpochFinished(
      int epoch,
      double trainLoss,
      double trainAccuracy,
      double testAccuracy,
      Double testTopFive,
      double seconds,
      double imagesPerSecond,
      Double waitSeconds,
      Double learningRate)
      implements Event {
    static EpochFinished of(EpochMetrics metrics) {
      return new EpochFinished(
          metrics.epoch(),
          metrics.trainLoss(),
          metrics.trainAccuracy(),
          metrics.testAccuracy(),
          metrics.testTopFive(),
          metrics.seconds(),
          metrics.imagesPerSecond(),
          metrics.waitSeconds(),
          metrics.learningRate());
    }

    EpochMetrics metrics() {
      return new EpochMetrics(
          epoch,
          trainLoss,
          trainAccuracy,
          testAccuracy,
          testTopFive,
          seconds,
          imagesPerSecond,
          waitSeconds,
          learningRate);
    }
  }
}
