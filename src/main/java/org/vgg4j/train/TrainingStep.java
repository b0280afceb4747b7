package org.vgg4j.train;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * Takes a loaded batch to updated parameters: input, forward, loss, backward, the sum of several
 * passes' gradients, update.
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
  private final Arena sum; // of the gradients of a step's passes; null for steps of one pass
  private final AccumulatePlan addToSum; // null with the sum
  private final AccumulatePlan addSum; // likewise
  private final List<Work> sumWork; // of adding gradients; empty with the sum
  private final Map<Execution, Map<End, Recorded>> recorded = new HashMap<>();
  private StepMarks marks = StepMarks.NONE;
  private boolean isDirect; // call by call: nothing is recorded and no recording is run

  /**
   * Allocates the memory of the optimizer and of the sum.
   *
   * @param accumulates whether steps have more than one pass
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   */
  public TrainingStep(Network network, Optimizer optimizer, boolean accumulates) {
    this.network = network;
    Backend backend = network.backend();
    try {
      this.optimizer = closing.own(optimizer.attach(network));
      network.loss();
      Arena gradients = network.slabs().gradients();
      sum = accumulates ? closing.own(backend.allocate(gradients.bytes())) : null;
      addToSum = accumulates ? closing.own(backend.accumulate(gradients, sum)) : null;
      addSum = accumulates ? closing.own(backend.accumulate(sum, gradients)) : null;
      sumWork = accumulates ? addSum.work() : List.of();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the optimizer's state. */
  public AttachedOptimizer optimizer() {
    return optimizer;
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
    End end = !isLast ? End.ADD : isFirst ? End.UPDATE : End.ADD_AND_UPDATE;
    Map<End, Recorded> known = recorded.computeIfAbsent(at, key -> new EnumMap<>(End.class));
    Recorded recording = known.get(end);
    if (isDirect) {
      pass(at, end);
    } else if (recording == null) {
      pass(at, end); // a first run may still load code and allocate
      known.put(end, closing.own(network.backend().record(() -> pass(at, end))));
    } else {
      recording.run();
    }
    network.countTrainingPass();
  }

  private void pass(Execution at, End end) {
    if (!at.imageWork().isEmpty()) {
      marks.begin(StepPart.INPUT, "images", at.imageWork());
    }
    Tensor logits = at.forward(true);
    marks.begin(StepPart.LOSS, "loss", at.lossWork());
    at.loss(logits, at.outputGradient());
    at.backward(at.outputGradient());
    if (end != End.UPDATE) {
      marks.begin(StepPart.UPDATE, "sum", sumWork);
      (end == End.ADD ? addToSum : addSum).run();
    }
    if (end == End.ADD_AND_UPDATE) {
      sum.zero();
    }
    if (end != End.ADD) {
      marks.begin(StepPart.UPDATE, "optimizer", optimizer.work());
      optimizer.step();
    }
    marks.end();
  }

  /** Discards the gradients kept for an unfinished step. */
  public void reset() {
    if (sum != null) {
      sum.zero();
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
