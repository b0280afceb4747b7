package org.vgg4j.train;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.LossTotals;

/** A training's changing position, from which its {@link TrainingState} is made. */
final class TrainingPosition {
  private long step; // updates made so far
  private long passes; // forward and backward passes made so far
  private int epoch = 1; // the current one
  private int batch; // batches of it that are done
  private int rollbacks; // how often the run went back to a checkpoint
  private double epochSeconds; // of the current epoch, at its last step
  private double waitSeconds; // of them, those spent waiting for batches
  private long epochBegin; // in System.nanoTime(), as if the epoch had not been interrupted
  private final List<EpochMetrics> finished = new ArrayList<>();

  long step() {
    return step;
  }

  long passes() {
    return passes;
  }

  int epoch() {
    return epoch;
  }

  int batch() {
    return batch;
  }

  /** Returns the first pass of the batch that comes next; the last batch may have fewer passes. */
  int firstPass(BatchSchedule schedule) {
    boolean isDone = batch == schedule.batches();
    return isDone ? schedule.passes() : schedule.firstPass(batch);
  }

  int rollbacks() {
    return rollbacks;
  }

  /** Returns the metrics of the last finished epoch, null when none is. */
  EpochMetrics lastFinished() {
    return finished.isEmpty() ? null : finished.get(finished.size() - 1);
  }

  /** Starts the clock of an epoch, or of the rest of one. */
  void startClock() {
    epochBegin = System.nanoTime() - Math.round(epochSeconds * 1e9);
  }

  private double seconds() {
    return (System.nanoTime() - epochBegin) / 1e9;
  }

  /** Counts seconds in which no batch was ready. */
  void waited(double seconds) {
    waitSeconds += seconds;
  }

  /** Counts a forward and backward pass. */
  void passDone() {
    passes++;
  }

  /** Counts an update, after which {@code batches} batches of the epoch are done. */
  void stepDone(int batches) {
    step++;
    batch = batches;
    epochSeconds = seconds();
  }

  /** Returns the test accuracies of the finished epochs. */
  List<Double> accuracies() {
    return finished.stream().map(EpochMetrics::testAccuracy).toList();
  }

  /** Ends the epoch; returns its metrics. */
  EpochMetrics epochDone(LossTotals training, LossTotals test, int classes, double learningRate) {
    EpochMetrics metrics =
        new EpochMetrics(
            epoch,
            training.meanLoss(),
            training.accuracy(),
            test.accuracy(),
            classes > HostLossAccumulator.TOP ? test.topFiveAccuracy() : null,
            seconds(),
            training.count() / epochSeconds,
            waitSeconds,
            learningRate);
    finished.add(metrics);
    epoch++;
    batch = 0;
    epochSeconds = 0;
    waitSeconds = 0;
    return metrics;
  }

  /**
   * Returns the position with the epoch's losses so far.
   *
   * @param parts of each rank
   */
  TrainingState state(List<LossTotals> parts) {
    return new TrainingState(
        step,
        passes,
        epoch,
        batch,
        rollbacks,
        epochSeconds,
        waitSeconds,
        Ranks.sum(parts),
        parts.size() == 1 ? List.of() : parts,
        finished);
  }

  /** Moves to another position. */
  void restore(TrainingState state) {
    step = state.step();
    passes = state.passes();
    epoch = state.epoch();
    batch = state.batch();
    rollbacks = state.rollbacks();
    epochSeconds = state.epochSeconds();
    waitSeconds = state.waitSeconds();
    finished.clear();
    finished.addAll(state.finished());
  }
}
