package org.vgg4j.train;

import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.ImageDataset;
import org.vgg4j.data.Shuffle;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.GradientSum;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Tensor;

/**
 * Trains a net: epochs of shuffled batches, cross entropy, backward, one optimizer update for one
 * or several batches.
 *
 * <p>The net must be built for the batch size and for what is left at an epoch's end: {@link
 * #batchSizes}. A trainer belongs to the thread that its engine belongs to; only {@link #stop} may
 * be called from another.
 */
public final class Trainer implements AutoCloseable {
  private final Vgg vgg;
  private final Network network;
  private final TrainingOptions options;
  private final Closing closing = new Closing();
  private final AttachedOptimizer optimizer;
  private final CrossEntropyLoss loss;
  private final GradientSum sum; // null when every pass makes an update
  private final int readInterval; // in steps
  private long step; // updates made so far
  private long passes; // forward and backward passes made so far
  private volatile boolean stopping;

  /**
   * Prepares a training; takes the optimizer's memory.
   *
   * @param vgg the net, which the caller closes after the trainer
   * @param optimizer how parameters follow gradients
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Trainer(Vgg vgg, Optimizer optimizer, TrainingOptions options) {
    this.vgg = vgg;
    this.network = vgg.network();
    this.options = options;
    readInterval = network.backend().readInterval();
    try {
      this.optimizer = closing.own(optimizer.attach(network));
      this.loss = closing.own(new CrossEntropyLoss(network));
      this.sum = options.accumulate() > 1 ? closing.own(new GradientSum(network)) : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /**
   * Returns the batch sizes that a net needs for epochs of {@code images} images, largest first.
   */
  public static Integer[] batchSizes(int batchSize, int images) {
    int last = images % batchSize;
    if (images < batchSize) {
      return new Integer[] {images};
    }
    return last == 0 ? new Integer[] {batchSize} : new Integer[] {batchSize, last};
  }

  /** Returns the optimizer updates made so far. */
  public long step() {
    return step;
  }

  /**
   * Asks {@link #fit} to return after the present step, without finishing the epoch; from any
   * thread.
   */
  public void stop() {
    stopping = true;
  }

  /**
   * Trains for the options' epochs and evaluates after each.
   *
   * @return the metrics of the last finished epoch, null when it was stopped before one was
   *     finished
   * @throws DivergedException when the loss is not finite, or the net after an epoch: then nobody
   *     is told of the epoch
   */
  public EpochMetrics fit(ImageDataset train, ImageDataset test, TrainingListener listener) {
    Evaluator.requireClasses(vgg.config(), train);
    Evaluator.requireClasses(vgg.config(), test);
    EpochMetrics last = null;
    for (int epoch = 1; epoch <= options.epochs() && !stopping; epoch++) {
      long begin = System.nanoTime();
      LossTotals totals = trainEpoch(epoch, train, listener);
      if (totals == null) {
        return last;
      }
      double trainSeconds = (System.nanoTime() - begin) / 1e9;
      listener.evaluationStarted(epoch);
      Evaluation evaluation = Evaluator.evaluate(vgg, test);
      requireFinite(evaluation.meanLoss(), epoch);
      requireFiniteNet(epoch);
      double seconds = (System.nanoTime() - begin) / 1e9;
      last =
          new EpochMetrics(
              epoch,
              totals.meanLoss(),
              totals.accuracy(),
              evaluation.accuracy(),
              seconds,
              totals.count() / trainSeconds);
      listener.epochFinished(last);
    }
    return last;
  }

  /** Returns the epoch's totals, or null when it was stopped. */
  private LossTotals trainEpoch(int epoch, ImageDataset train, TrainingListener listener) {
    int batchSize = Math.min(options.batchSize(), train.size());
    Schedule schedule = new Schedule(train.size(), batchSize, options.accumulate());
    long totalSteps = (long) schedule.steps() * options.epochs();
    loss.resetTotals();
    listener.epochStarted(epoch, schedule.steps(), train.size());
    int[] order = Shuffle.permutation(train.size(), options.seed(), epoch);
    try (BatchLoader loader =
        new BatchLoader(
            train, batchSize, vgg.config().imageSize(), vgg.config().channels(), order)) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        pass(batch, schedule, totalSteps);
        if (!schedule.endsStep(batch.index())) {
          continue;
        }
        update(schedule.passesOfStep(batch.index()));
        int done = schedule.stepOf(batch.index()) + 1;
        if (done % readInterval == 0 || done == schedule.steps()) {
          LossTotals totals = loss.totals();
          requireFinite(totals, epoch, totalSteps);
          listener.stepFinished(epoch, done, (int) totals.count(), totals.meanLoss());
        }
        if (stopping && done < schedule.steps()) {
          return null;
        }
      }
    }
    return loss.totals();
  }

  /**
   * A forward and a backward pass; the gradients are scaled for the mean over the step's images.
   */
  private void pass(Batch batch, Schedule schedule, long totalSteps) {
    int rows = batch.size();
    Tensor x = network.input(rows);
    x.uploadAsync(batch.x(), 0);
    loss.labels(rows).uploadAsync(batch.labels(), 0);
    network.stepState().set(step, passes, rate(step, totalSteps));
    Tensor logits = network.forward(x, true);
    Tensor dlogits = network.outputGradient(rows);
    loss.forward(logits, dlogits, rows, 1.0 / schedule.imagesOfStep(batch.index()));
    network.backward(dlogits);
    passes++;
    if (sum != null && !schedule.endsStep(batch.index())) {
      sum.add();
    }
  }

  /** One update of all parameters by the gradients of so many passes. */
  private void update(int stepPasses) {
    if (stepPasses > 1) {
      sum.finish();
    }
    optimizer.step();
    step++;
  }

  private double rate(long ofStep, long totalSteps) {
    return options.schedule().rate(options.learningRate(), ofStep, totalSteps);
  }

  private void requireFinite(LossTotals totals, int epoch, long totalSteps) {
    long first = totals.firstNonFiniteStep();
    if (first >= 0) {
      throw new DivergedException("the loss", epoch, first + 1, rate(first, totalSteps));
    }
    requireFinite(totals.lossSum(), epoch);
  }

  private void requireFinite(double value, int epoch) {
    if (!Double.isFinite(value)) {
      throw diverged("the loss", epoch);
    }
  }

  /** A ReLU may turn NaN into 0, so that a ruined net has a finite loss all the same. */
  private void requireFiniteNet(int epoch) {
    String name = NonFinite.firstIn(network);
    if (name != null) {
      throw diverged(name, epoch);
    }
  }

  private DivergedException diverged(String what, int epoch) {
    return new DivergedException(what, epoch, step, network.stepState().learningRate());
  }

  @Override
  public void close() {
    closing.close();
  }
}
