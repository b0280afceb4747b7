package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * loss[n] = max + log(sum of exp(z[n] - max)) - z[n, label] over the logits z.
 *
 * <p>Shapes: logits, dlogits (N, classes), labels (N).
 *
 * <p>Source: PyTorch {@code torch.nn.CrossEntropyLoss}; a row with a NaN has the loss NaN.
 */
final class ReferenceCrossEntropy extends ReferencePlan implements CrossEntropyPlan {
  private static final String OPERATION = "cross entropy";

  private final ReferenceLayout logitsLayout;
  private final ReferenceLayout labelsLayout;
  private final int batch; // N
  private final int classes;
  private final StepState state;
  private final HostLossAccumulator sums;

  ReferenceCrossEntropy(Layout logits, StepState state, HostLossAccumulator sums) {
    super(OPERATION);
    this.state = state;
    this.sums = sums;
    logitsLayout = ReferenceLayout.computable(OPERATION, logits);
    Shape shape = logitsLayout.shape();
    if (shape.rank() != 2) {
      throw new IllegalArgumentException(
          OPERATION + " takes logits (N, classes), not a tensor of shape " + shape);
    }
    batch = shape.dim(0);
    classes = shape.dim(1);
    labelsLayout = new ReferenceLayout(Shape.of(batch), DType.I32);
  }

  @Override
  public void forward(Tensor logits, Tensor labels, Tensor dlogits) {
    int rows = state.rows();
    ReferenceTensor input = use("logits", logits, logitsLayout);
    ReferenceTensor targets = use("labels", labels, labelsLayout);
    ReferenceTensor slope = dlogits == null ? null : use("dlogits", dlogits, logitsLayout);
    if (rows < 0 || rows > batch) {
      throw new IllegalArgumentException(OPERATION + ": " + rows + " rows for a batch of " + batch);
    }
    for (int n = 0; n < rows; n++) {
      checkLabel(targets.integers()[targets.offset() + n], n);
    }
    for (int n = 0; n < rows; n++) {
      int label = (int) targets.integers()[targets.offset() + n];
      addRow(input.values(), input.offset() + n * classes, label, slope, n, state.lossScale());
    }
    sums.endBatch(state.step());
    if (slope != null) {
      Arrays.fill(
          slope.values(), slope.offset() + rows * classes, slope.offset() + batch * classes, 0);
    }
    written(slope);
  }

  private void checkLabel(long label, int n) {
    if (label < 0 || label >= classes) {
      throw new InvalidInputException(
          "label " + label + " of sample " + n + " is not in 0.." + (classes - 1));
    }
  }

  private void addRow(
      double[] z, int zAt, int label, ReferenceTensor slope, int n, double gradientScale) {
    int largest = 0;
    double max = z[zAt]; // NaN once one was seen
    for (int j = 1; j < classes; j++) {
      if (z[zAt + j] > z[zAt + largest]) {
        largest = j;
      }
      max = Math.max(max, z[zAt + j]);
    }
    double sum = 0;
    for (int j = 0; j < classes; j++) {
      sum += Math.exp(z[zAt + j] - max);
    }
    sums.add(Math.log(sum) - (z[zAt + label] - max), largest == label && !Double.isNaN(max));
    if (slope != null) {
      int slopeAt = slope.offset() + n * classes;
      for (int j = 0; j < classes; j++) {
        double softmax = Math.exp(z[zAt + j] - max) / sum;
        slope.values()[slopeAt + j] = (softmax - (j == label ? 1 : 0)) * gradientScale;
      }
    }
  }
}
