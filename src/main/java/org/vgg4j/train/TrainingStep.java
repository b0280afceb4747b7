package org.vgg4j.train;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.Tensor;

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
  private final Map<Execution, Map<End, Recorded>> recorded = new HashMap<>();

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
      sum =
          accumulates
              ? closing.own(backend.allocate(gradients.bytes(), MemoryOwner.GRADIENT_SUM))
              : null;
      addToSum = accumulates ? closing.own(backend.accumulate(gradients, sum)) : null;
      addSum = accumulates ? closing.own(backend.accumulate(sum, gradients)) : null;
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
   * Runs one pass over the batch loaded at an input shape.
   *
   * @param isFirst whether it is the first pass of its step
   * @param isLast whether it is the last, which makes the update
   */
  public void run(Execution at, boolean isFirst, boolean isLast) {
    End end = !isLast ? End.ADD : isFirst ? End.UPDATE : End.ADD_AND_UPDATE;
    Map<End, Recorded> known = recorded.computeIfAbsent(at, key -> new EnumMap<>(End.class));
    Recorded recording = known.get(end);
    if (recording == null) {
      pass(at, end); // a first run may still load code and allocate
      known.put(end, closing.own(network.backend().record(() -> pass(at, end))));
    } else {
      recording.run();
    }
    network.countTrainingPass();
  }

  private void pass(Execution at, End end) {
    Tensor logits = at.forward(true);
    at.loss(logits, at.outputGradient());
    at.backward(at.outputGradient());
    if (end == End.ADD) {
      addToSum.run();
      return;
    }
    if (end == End.ADD_AND_UPDATE) {
      addSum.run();
      sum.zero();
    }
    optimizer.step();
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
