package org.vgg4j.train;

import java.util.List;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.evaluation.BatchPass;
import org.vgg4j.evaluation.DataOn;
import org.vgg4j.evaluation.Evaluator;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.RunProgress;
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
  private final DataOn dataOn;
  private final long dataRoom;
  private final Closing closing = new Closing();
  private final TrainingStep trainingStep;
  private final StepWatch steps;
  private final TrainingTensors tensors;
  private final CrossEntropyLoss loss;
  private final LossWatch watch;
  private final TrainingPosition position = new TrainingPosition();
  private int stepsAnEpoch; // once an epoch has begun
  private TrainingData data; // of the last fit, null before the first
  private volatile boolean stopping;

  /** Prepares a training with the net's default preprocessing. */
  public Trainer(Vgg vgg, Optimizer optimizer, TrainingOptions options) {
    this(
        vgg,
        Preprocessing.of(vgg.config().channels(), vgg.config().imageSize()),
        optimizer,
        options);
  }

  /** Prepares a training as below, its images where they fit. */
  public Trainer(
      Vgg vgg, Preprocessing preprocessing, Optimizer optimizer, TrainingOptions options) {
    this(vgg, preprocessing, optimizer, options, DataOn.AUTO);
  }

  /**
   * Prepares a training and allocates the optimizer's memory.
   *
   * @param vgg the net, which the caller closes after the trainer
   * @param preprocessing how the images of training and test become the net's input
   * @param optimizer how parameters are updated
   * @param dataOn where the images lie from the first {@link #fit} until this is closed
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public Trainer(
      Vgg vgg,
      Preprocessing preprocessing,
      Optimizer optimizer,
      TrainingOptions options,
      DataOn dataOn) {
    this(vgg, preprocessing, optimizer, options, dataOn, Long.MAX_VALUE);
  }

  /**
   * Prepares a training as above, with a limit for its images.
   *
   * @param dataRoom the most bytes of the engine's memory that the images may take
   */
  public Trainer(
      Vgg vgg,
      Preprocessing preprocessing,
      Optimizer optimizer,
      TrainingOptions options,
      DataOn dataOn,
      long dataRoom) {
    this.vgg = vgg;
    this.preprocessing = preprocessing;
    this.network = vgg.network();
    this.options = options;
    this.dataOn = dataOn;
    this.dataRoom = dataRoom;
    try {
      trainingStep = closing.own(new TrainingStep(network, optimizer, options));
      loss = network.loss();
      steps = closing.own(new StepWatch(network, trainingStep));
      closing.own(this::releaseData);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    watch = new LossWatch(loss::beginTotals, loss::totals, network.backend().readInterval());
    tensors =
        new TrainingTensors(vgg, trainingStep.optimizer(), trainingStep.average(), this::diverged);
  }

  /**
   * Returns the batch sizes that a net needs for epochs of {@code images} images, largest first.
   */
  public static Integer[] batchSizes(int batchSize, int images) {
    return batchSizes(batchSize, images, 1);
  }

  /** Returns the same for batches that are split into passes. */
  public static Integer[] batchSizes(int batchSize, int images, int split) {
    return new BatchSchedule(images, batchSize, 1, split).sizes().toArray(Integer[]::new);
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
   *     set, or has other classes, or the images cannot lie where they are to
   * @throws DivergedException when the loss, or the net after an epoch, is not finite; the listener
   *     is then not told of the epoch
   */
  public EpochMetrics fit(ImageSource train, ImageSource test, TrainingListener listener) {
    Evaluator.requireClasses(vgg.config(), train);
    Evaluator.requireClasses(vgg.config(), test);
    requireBatchSizes(train.size());
    place(train, test, listener);
    fit(listener);
    steps.trained();
    return position.lastFinished();
  }

  private void place(ImageSource train, ImageSource test, TrainingListener listener) {
    if (data != null && data.isOf(train, test)) {
      return;
    }
    releaseData();
    data = new TrainingData(vgg, preprocessing, train, test, dataOn, dataRoom);
    listener.dataPlaced(data.train().place(), data.test().place());
  }

  private void releaseData() {
    if (data != null) {
      TrainingData last = data;
      data = null;
      last.close();
    }
  }

  private void requireBatchSizes(int images) {
    List<Integer> needed = List.of(batchSizes(options.batchSize(), images, options.split()));
    List<Integer> built = network.options().batchSizes();
    if (!built.containsAll(needed)) {
      throw new InvalidInputException(
          ("%d images in batches of %d%s need a net for the batch sizes %s, but this one was built"
               + " for %s; build it with NetworkOptions.training(Trainer.batchSizes(%2$d, %1$d%s))")
              .formatted(
                  images,
                  options.batchSize(),
                  options.split() == 1 ? "" : ", each in %d passes,".formatted(options.split()),
                  needed,
                  built,
                  options.split() == 1 ? "" : ", " + options.split()));
    }
  }

  private void fit(TrainingListener listener) {
    while (position.epoch() <= options.epochs() && !stopping) {
      position.startClock();
      if (!trainEpoch(listener)) {
        break;
      }
      LossTotals totals = loss.totals();
      listener.evaluationStarted(position.epoch());
      LossTotals tested = trainingStep.averaged(this::evaluate);
      if (tested == null) {
        break;
      }
      requireFinite(tested.lossSum());
      EpochMetrics metrics =
          position.epochDone(totals, tested, vgg.config().classes(), rate(position.step() - 1));
      loss.resetTotals();
      listener.epochFinished(metrics);
    }
  }

  /** Returns the totals over the test images; null when stopped. */
  private LossTotals evaluate() {
    ImageSource test = data.test().data();
    EvaluationEvent event = new EvaluationEvent();
    event.begin();
    LossTotals totals = Evaluator.totals(vgg, data.test(), () -> stopping);
    event.end();
    if (event.shouldCommit()) {
      event.number = position.epoch();
      event.images = test.size();
      event.bytes =
          test.commonShape() == null ? 0 : (long) test.size() * test.commonShape().bytes();
      event.commit();
    }
    return totals;
  }

  /** Trains the rest of the epoch; returns whether it was finished. */
  private boolean trainEpoch(TrainingListener listener) {
    int images = data.train().data().size();
    BatchSchedule schedule =
        new BatchSchedule(images, options.batchSize(), options.accumulate(), options.split());
    stepsAnEpoch = schedule.steps();
    listener.epochStarted(position.epoch(), schedule.steps(), images);
    int[] order = new Draw(options.seed(), position.epoch()).permutation(images);
    watch.reset();
    steps.noMore(); // also of an earlier try, which may have failed within a step
    try (BatchPass batches = data.train().pass(schedule, order, firstPass(schedule))) {
      while (next(batches)) {
        pass(batches, schedule);
        if (!schedule.endsStep(batches.index())) {
          continue;
        }
        position.stepDone(schedule.batchOf(batches.index()) + 1);
        steps.stepDone(position.step(), schedule.imagesOfStep(batches.index()));
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

  /** Begins with the first batch that is not done; the last one may have fewer passes. */
  private int firstPass(BatchSchedule schedule) {
    boolean isDone = position.batch() == schedule.batches();
    return isDone ? schedule.passes() : schedule.firstPass(position.batch());
  }

  private boolean next(BatchPass batches) {
    steps.waiting();
    boolean isThere = batches.next();
    if (!isThere) {
      steps.noMore();
    }
    return isThere;
  }

  /** Reports the loss if it is known, which it always is after an epoch's last step. */
  private void readLoss(BatchSchedule schedule, TrainingListener listener) {
    int done = schedule.stepOf(schedule.firstPass(position.batch() - 1)) + 1;
    boolean isLast = done == schedule.steps();
    LossTotals totals = isLast ? watch.await() : watch.poll(done);
    if (totals != null) {
      requireFinite(totals);
      int of = isLast ? done : watch.step();
      listener.stepFinished(position.epoch(), of, (int) totals.count(), totals.meanLoss());
    }
  }

  /** Runs a forward and a backward pass; scales gradients for the mean over the step's images. */
  private void pass(BatchPass batch, BatchSchedule schedule) {
    steps.uploading(batch.index(), batch.size(), batch.bytes());
    Execution at = network.execution(batch.size());
    batch.load(at);
    double scale = 1.0 / schedule.imagesOfStep(batch.index());
    network
        .stepState()
        .set(
            position.step(),
            position.passes(),
            rate(position.step()),
            batch.size(),
            scale,
            batch.first());
    trainingStep.run(at, schedule.startsStep(batch.index()), schedule.endsStep(batch.index()));
    position.passDone();
  }

  private double rate(long ofStep) {
    RunProgress at = new RunProgress(ofStep, stepsAnEpoch, options.epochs(), position.accuracies());
    double rate = options.schedule().rate(options.learningRate(), options.scheduleOptions(), at);
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
    trainingStep.startAverage();
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
