package org.vgg4j.train;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.vgg4j.collective.Agreement;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.loading.Shard;
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
  private final Optimizer optimizer;
  private final TrainingOptions options;
  private final PlacedData data;
  private final Closing closing = new Closing();
  private final TrainingStep trainingStep;
  private final StepWatch steps;
  private final TrainingTensors tensors;
  private final CrossEntropyLoss loss;
  private final LossWatch watch;
  private final Ranks ranks;
  private final Continuation continuation;
  private final Divergence divergence;
  private final TrainingPosition position = new TrainingPosition();
  private int stepsAnEpoch; // once an epoch has begun
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
    this(vgg, preprocessing, optimizer, options, dataOn, Long.MAX_VALUE, DataParallel.NONE);
  }

  /** Prepares a rank of a training with the net's default preprocessing, its images on the host. */
  public Trainer(Vgg vgg, Optimizer optimizer, TrainingOptions options, DataParallel ranks) {
    this(
        vgg,
        Preprocessing.of(vgg.config().channels(), vgg.config().imageSize()),
        optimizer,
        options,
        DataOn.AUTO,
        Long.MAX_VALUE,
        ranks);
  }

  /**
   * Prepares a rank of a training. All ranks have the same options, where {@code batchSize} counts
   * the images of all, and the same data sets, of which each takes its slice of every batch: the
   * net must be built for {@link #batchSizes(int, int, int, Shard)}. They do the same in the same
   * order: {@link #fit}, {@link #capture}. At the start of a {@link #fit}, and after a {@link
   * #restore} on rank 0, all take over what rank 0 has.
   *
   * @param dataRoom the most bytes of the engine's memory that the images may take
   * @param ranks how the training is shared
   */
  public Trainer(
      Vgg vgg,
      Preprocessing preprocessing,
      Optimizer optimizer,
      TrainingOptions options,
      DataOn dataOn,
      long dataRoom,
      DataParallel ranks) {
    this.vgg = vgg;
    this.preprocessing = preprocessing;
    this.network = vgg.network();
    this.optimizer = optimizer;
    this.options = options;
    NetFit.requireFrozen(vgg, options.updates().frozen());
    try {
      trainingStep = closing.own(new TrainingStep(network, optimizer, options, ranks));
      loss = network.loss();
      steps = closing.own(new StepWatch(network, trainingStep));
      data =
          closing.own(new PlacedData(vgg, preprocessing, options.augmentation(), dataOn, dataRoom));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    divergence = new Divergence(position, network.stepState(), this::rate);
    this.ranks = new Ranks(ranks.collective(), () -> stopping);
    watch =
        new LossWatch(
            loss::beginTotals, loss::totals, network.backend().readInterval(), this.ranks);
    tensors =
        new TrainingTensors(vgg, trainingStep.optimizer(), trainingStep.average(), divergence::of);
    continuation = new Continuation(network, trainingStep, tensors, position, this.ranks);
  }

  /**
   * Returns the batch sizes that a net needs for epochs of {@code images} images, largest first.
   */
  public static Integer[] batchSizes(int batchSize, int images) {
    return batchSizes(batchSize, images, 1);
  }

  /** Returns the same for batches that are split into passes. */
  public static Integer[] batchSizes(int batchSize, int images, int split) {
    return batchSizes(batchSize, images, split, Shard.WHOLE);
  }

  /** Returns the sizes of a rank's slices of such passes. */
  public static Integer[] batchSizes(int batchSize, int images, int split, Shard shard) {
    int most = Math.min(batchSize, images);
    return new BatchSchedule(images, most, 1, split, shard).sizes().toArray(Integer[]::new);
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

  /** Returns how long sums over the ranks took in the steps profiled last; empty for one rank. */
  public List<ReductionTime> reductionTimes() {
    return steps.reductions();
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
   *     is then not told of the epoch. All ranks throw it
   * @throws org.vgg4j.collective.PeerLostException when another rank is gone, or failed; this one
   *     tells the others when it fails itself
   */
  public EpochMetrics fit(ImageSource train, ImageSource test, TrainingListener listener) {
    Evaluator.requireClasses(vgg.config(), train);
    Evaluator.requireClasses(vgg.config(), test);
    try {
      NetFit.requireBatchSizes(vgg, options, train.size(), ranks.shard());
      if (!ranks.isAlone() && !data.has(train, test)) {
        Agreement.require(
            ranks.collective(), NetFit.facts(vgg, preprocessing, optimizer, options, train, test));
      }
      data.place(train, test, listener);
      continuation.begin();
      fit(listener);
    } catch (DivergedException e) {
      throw e; // as all ranks do
    } catch (RuntimeException | Error e) {
      ranks.collective().abort();
      throw e;
    }
    steps.trained();
    return position.lastFinished();
  }

  private void fit(TrainingListener listener) {
    while (position.epoch() <= options.epochs() && !ranks.stops()) {
      position.startClock();
      if (!trainEpoch(listener)) {
        break;
      }
      LossTotals totals = ranks.sum(loss.totals());
      listener.evaluationStarted(position.epoch());
      LossTotals tested = ranks.sum(trainingStep.averaged(this::test));
      if (tested == null) {
        break;
      }
      if (!Double.isFinite(tested.lossSum())) {
        throw divergence.of("the loss");
      }
      EpochMetrics metrics =
          position.epochDone(totals, tested, vgg.config().classes(), rate(position.step() - 1));
      loss.resetTotals();
      listener.epochFinished(metrics);
    }
  }

  private LossTotals test() {
    return EpochTest.totals(vgg, data.test(), position.epoch(), schedule(), () -> stopping);
  }

  private BatchSchedule schedule() {
    return NetFit.schedule(options, data.train().data().size(), ranks.shard());
  }

  /** Trains the rest of the epoch; returns whether it was finished. */
  private boolean trainEpoch(TrainingListener listener) {
    BatchSchedule schedule = schedule();
    stepsAnEpoch = schedule.steps();
    listener.epochStarted(position.epoch(), schedule.steps(), schedule.images());
    Draw draw = new Draw(options.seed(), position.epoch());
    watch.reset();
    steps.noMore(); // also of an earlier try, which may have failed within a step
    int first = position.firstPass(schedule);
    try (BatchPass batches = data.train().epoch(schedule, draw, first)) {
      for (int index = first; index < schedule.passes(); index++) {
        pass(batches, index, schedule);
        if (!schedule.endsStep(index)) {
          continue;
        }
        position.stepDone(schedule.batchOf(index) + 1);
        steps.stepDone(position.step(), schedule.imagesOfStep(index));
        readLoss(schedule, listener);
        if (position.step() % STEPS_A_WEIGHT_CHECK == 0) {
          divergence.requireFinite(ranks.sum(loss.totals())); // reports the step at which it began
          tensors.requireFiniteWeights();
        }
        listener.stepDone(position.step());
        if (ranks.stops()) {
          return false;
        }
      }
    }
    steps.noMore();
    tensors.requireFiniteWeights();
    return true;
  }

  /** Goes to a pass's images, which must be there. */
  private void next(BatchPass batches, int index) {
    steps.waiting();
    long begin = System.nanoTime();
    boolean isThere = batches.next();
    position.waited((System.nanoTime() - begin) / 1e9);
    if (!isThere || batches.index() != index) {
      throw new IllegalStateException("there is no batch " + index);
    }
  }

  /** Reports the loss if it is known, which it always is after an epoch's last step. */
  private void readLoss(BatchSchedule schedule, TrainingListener listener) {
    int done = schedule.stepOf(schedule.firstPass(position.batch() - 1)) + 1;
    boolean isLast = done == schedule.steps();
    LossTotals totals = isLast ? watch.await() : watch.poll(done);
    if (totals != null) {
      divergence.requireFinite(totals);
      int of = isLast ? done : watch.step();
      listener.stepFinished(position.epoch(), of, (int) totals.count(), totals.meanLoss());
    }
  }

  /** Runs a forward and a backward pass; scales gradients for the mean over the step's images. */
  private void pass(BatchPass batches, int index, BatchSchedule schedule) {
    int size = schedule.size(index);
    double scale = 1.0 / schedule.imagesOfStep(index);
    boolean isFirst = schedule.startsStep(index);
    boolean isLast = schedule.endsStep(index);
    if (size == 0) {
      steps.waiting(); // for nothing, but the step begins
      setState(0, scale, schedule.begin(index));
      trainingStep.runEmpty(isFirst, isLast);
    } else {
      next(batches, index);
      steps.uploading(index, size, batches.bytes());
      Execution at = network.execution(size);
      batches.load(at);
      setState(size, scale, batches.first());
      trainingStep.run(at, isFirst, isLast, schedule.isEven(index));
    }
    position.passDone();
  }

  private void setState(int rows, double scale, long first) {
    long step = position.step();
    network.stepState().set(step, position.passes(), rate(step), rows, scale, first);
  }

  private double rate(long ofStep) {
    RunProgress at = new RunProgress(ofStep, stepsAnEpoch, options.epochs(), position.accuracies());
    double rate = options.schedule().rate(options.learningRate(), options.scheduleOptions(), at);
    return rate / Math.pow(10, position.rollbacks());
  }

  /**
   * Returns the training's position; call it between steps, for example from a listener. Of several
   * ranks each has its own losses.
   */
  public TrainingState state() {
    return continuation.state();
  }

  /**
   * Copies all that is needed to continue; call it between steps, for example from a listener. All
   * ranks call it at the same step.
   *
   * @return the copy; null on ranks other than 0
   * @throws DivergedException when a value is not finite
   */
  public Snapshot capture() {
    return capture(ranks.shard().rank() == 0, null);
  }

  /**
   * Has ranks ask each other, whenever they exchange losses, whether one wants a {@link #capture}:
   * {@code due} is asked on the training thread.
   */
  public void captureWhen(BooleanSupplier due) {
    ranks.captureWhen(due);
  }

  /** Returns, once, whether a rank wanted one: the same on all ranks. */
  public boolean takeCaptureDue() {
    return ranks.takeCaptureDue();
  }

  /**
   * Does the same for ranks of which only some want the copy; the others get null.
   *
   * @param old a copy of this trainer that nobody reads any more: the new one overwrites it, which
   *     saves memory; null for none
   */
  public Snapshot capture(boolean wanted, Snapshot old) {
    return continuation.capture(wanted, old, divergence::requireFinite);
  }

  /**
   * Continues from a snapshot of this or another trainer, overwriting the own tensors. All ranks
   * call it, and all continue from rank 0's.
   *
   * @param snapshot not read on ranks other than 0
   * @throws InvalidInputException when it is from another net or optimizer
   */
  public void restore(Snapshot snapshot) {
    continuation.restore(snapshot);
  }

  @Override
  public void close() {
    closing.close();
  }
}
