package org.vgg4j.train;

import java.util.List;
import org.vgg4j.data.Batch;
import org.vgg4j.data.BatchLoader;
import org.vgg4j.data.BatchSchedule;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.Preprocessing;
import org.vgg4j.evaluation.Evaluation;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.evaluation.ImageFeed;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LossTotals;

/**
 * Trains a net: epochs of shuffled batches, cross entropy, backward, and one optimizer update per
 * one or more batches.
 *
 * <p>The net must be built for the batch size and for an epoch's smaller last batch: see {@link
 * #batchSizes}. Use a trainer only on its engine's thread; only {@link #stop} may be called from
 * another.
 */
public final class Trainer implements AutoCloseable {
  /**
   * The steps between checks of the weights for NaN and infinity; the loss is checked more often.
   */
  static final int STEPS_A_WEIGHT_CHECK = 500;

  private final Vgg vgg;
  private final Network network;
  private final Preprocessing preprocessing;
  private final TrainingOptions options;
  private final Closing closing = new Closing();
  private final TrainingStep trainingStep;
  private final StepWatch steps;
  private final TrainingTensors tensors;
  private final CrossEntropyLoss loss;
  private final LossWatch watch;
  private final TrainingPosition position = new TrainingPosition();
  private long totalSteps; // of the whole run, once an epoch has begun
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
   * Prepares a training and allocates the optimizer's memory.
   *
   * @param vgg the net, which the caller closes after the trainer
   * @param preprocessing how the images of training and test become the net's input
   * @param optimizer how parameters are updated
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Trainer(
      Vgg vgg, Preprocessing preprocessing, Optimizer optimizer, TrainingOptions options) {
    this.vgg = vgg;
    this.preprocessing = preprocessing;
    this.network = vgg.network();
    this.options = options;
    try {
      trainingStep = closing.own(new TrainingStep(network, optimizer, options.accumulate() > 1));
      loss = network.loss();
      steps = closing.own(new StepWatch(network, trainingStep));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    watch = new LossWatch(loss::beginTotals, loss::totals, network.backend().readInterval());
    tensors = new TrainingTensors(vgg, trainingStep.optimizer(), this::diverged);
  }

  /**
   * Returns the batch sizes that a net needs for epochs of {@code images} images, largest first.
   */
  public static Integer[] batchSizes(int batchSize, int images) {
    return new BatchSchedule(images, batchSize, 1).sizes().toArray(Integer[]::new);
  }

  /** Returns the number of optimizer updates so far. */
  public long step() {
    return position.step();
  }

  /**
   * Times some of the next steps, which run call by call and one after the other then; they give
   * the same bits.
   */
  public void profile(ProfileRequest request) {
    steps.profile(request);
  }

  /**
   * Asks {@link #fit} to return after the current step or evaluation batch, without finishing the
   * epoch; may be called from any thread.
   */
  public void stop() {
    stopping = true;
  }

  /**
   * Trains the remaining epochs from the current position, and evaluates after each.
   *
   * @return the metrics of the last finished epoch, null when stopped before one was finished
   * @throws InvalidInputException when the net was not built for the batch sizes of this training
   *     set, or has other classes
   * @throws DivergedException when the loss, or the net after an epoch, is not finite; the listener
   *     is then not told of the epoch
   */
  public EpochMetrics fit(ImageSource train, ImageSource test, TrainingListener listener) {
    Evaluator.requireClasses(vgg.config(), train);
    Evaluator.requireClasses(vgg.config(), test);
    requireBatchSizes(train.size());
    fit(train, new ImageFeed(vgg, preprocessing, train), test, listener);
    steps.trained();
    return position.lastFinished();
  }

  private void requireBatchSizes(int images) {
    List<Integer> needed = List.of(batchSizes(options.batchSize(), images));
    List<Integer> built = network.options().batchSizes();
    if (!built.containsAll(needed)) {
      throw new InvalidInputException(
          ("%d images in batches of %d need a net for the batch sizes %s, but this one was built"
               + " for %s; build it with NetworkOptions.training(Trainer.batchSizes(%2$d, %1$d))")
              .formatted(images, options.batchSize(), needed, built));
    }
  }

  private void fit(ImageSource train, ImageFeed feed, ImageSource test, TrainingListener listener) {
    while (position.epoch() <= options.epochs() && !stopping) {
      position.startClock();
      if (!trainEpoch(train, feed, listener)) {
        break;
      }
      LossTotals totals = loss.totals();
      listener.evaluationStarted(position.epoch());
      Evaluation evaluation = evaluate(test);
      if (evaluation == null) {
        break;
      }
      requireFinite(evaluation.meanLoss());
      EpochMetrics metrics = position.epochDone(totals, evaluation.accuracy());
      loss.resetTotals();
      listener.epochFinished(metrics);
    }
  }

  private Evaluation evaluate(ImageSource test) {
    EvaluationEvent event = new EvaluationEvent();
    event.begin();
    Evaluation evaluation = Evaluator.evaluate(vgg, preprocessing, test, () -> stopping);
    event.end();
    if (event.shouldCommit()) {
      event.number = position.epoch();
      event.images = test.size();
      event.bytes =
          test.commonShape() == null ? 0 : (long) test.size() * test.commonShape().bytes();
      event.commit();
    }
    return evaluation;
  }

  /** Trains the rest of the epoch; returns whether it was finished. */
  private boolean trainEpoch(ImageSource train, ImageFeed feed, TrainingListener listener) {
    BatchSchedule schedule =
        new BatchSchedule(train.size(), options.batchSize(), options.accumulate());
    totalSteps = (long) schedule.steps() * options.epochs();
    listener.epochStarted(position.epoch(), schedule.steps(), train.size());
    int[] order = new Draw(options.seed(), position.epoch()).permutation(train.size());
    watch.reset();
    steps.noMore(); // also of an earlier try, which may have failed within a step
    try (BatchLoader loader = feed.loader(schedule, order, position.batch())) {
      for (Batch next = take(loader); next != null; next = take(loader)) {
        pass(next, feed, schedule);
        if (!schedule.endsStep(next.index())) {
          continue;
        }
        position.stepDone(next.index() + 1);
        steps.stepDone(position.step(), schedule.imagesOfStep(next.index()));
        readLoss(schedule, listener);
        if (position.step() % STEPS_A_WEIGHT_CHECK == 0) {
          requireFinite(loss.totals()); // reports the step at which it began
          tensors.requireFiniteWeights();
        }
        listener.stepDone(position.step());
        if (stopping) {
          return false;
        }
      }
    }
    tensors.requireFiniteWeights();
    return true;
  }

  private Batch take(BatchLoader loader) {
    steps.waiting();
    Batch next = loader.next();
    if (next == null) {
      steps.noMore();
    }
    return next;
  }

  /** Reports the loss if it is known, which it always is after an epoch's last step. */
  private void readLoss(BatchSchedule schedule, TrainingListener listener) {
    int done = schedule.stepOf(position.batch() - 1) + 1;
    boolean isLast = done == schedule.steps();
    LossTotals totals = isLast ? watch.await() : watch.poll(done);
    if (totals != null) {
      requireFinite(totals);
      int of = isLast ? done : watch.step();
      listener.stepFinished(position.epoch(), of, (int) totals.count(), totals.meanLoss());
    }
  }

  /** Runs a forward and a backward pass; scales gradients for the mean over the step's images. */
  private void pass(Batch batch, ImageFeed feed, BatchSchedule schedule) {
    long rows = schedule.mostImages();
    steps.uploading(batch, batch.images().bytes().capacity() / rows * batch.size());
    Execution at = network.execution(batch.size());
    feed.load(batch, at);
    at.labels().uploadAsync(batch.labels());
    double scale = 1.0 / schedule.imagesOfStep(batch.index());
    network
        .stepState()
        .set(position.step(), position.passes(), rate(position.step()), batch.size(), scale);
    trainingStep.run(at, schedule.startsStep(batch.index()), schedule.endsStep(batch.index()));
    position.passDone();
  }

  private double rate(long ofStep) {
    double rate = options.schedule().rate(options.learningRate(), ofStep, totalSteps);
    return rate / Math.pow(10, position.rollbacks());
  }

  private void requireFinite(LossTotals totals) {
    long first = totals.firstNonFiniteStep();
    if (first >= 0) {
      throw new DivergedException("the loss", position.epoch(), first + 1, rate(first));
    }
    requireFinite(totals.lossSum());
  }

  private void requireFinite(double value) {
    if (!Double.isFinite(value)) {
      throw diverged("the loss");
    }
  }

  private DivergedException diverged(String what) {
    return new DivergedException(
        what, position.epoch(), position.step(), network.stepState().learningRate());
  }

  /** Returns the training's position; call it between steps, for example from a listener. */
  public TrainingState state() {
    return position.state(loss.totals());
  }

  /**
   * Copies all that is needed to continue; call it between steps, for example from a listener.
   *
   * @throws DivergedException when a value is not finite
   */
  public Snapshot capture() {
    requireFinite(loss.totals());
    return tensors.capture(state());
  }

  /**
   * Continues from a snapshot of this or another trainer, overwriting the own tensors.
   *
   * @throws InvalidInputException when it is from another net or optimizer
   */
  public void restore(Snapshot snapshot) {
    tensors.restore(snapshot);
    TrainingState state = snapshot.state();
    position.restore(state);
    if (state.batch() > 0) {
      loss.restoreTotals(state.totals());
    } else {
      loss.resetTotals();
    }
    trainingStep.reset();
  }

  @Override
  public void close() {
    closing.close();
  }
}
