package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Fully connected layer. Shapes: x (N, ...) of I values per sample, w (O, I), y (N, O), all of one
 * type; b (O), dw (O, I) and db (O) of F32.
 */
public final class CudaLinear extends CudaWeighted {
  private final LinearProducts products;
  private final WorkspaceRegions regions = new WorkspaceRegions();
  private final WorkspaceRegions.Region workspace;
  private final WorkspaceRegions.Region weightsWorkspace; // its own where both may run at once

  public CudaLinear(
      Closing owned, CudaDevice device, LinearSpec spec, CudaLayout x, Layout givenW, Usage usage) {
    super(
        owned,
        device,
        "linear layer",
        spec,
        x,
        x.linearWeights(spec.w()),
        givenW,
        CudaLayout.rows(spec.y(x.shape()), x.dtype()),
        usage);
    products = new LinearProducts(owned, device, spec, x, y, usage);
    long weightsBytes = products.weightsWorkspaceBytes();
    if (usage.inputGradient() && device.steps().mayBranch()) {
      workspace = regions.region(products.workspaceBytes());
      weightsWorkspace = regions.region(weightsBytes);
    } else {
      workspace = regions.region(Math.max(products.workspaceBytes(), weightsBytes));
      weightsWorkspace = workspace;
    }
    regions.take(owned, device.memory().workspace());
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    products.work(work, x, w, dw, y, b);
    return work.list();
  }

  @Override
  public void forward(Tensor source, Tensor weights, Tensor shift, Tensor target) {
    Pointer from = operand(source, x, "x");
    Pointer by = operand(weights, w, "w");
    Pointer added = operand(shift, b, "b");
    products.forward(from, by, added, operand(target, y, "y"), workspace.pointer());
  }

  @Override
  public void backwardData(Tensor weights, Tensor dy, Tensor dx) {
    requireInputGradient();
    Pointer by = operand(weights, w, "w");
    products.backwardData(by, operand(dy, y, "dy"), operand(dx, x, "dx"), workspace.pointer());
  }

  @Override
  public void backwardWeights(Tensor source, Tensor dy, Tensor slopes, Tensor db) {
    requireTraining();
    Pointer from = operand(source, x, "x");
    Pointer slope = operand(dy, y, "dy");
    Pointer product = operand(slopes, dw, "dw");
    Pointer sums = operand(db, b, "db");
    products.backwardWeights(from, slope, product, sums, weightsWorkspace.pointer());
  }

  @Override
  public long workspaceBytes() {
    return regions.bytes();
  }
}
