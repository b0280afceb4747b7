package org.vgg4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.Preprocessing;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.evaluation.ImageFeed;
import org.vgg4j.io.FileOperations;
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
  /** The weights are looked at for NaN and infinity every so many steps; the loss more often. */
  static final int STEPS_A_WEIGHT_CHECK = 500;

  private final Vgg vgg;
  private final Network network;
  private final Preprocessing preprocessing;
  private final TrainingOptions options;
  private final Closing closing = new Closing();
  private final AttachedOptimizer optimizer;
  private final TrainingTensors tensors;
  private final CrossEntropyLoss loss;
  private final GradientSum sum; // null when every pass makes an update
  private final LossWatch watch;
  private long step; // updates made so far
  private long totalSteps; // of the whole run, once an epoch has begun
  private long passes; // forward and backward passes made so far
  private int epoch = 1; // under way
  private int batch; // batches of it that are done
  private int rollbacks;
  private double epochSeconds; // of the epoch under way, at its last step
  private long epochBegin; // in System.nanoTime(), as if the epoch had not been interrupted
  private final List<EpochMetrics> finished = new ArrayList<>();
  private volatile boolean stopping;

  /** Prepares a training with the net's default preprocessing. */
  public Trainer(Vgg vgg, Optimizer optimizer, TrainingOptions options) {
    this(
        vgg,
        Preprocessing.of(vgg.config().channels(), vgg.config().imageSize()),
        optimizer,
        options);
  }

  /**
   * Prepares a training; takes the optimizer's memory.
   *
   * @param vgg the net, which the caller closes after the trainer
   * @param preprocessing how the images of training and test become the net's input
   * @param optimizer how parameters follow gradients
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Trainer(
      Vgg vgg, Preprocessing preprocessing, Optimizer optimizer, TrainingOptions options) {
    this.vgg = vgg;
    this.preprocessing = preprocessing;
    this.network = vgg.network();
    this.options = options;
    try {
      this.optimizer = closing.own(optimizer.attach(network));
      this.loss = closing.own(new CrossEntropyLoss(network));
      this.sum = options.accumulate() > 1 ? closing.own(new GradientSum(network)) : null;
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    watch = new LossWatch(loss, network.backend().readInterval());
    tensors = new TrainingTensors(vgg, this.optimizer, this::diverged);
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
   * Asks {@link #fit} to return after the present step or batch of an evaluation, without finishing
   * the epoch; from any thread.
   */
  public void stop() {
    stopping = true;
  }

  /**
   * Trains what is left of the options' epochs, from where the training stands, and evaluates after
   * each.
   *
   * @return the metrics of the last finished epoch, null when it was stopped before one was
   *     finished
   * @throws DivergedException when the loss is not finite, or the net after an epoch: then nobody
   *     is told of the epoch
   */
  public EpochMetrics fit(ImageSource train, ImageSource test, TrainingListener listener) {
    Evaluator.requireClasses(vgg.config(), train);
    Evaluator.requireClasses(vgg.config(), test);
    try (ImageFeed feed = new ImageFeed(vgg, preprocessing, train)) {
      fit(train, feed, test, listener);
    }
    return finished.isEmpty() ? null : finished.get(finished.size() - 1);
  }

  private void fit(ImageSource train, ImageFeed feed, ImageSource test, TrainingListener listener) {
    while (epoch <= options.epochs() && !stopping) {
      epochBegin = System.nanoTime() - Math.round(epochSeconds * 1e9);
      if (!trainEpoch(train, feed, listener)) {
        break;
      }
      double trainSeconds = epochSeconds;
      LossTotals totals = loss.totals();
      listener.evaluationStarted(epoch);
      Evaluation evaluation = Evaluator.evaluate(vgg, preprocessing, test, () -> stopping);
      if (evaluation == null) {
        break;
      }
      requireFinite(evaluation.meanLoss());
      EpochMetrics metrics =
          new EpochMetrics(
              epoch,
              totals.meanLoss(),
              totals.accuracy(),
              evaluation.accuracy(),
              secondsOfEpoch(),
              totals.count() / trainSeconds);
      finished.add(metrics);
      epoch++;
      batch = 0;
      epochSeconds = 0;
      loss.resetTotals();
      listener.epochFinished(metrics);
    }
  }

  private double secondsOfEpoch() {
    return (System.nanoTime() - epochBegin) / 1e9;
  }

  /** Trains what is left of the epoch; returns whether it came to its end. */
  private boolean trainEpoch(ImageSource train, ImageFeed feed, TrainingListener listener) {
    int batchSize = Math.min(options.batchSize(), train.size());
    Schedule schedule = new Schedule(train.size(), batchSize, options.accumulate());
    totalSteps = (long) schedule.steps() * options.epochs();
    listener.epochStarted(epoch, schedule.steps(), train.size());
    int[] order = new Draw(options.seed(), epoch).permutation(train.size());
    watch.reset();
    try (BatchLoader loader = feed.loader(batchSize, order, batch)) {
      for (Batch next = loader.next(); next != null; next = loader.next()) {
        pass(next, feed, schedule);
        if (!schedule.endsStep(next.index())) {
          continue;
        }
        update(schedule.passesOfStep(next.index()));
        batch = next.index() + 1;
        epochSeconds = secondsOfEpoch();
        readLoss(schedule, listener);
        if (step % STEPS_A_WEIGHT_CHECK == 0) {
          requireFinite(loss.totals()); // which knows the step at which it began
          tensors.requireFiniteWeights();
        }
        listener.stepDone(step);
        if (stopping) {
          return false;
        }
      }
    }
    tensors.requireFiniteWeights();
    return true;
  }

  /** Tells what is known of the loss; of an epoch's last step all is. */
  private void readLoss(Schedule schedule, TrainingListener listener) {
    int done = schedule.stepOf(batch - 1) + 1;
    boolean isLast = done == schedule.steps();
    LossTotals totals = isLast ? watch.await() : watch.poll(done);
    if (totals != null) {
      requireFinite(totals);
      int of = isLast ? done : watch.step();
      listener.stepFinished(epoch, of, (int) totals.count(), totals.meanLoss());
    }
  }

  /**
   * A forward and a backward pass; the gradients are scaled for the mean over the step's images.
   */
  private void pass(Batch batch, ImageFeed feed, Schedule schedule) {
    int rows = batch.size();
    Tensor x = feed.input(batch, rows);
    loss.labels(rows).uploadAsync(batch.labels(), 0);
    network.stepState().set(step, passes, rate(step));
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

  private double rate(long ofStep) {
    double rate = options.schedule().rate(options.learningRate(), ofStep, totalSteps);
    return rate / Math.pow(10, rollbacks);
  }

  private void requireFinite(LossTotals totals) {
    long first = totals.firstNonFiniteStep();
    if (first >= 0) {
      throw new DivergedException("the loss", epoch, first + 1, rate(first));
    }
    requireFinite(totals.lossSum());
  }

  private void requireFinite(double value) {
    if (!Double.isFinite(value)) {
      throw diverged("the loss");
    }
  }

  private DivergedException diverged(String what) {
    return new DivergedException(what, epoch, step, network.stepState().learningRate());
  }

  /** Returns where the training stands; to be asked between steps, as by a listener. */
  public TrainingState state() {
    return new TrainingState(
        step, passes, epoch, batch, rollbacks, epochSeconds, loss.parts(), finished);
  }

  /**
   * Copies all that going on takes; to be called between steps, as by a listener.
   *
   * @throws DivergedException when a value is not finite
   */
  public Snapshot capture() {
    requireFinite(loss.totals());
    return tensors.capture(state());
  }

  /**
   * Goes on from a state, its tensors read from files; the trainer's own are lost.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the files are damaged or of another net or
   *     optimizer
   */
  public void restore(TrainingState state, Path model, Path moments, FileOperations files)
      throws IOException {
    tensors.restore(model, moments, files);
    step = state.step();
    passes = state.passes();
    epoch = state.epoch();
    batch = state.batch();
    rollbacks = state.rollbacks();
    epochSeconds = state.epochSeconds();
    if (batch > 0) {
      loss.restoreTotals(state.totals());
    } else {
      loss.resetTotals();
    }
    finished.clear();
    finished.addAll(state.finished());
    if (sum != null) {
      sum.reset();
    }
  }

  /** Sets how often the run went back; each time divides the learning rate by ten. */
  public void rollbacks(int count) {
    rollbacks = count;
  }

  @Override
  public void close() {
    closing.close();
  }
}
