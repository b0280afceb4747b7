package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.SoftTargets;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * Softmax cross entropy in Java, which is fast enough for a few thousand numbers per step.
 * Exponentials and sums are in double.
 */
final class OneDnnCrossEntropy implements CrossEntropyPlan {
  private final Dnnl dnnl;
  private final Cost cost;
  private final OneDnnLayout layout; // (N, classes)
  private final OneDnnLayout labelsLayout; // (N)
  private final StepState state;
  private final int batch;
  private final int classes;
  private final float[] logits; // (N, classes)
  private final float[] gradient; // (N, classes)
  private final int[] labels; // (N)
  private final double[] exponentials; // (classes)
  private final HostLossAccumulator sums;
  private final SoftTargets targets;

  OneDnnCrossEntropy(
      Dnnl dnnl,
      OneDnnLayout layout,
      StepState state,
      HostLossAccumulator sums,
      double labelSmoothing) {
    this.dnnl = dnnl;
    this.layout = layout;
    this.sums = sums;
    this.state = state;
    if (layout.shape().rank() != 2) {
      throw new InvalidInputException(
          "cross entropy takes logits (N, classes), not a tensor of shape " + layout.shape());
    }
    batch = layout.shape().dim(0);
    classes = layout.shape().dim(1);
    targets = SoftTargets.of(labelSmoothing, classes);
    labelsLayout = OneDnnLayout.plain(Shape.of(batch), DType.I32);
    logits = new float[layout.shape().arrayLength()];
    gradient = new float[logits.length];
    labels = new int[batch];
    exponentials = new double[classes];
    cost = Cost.loop("cross entropy", 2 * layout.bytes() + labelsLayout.bytes());
  }

  @Override
  public void forward(Tensor logitsTensor, Tensor labelsTensor, Tensor dlogits) {
    int rows = state.rows();
    if (rows < 0 || rows > batch) {
      throw new IllegalArgumentException(rows + " rows for a batch of " + batch);
    }
    long begun = dnnl.begin();
    OneDnnTensor target =
        dlogits == null ? null : OneDnnTensor.of(dlogits, layout, "cross entropy dlogits");
    OneDnnTensor.of(logitsTensor, layout, "cross entropy logits").read(logits);
    OneDnnTensor.of(labelsTensor, labelsLayout, "cross entropy labels").download(labels);
    for (int row = 0; row < rows; row++) {
      sample(row, state.lossScale());
    }
    sums.endBatch(state.step());
    if (target != null) {
      java.util.Arrays.fill(gradient, rows * classes, gradient.length, 0);
      target.write(gradient);
    }
    dnnl.end(cost, begun);
  }

  private void sample(int row, double gradientScale) {
    int label = labels[row];
    if (label < 0 || label >= classes) {
      throw new InvalidInputException("label " + label + " is not in 0.." + (classes - 1));
    }
    int at = row * classes;
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = logits[at + c] > logits[at + best] ? c : best;
    }
    double max = logits[at + best];
    double sum = 0;
    double below = 0;
    int rank = 0;
    for (int c = 0; c < classes; c++) {
      exponentials[c] = Math.exp(logits[at + c] - max);
      sum += exponentials[c];
      below += logits[at + c] - max;
      float lead = logits[at + c] - logits[at + label];
      rank += lead > 0 || (lead == 0 && c < label) ? 1 : 0;
    }
    double loss = targets.loss(Math.log(sum), logits[at + label] - max, below);
    sums.add(loss, Double.isFinite(loss) ? rank : classes + HostLossAccumulator.TOP);
    for (int c = 0; c < classes; c++) {
      double softmax = exponentials[c] / sum;
      gradient[at + c] = (float) ((softmax - targets.of(c == label)) * gradientScale);
    }
  }

  @Override
  public void close() {
    // There is no native memory to free.
  }
}
