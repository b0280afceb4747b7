package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.SoftTargets;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * loss[n] = max + log(sum of exp(z[n] - max)) - sum of target[c] z[n, c] over the logits z; without
 * smoothing the target is 1 for the label and 0 for others.
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
  private final SoftTargets targets;

  ReferenceCrossEntropy(
      Layout logits, StepState state, HostLossAccumulator sums, double labelSmoothing) {
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
    targets = SoftTargets.of(labelSmoothing, classes);
    labelsLayout = new ReferenceLayout(Shape.of(batch), DType.I32);
  }

  @Override
  public void forward(Tensor logits, Tensor labels, Tensor dlogits) {
    int rows = state.rows();
    ReferenceTensor input = use("logits", logits, logitsLayout);
    ReferenceTensor given = use("labels", labels, labelsLayout);
    ReferenceTensor slope = dlogits == null ? null : use("dlogits", dlogits, logitsLayout);
    if (rows < 0 || rows > batch) {
      throw new IllegalArgumentException(OPERATION + ": " + rows + " rows for a batch of " + batch);
    }
    for (int n = 0; n < rows; n++) {
      checkLabel(given.integers()[given.offset() + n], n);
    }
    for (int n = 0; n < rows; n++) {
      int label = (int) given.integers()[given.offset() + n];
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
    double max = z[zAt]; // NaN once one was seen
    for (int j = 1; j < classes; j++) {
      max = Math.max(max, z[zAt + j]);
    }
    double sum = 0;
    double below = 0;
    int rank = Double.isFinite(max) ? 0 : classes + HostLossAccumulator.TOP;
    for (int j = 0; j < classes; j++) {
      sum += Math.exp(z[zAt + j] - max);
      below += z[zAt + j] - max;
      double lead = z[zAt + j] - z[zAt + label];
      rank += lead > 0 || (lead == 0 && j < label) ? 1 : 0;
    }
    sums.add(targets.loss(Math.log(sum), z[zAt + label] - max, below), rank);
    if (slope != null) {
      int slopeAt = slope.offset() + n * classes;
      for (int j = 0; j < classes; j++) {
        double softmax = Math.exp(z[zAt + j] - max) / sum;
        slope.values()[slopeAt + j] = (softmax - targets.of(j == label)) * gradientScale;
      }
    }
  }
}
