package org.vgg4j.train;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.vgg4j.collective.Collective;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.InputSource;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NormSums;
import org.vgg4j.nn.Stage;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.optim.WeightAverage;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.ClipPlan;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * Takes a loaded batch to updated parameters: input, forward, loss, backward, the sum of several
 * passes' gradients, their limit, update, average of the weights.
 *
 * <p>It uses memory at fixed addresses ({@link Execution}); what changes from step to step is in
 * the net's {@code StepState}, which the caller sets first. So an engine can record it once ({@link
 * Backend#record}) and replay it. Copies from the host come before it, reads of the totals after
 * it.
 */
public final class TrainingStep implements AutoCloseable {
  /** What follows a pass's backward. */
  private enum End {
    /** The gradients are kept for later passes. */
    ADD,
    /** The gradients make an update. */
    UPDATE,
    /** The gradients and those kept make an update. */
    ADD_AND_UPDATE
  }

  private final Network network;
  private final Closing closing = new Closing();
  private final AttachedOptimizer optimizer;
  private final ClipPlan clip; // null when gradients are taken as they are
  private final WeightAverage average; // null when weights are not averaged
  private final Arena sum; // of the gradients of a step's passes; null for steps of one pass
  private final AccumulatePlan addToSum; // null with the sum
  private final AccumulatePlan addSum; // likewise
  private final List<Work> sumWork; // of adding gradients; empty with the sum
  private final Map<Execution, Passes> recorded = new HashMap<>();
  private final Collective collective;
  private final GradientReduction reduction; // null for one rank
  private final StatisticsMean statistics; // null for one rank, and where norms share theirs
  private StepMarks marks = StepMarks.NONE;
  private boolean isDirect; // call by call: nothing is recorded and no recording is run

  /** The passes recorded at one input shape. */
  private static final class Passes implements AutoCloseable {
    private final InputSource source; // what they start from, null for the input itself
    private final Map<End, Recorded> byEnd = new EnumMap<>(End.class);

    Passes(InputSource source) {
      this.source = source;
    }

    @Override
    public void close() {
      try (Closing all = new Closing()) {
        byEnd.values().forEach(all::own);
        byEnd.clear();
      }
    }
  }

  /**
   * Allocates the memory of the optimizer and of the sum.
   *
   * @param accumulates whether steps have more than one pass
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   */
  public TrainingStep(Network network, Optimizer optimizer, boolean accumulates) {
    this(network, optimizer, accumulates, UpdateOptions.NONE, 1, DataParallel.NONE);
  }

  /** Allocates as above what the options ask for. */
  public TrainingStep(Network network, Optimizer optimizer, TrainingOptions options) {
    this(network, optimizer, options, DataParallel.NONE);
  }

  /** Allocates as above for a training on several ranks, which all run the same passes. */
  public TrainingStep(
      Network network, Optimizer optimizer, TrainingOptions options, DataParallel ranks) {
    this(network, optimizer, options.accumulates(), options.updates(), options.headFactor(), ranks);
  }

