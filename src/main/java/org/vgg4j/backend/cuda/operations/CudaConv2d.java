package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Convolution by cuDNN, with bias and ReLU.
 *
 * <p>Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q).
 */
public final class CudaConv2d extends CudaWeighted {
  private final WorkspaceRegions regions = new WorkspaceRegions();
  private final ConvProducts products;
  private final BiasGradient biasGradient; // null without a bias and where db is not wanted
  private final WorkspaceRegions.Region partial;
  private final boolean trains;

  public CudaConv2d(
      Closing owned, CudaDevice device, Conv2dSpec spec, CudaLayout x, Layout givenW, Usage usage) {
    super(
        owned,
        device,
        "convolution",
        spec,
        x,
        CudaLayout.channelsLast(spec.w(), x.dtype(), x.stored()),
        givenW,
        CudaLayout.channelsLast(spec.y(x.shape()), x.dtype()),
        usage);
    products =
        new ConvProducts(
            owned, device, spec, x, w, y, usage, ConvProducts.Then.BIAS_AND_RELU, regions);
    trains = usage.training();
    biasGradient =
        spec.bias() && usage.weightGradients() ? new BiasGradient(owned, device, y, false) : null;
    partial = regions.region(biasGradient == null ? 0 : biasGradient.partialBytes());
    regions.take(owned, device.memory().workspace());
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    products.forwardWork(work, y);
    if (trains) {
      products.separateWork(work.backward(), w);
      if (biasGradient != null) {
        biasGradient.work(work, List.of(y), null);
      }
    }
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor weights, Tensor shift, Tensor target) {
    Pointer out = operand(target, y, "y");
    Pointer added = operand(shift, b, "b");
    Pointer filters = operand(weights, w, "w");
    products.forward(operandTensor(source, x, "x"), filters, added, out, null, null);
  }

  @Override
  public void backwardData(Tensor weights, Tensor dy, Tensor dx) {
    requireInputGradient();
    products.backwardData(
        operand(weights, w, "w"), operand(dy, y, "dy"), operand(dx, x.asValues(), "dx"));
  }

  @Override
  public void backwardWeights(Tensor source, Tensor dy, Tensor gradient, Tensor db) {
    requireTraining();
    Pointer slope = operand(dy, y, "dy");
    Pointer sums = db == null ? null : operand(db, b, "db");
    products.backwardFilter(operandTensor(source, x, "x"), slope, operand(gradient, dw, "dw"));
    if (sums != null) {
      biasGradient.run(slope, null, null, partial.pointer(), sums);
    }
  }

  @Override
  public long workspaceBytes() {
    return regions.bytes();
  }
}
