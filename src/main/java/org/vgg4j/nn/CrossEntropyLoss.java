package org.vgg4j.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LossTotals;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.TotalsRead;

/**
 * Softmax cross entropy over the outputs of a net, at all its batch sizes, with totals over the
 * batches since the last reset. Source: PyTorch {@code torch.nn.CrossEntropyLoss}.
 */
public final class CrossEntropyLoss implements AutoCloseable {
  private record Sized(CrossEntropyPlan plan, Tensor labels) {}

  private final Closing closing = new Closing();
  private final Map<Integer, Sized> sizes = new LinkedHashMap<>();

  /** Plans the loss of a net; close it before the net's engine. */
  public CrossEntropyLoss(Network network) {
    Backend backend = network.backend();
    try {
      for (int batch : network.options().batchSizes()) {
        Layout layout = backend.plainLayout(Shape.of(batch), DType.I32);
        Arena arena = closing.own(backend.allocate(Arena.align(layout.bytes())));
        CrossEntropyPlan plan =
            closing.own(backend.crossEntropy(network.outputLayout(batch), network.stepState()));
        sizes.put(batch, new Sized(plan, arena.tensor(0, layout)));
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Returns the place for the labels (N), of type I32, of a batch. */
  public Tensor labels(int batch) {
    return sized(batch).labels;
  }

  /**
   * Adds a batch to the totals.
   *
   * @param logits the net's output (N, classes), whose labels stand in {@link #labels}
   * @param rows how many samples count, from the first
   */
  public void forward(Tensor logits, int rows) {
    forward(logits, null, rows, 0);
  }

  /**
   * Adds a batch to the totals and computes the gradient.
   *
   * @param dlogits overwritten with the gradient of {@code gradientScale} times the sum of the
   *     losses, such as {@link Network#outputGradient}; null for none
   * @param gradientScale 1 / rows for the gradient of the batch's mean
   * @throws org.vgg4j.tensor.InvalidInputException when a label is no class, on engines that look
   */
  public void forward(Tensor logits, Tensor dlogits, int rows, double gradientScale) {
    Sized sized = sized(logits.shape().dim(0));
    sized.plan.forward(logits, sized.labels, dlogits, rows, gradientScale);
  }

  /** Returns the sums over all batches since the last reset; waits for the engine. */
  public LossTotals totals() {
    LossTotals sum = LossTotals.NONE;
    for (Sized sized : sizes.values()) {
      sum = sum.plus(sized.plan.totals());
    }
    return sum;
  }

  /**
   * Begins to read the sums over all batches since the last reset, without waiting for the engine.
   * Beginning another read gives up the one before.
   */
  public TotalsRead beginTotals() {
    List<TotalsRead> reads =
        sizes.values().stream().map(sized -> sized.plan.beginTotals()).toList();
    return () -> {
      LossTotals sum = LossTotals.NONE;
      for (TotalsRead read : reads) {
        LossTotals part = read.poll();
        if (part == null) {
          return null;
        }
        sum = sum.plus(part);
      }
      return sum;
    };
  }

  /**
   * Returns the sums of each batch size, largest first, for {@link #restoreTotals}; waits for the
   * engine.
   */
  public List<LossTotals> parts() {
    return sizes.values().stream().map(sized -> sized.plan.totals()).toList();
  }

  /**
   * Continues from the sums of {@link #parts}: bit for bit as if they had been added here.
   *
   * @throws IllegalArgumentException unless there is one for each batch size
   */
  public void restoreTotals(List<LossTotals> parts) {
    if (parts.size() != sizes.size()) {
      throw new IllegalArgumentException(
          "totals of " + parts.size() + " batch sizes for " + sizes.size());
    }
    int next = 0;
    for (Sized sized : sizes.values()) {
      sized.plan.restoreTotals(parts.get(next++));
    }
  }

  /** Sets the sums to zero. */
  public void resetTotals() {
    sizes.values().forEach(sized -> sized.plan.resetTotals());
  }

  private Sized sized(int batch) {
    Sized sized = sizes.get(batch);
    if (sized == null) {
      throw new IllegalArgumentException(
          "this loss was built for batches of " + sizes.keySet() + ", not of " + batch);
    }
    return sized;
  }

  /** Releases plans and labels. */
  @Override
  public void close() {
    closing.close();
  }
}