  private TrainingStep(
      Network network,
      Optimizer optimizer,
      boolean accumulates,
      UpdateOptions updates,
      double headFactor,
      DataParallel ranks) {
    this.network = network;
    collective = ranks.collective();
    Backend backend = network.backend();
    try {
      this.optimizer = closing.own(optimizer.attach(network, headFactor));
      network.loss();
      Arena gradients = network.slabs().gradients();
      sum =
          accumulates
              ? closing.own(backend.allocate(gradients.bytes(), MemoryOwner.GRADIENT_SUM))
              : null;
      addToSum = accumulates ? closing.own(backend.accumulate(gradients, sum)) : null;
      addSum = accumulates ? closing.own(backend.accumulate(sum, gradients)) : null;
      sumWork = accumulates ? addSum.work() : List.of();
      clip = updates.clips() ? closing.own(backend.clip(updates.clipNorm(), gradients)) : null;
      average =
          updates.averages()
              ? closing.own(new WeightAverage(network, updates.averageDecay()))
              : null;
      reduction =
          ranks.isAlone()
              ? null
              : new GradientReduction(ranks, Slab.of(backend, gradients, backend.types().master()));
      statistics =
          ranks.isAlone() || network.statistics() == null || network.options().normSums() != null
              ? null
              : closing.own(new StatisticsMean(network, collective));
      closing.own(this::abandonReductions);
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the optimizer's state. */
  public AttachedOptimizer optimizer() {
    return optimizer;
  }

  /** Returns the average of the weights, null when they are not averaged. */
  WeightAverage average() {
    return average;
  }

  /** Begins the average of the weights, if there is to be one and is none. */
  void startAverage() {
    if (average != null) {
      average.start();
    }
  }

  /** Computes something with the averages in the net, if there are such. */
  public <T> T averaged(Supplier<T> work) {
    return average == null ? work.get() : average.with(work);
  }

  /**
   * Says where the passes are from now on.
   *
   * @param listener hears of each section; {@link StepMarks#NONE} for nothing
   * @param direct whether passes are run call by call, so that the listener hears of every pass;
   *     else only of those that are not run from a recording
   */
  public void mark(StepMarks listener, boolean direct) {
    marks = listener;
    isDirect = direct;
  }

  /**
   * Runs one pass over the batch loaded at an input shape.
   *
   * @param isFirst whether it is the first pass of its step
   * @param isLast whether it is the last, which makes the update
   */
  public void run(Execution at, boolean isFirst, boolean isLast) {
    run(at, isFirst, isLast, true);
  }

  /**
   * Runs as above.
   *
   * @param isEven whether all ranks have as many images: only then is it recorded, or run from a
   *     recording, since sums between GPUs must be recorded by all ranks or by none
   */
  void run(Execution at, boolean isFirst, boolean isLast, boolean isEven) {
    int rows = network.stepState().rows();
    if (rows < 1 || rows > at.batch()) { // a recorded step no longer looks
      throw new IllegalArgumentException(rows + " rows for a batch of " + at.batch());
    }
    startAverage();
    End end = end(isFirst, isLast);
    if (isDirect || !isEven || network.hasListener()) {
      pass(at, end);
    } else {
      Passes passes = passes(at);
      Recorded recording = passes.byEnd.get(end);
      if (recording == null) {
        pass(at, end); // a first run may still load code and allocate
        passes.byEnd.put(end, network.backend().record(() -> pass(at, end)));
      } else {
        recording.run();
      }
    }
    network.countTrainingPass();
  }

  /** Returns what was recorded at a shape; a net that starts from other images is recorded anew. */
  private Passes passes(Execution at) {
    Passes known = recorded.get(at);
    if (known != null && known.source == at.source()) {
      return known;
    }
    if (known == null) {
      at.own(() -> forget(at));
    } else {
      known.close();
    }
    Passes none = new Passes(at.source());
    recorded.put(at, none);
    return none;
  }

  /** Closes what was recorded at a shape. */
  private void forget(Execution at) {
    Passes passes = recorded.remove(at);
    if (passes != null) {
      passes.close();
    }
  }

  /**
   * Takes part in a pass in which this rank has no images: its gradients are zero.
   *
   * @param isFirst as in {@link #run}
   * @param isLast as in {@link #run}
   */
  void runEmpty(boolean isFirst, boolean isLast) {
    startAverage();
    NormSums norms = network.options().normSums();
    if (norms != null) {
      runForOthers(norms, end(isFirst, isLast));
    } else if (isLast) {
      network.slabs().gradients().zero();
      beginStatistics();
      finish(end(isFirst, true));
    }
    network.countTrainingPass();
  }

  /** Runs over whatever images are there, of which none counts: the norms of all ranks meet. */
  private void runForOthers(NormSums norms, End end) {
    List<Execution> all = network.executions();
    norms.empty(true);
    try {
      pass(all.get(all.size() - 1), end);
    } finally {
      norms.empty(false);
    }
  }

  private static End end(boolean isFirst, boolean isLast) {
    return !isLast ? End.ADD : isFirst ? End.UPDATE : End.ADD_AND_UPDATE;
  }

  private void pass(Execution at, End end) {
    if (!at.imageWork().isEmpty()) {
      marks.begin(StepPart.INPUT, "images", at.imageWork());
    }
    Tensor logits = at.forward(true);
    marks.begin(StepPart.LOSS, "loss", at.lossWork());
    at.loss(logits, at.outputGradient());
    Backend backend = network.backend();
    if (end != End.ADD) {
      beginStatistics();
    }
    if (end == End.UPDATE && backend.isBranching() && clip == null && reduction == null) {
      optimizer.begin();
      at.backward(at.outputGradient(), stage -> backend.beside(() -> update(stage)));
      if (average != null) {
        average.endStep();
      }
      marks.end();
      return;
    }
    if (end == End.UPDATE && reduction != null) {
      at.backward(at.outputGradient(), reduction::done);
    } else {
      at.backward(at.outputGradient());
    }
    finish(end);
  }

  private void finish(End end) {
    if (end != End.UPDATE) {
      marks.begin(StepPart.UPDATE, "sum", sumWork);
      (end == End.ADD ? addToSum : addSum).run();
    }
    if (end == End.ADD_AND_UPDATE) {
      sum.zero();
    }
    if (end != End.ADD) {
      awaitReductions();
      update();
    }
    marks.end();
  }

  /** Returns how long the last step's sums over the ranks took; null without such. */
  ReductionTime reductionTime() {
    return reduction == null ? null : reduction.last();
  }

  private void beginStatistics() {
    if (statistics != null) {
      statistics.begin();
    }
  }

  private void awaitReductions() {
    if (reduction != null) {
      reduction.allDone();
      marks.begin(StepPart.UPDATE, "reduction", List.of());
      reduction.await();
    }
    if (statistics != null) {
      statistics.await();
    }
  }

  /**
   * A step that is given up leaves sums under way that write to memory which is about to be
   * released; the ranks cannot go on without this one anyway.
   */
  private void abandonReductions() {
    if ((reduction != null && reduction.isUnderWay())
        || (statistics != null && statistics.isUnderWay())) {
      collective.abort();
    }
  }

  private void update() {
    if (clip != null) {
      marks.begin(StepPart.UPDATE, "clip", clip.work());
      clip.run();
    }
    marks.begin(StepPart.UPDATE, "optimizer", optimizer.work());
    optimizer.step();
    if (average != null) {
      marks.begin(StepPart.UPDATE, "average", average.work());
      average.run();
      average.endStep();
    }
  }

  private void update(Stage stage) {
    optimizer.step(stage);
    if (average != null) {
      average.run(stage);
    }
  }

  /** Discards the gradients kept for an unfinished step. */
  public void reset() {
    if (sum != null) {
      sum.zero();
    }
  }

  @Override
  public void close() {
    recorded.values().forEach(closing::own);
    recorded.clear();
    closing.close();
  }
}
