package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/** Batch normalization and its ReLU by custom kernels. */
public final class CudaBatchNorm2d extends CudaPlan implements BatchNorm2dPlan {
  private final BatchNorm2dSpec spec;
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout channel; // (C)
  private final ChannelNorm norm;
  private final ChannelNormBackward backward; // null when planned for inference
  private final SavedStatistics saved; // null when planned for inference
  private final NormOperands operands = new NormOperands();
  private final WorkspaceRegions regions = new WorkspaceRegions();
  private final WorkspaceRegions.Region partial;
  private final WorkspaceRegions.Region unmovedMean; // stands in for the running mean
  private final WorkspaceRegions.Region unmovedVar;
  private final InferenceStatistics inference;

  public CudaBatchNorm2d(
      Closing owned, CudaDevice device, BatchNorm2dSpec spec, CudaLayout x, Usage usage) {
    super(owned, device, "batch norm", usage);
    this.spec = spec;
    this.x = x.requirePlain("batch norm");
    spec.y(x.shape());
    channel = CudaLayout.floats(spec.parameter());
    if (usage.training()) {
      spec.requireTrainable(x.shape());
    }
    norm = new ChannelNorm(owned, device, spec, x, usage.training());
    saved = usage.training() ? new SavedStatistics(spec.channels()) : null;
    partial = regions.region(usage.training() && !spec.frozen() ? norm.partialBytes() : 0);
    boolean moves = usage.training() && !spec.frozen();
    unmovedMean = regions.region(moves ? (long) spec.channels() * Float.BYTES : 0);
    unmovedVar = regions.region(moves ? (long) spec.channels() * Float.BYTES : 0);
    inference = new InferenceStatistics(regions, spec.channels());
    backward =
        usage.training()
            ? new ChannelNormBackward(owned, device, spec, x, norm.ranks(), false, regions)
            : null;
    regions.take(owned, device.memory().workspace());
  }

  @Override
  public Layout y() {
    return x;
  }

  @Override
  public Layout saved() {
    return saved == null ? null : saved.layout();
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    norm.work(work, x, backward != null && !spec.frozen(), false);
    work.apply("norm apply", x);
    if (backward != null) {
      backward.work(work.backward(), x, false, false);
    }
    return work.list();
  }

  @Override
  public void forwardTraining(
      Tensor source,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor target,
      Tensor savedTensor) {
    bindSaved(savedTensor);
    parameters(gamma, beta, runningMean, runningVar);
    train(source, target, false);
  }

  @Override
  public void forwardAgain(
      Tensor source,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor target,
      Tensor savedTensor) {
    bindSaved(savedTensor);
    parameters(gamma, beta, runningMean, runningVar);
    if (!spec.frozen()) {
      operands.runningMean = unmovedMean.pointer();
      operands.runningVar = unmovedVar.pointer();
    }
    train(source, target, true);
  }

  @Override
  public void normalizeAgain(
      Tensor source, Tensor gamma, Tensor beta, Tensor target, Tensor savedTensor) {
    bindSaved(savedTensor);
    // What was saved has both in it, but they are checked: a wrong one is a bug.
    operand(gamma, channel, "gamma");
    operand(beta, channel, "beta");
    norm.apply(operand(source, x, "x"), operand(target, x, "y"), operands);
  }

  private void train(Tensor source, Tensor target, boolean isAgain) {
    Pointer in = operand(source, x, "x");
    Pointer out = operand(target, x, "y");
    if (spec.frozen()) {
      norm.freeze(operands);
    } else if (isAgain && norm.ranks() != null) {
      norm.ranks().finish(operands); // the other ranks are elsewhere
    } else {
      norm.measure(in, operands, partial.pointer());
    }
    norm.apply(in, out, operands);
  }

  @Override
  public void forwardInference(
      Tensor source,
      Tensor gamma,
      Tensor beta,
      Tensor runningMean,
      Tensor runningVar,
      Tensor target) {
    inference.into(operands);
    parameters(gamma, beta, runningMean, runningVar);
    Pointer in = operand(source, x, "x");
    Pointer out = operand(target, x, "y");
    norm.freeze(operands);
    norm.apply(in, out, operands);
  }

  private void parameters(Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVar) {
    operands.gamma = operand(gamma, channel, "gamma");
    operands.beta = operand(beta, channel, "beta");
    operands.runningMean = operand(runningMean, channel, "runningMean");
    operands.runningVar = operand(runningVar, channel, "runningVar");
  }

  @Override
  public void backward(
      Tensor source,
      Tensor dy,
      Tensor gamma,
      Tensor beta,
      Tensor savedTensor,
      Tensor dx,
      Tensor dgamma,
      Tensor dbeta) {
    bindSaved(savedTensor);
    // Neither is read, but both are checked: a wrong one is a bug.
    operand(gamma, channel, "gamma");
    operand(beta, channel, "beta");
    backward.run(
        operand(dy, x, "dy"),
        null,
        operand(source, x, "x"),
        null,
        operands,
        operand(dx, x, "dx"),
        operand(dgamma, channel, "dgamma"),
        operand(dbeta, channel, "dbeta"),
        null);
  }

  private void bindSaved(Tensor tensor) {
    requireTraining();
    saved.bind(operandTensor(tensor, saved.layout(), "saved statistics"));
    saved.into(operands);
  }

  @Override
  public long workspaceBytes() {
    return regions.bytes();
  }
}
