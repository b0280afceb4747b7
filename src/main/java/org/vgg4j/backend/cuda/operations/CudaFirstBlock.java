package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * A net's first block, whose input needs no gradient. Of images with few channels the convolution
 * is so cheap that its output and the gradient of that are never stored, only y is.
 */
final class CudaFirstBlock extends CudaPlan implements ConvBlockPlan {
  private final CudaLayout x; // (N, C, H, W)
  private final CudaLayout w; // (K, C, 3, 3)
  private final CudaLayout dw; // as w, floats
  private final CudaLayout channel; // (K)
  private final FirstShape shape;
  private final BatchNorm2dSpec norm; // null without batch norm
  private final boolean hasBias;
  private final boolean measures;
  private final Slot y;
  private final Slot
      mask; // the max-pool's winners or the bits of y; null without, and in inference
  private final Slot statistics; // null without batch norm and in inference
  private final Slot moments; // the sums over patches; null unless statistics are measured
  private final SavedStatistics saved; // as statistics
  private final InferenceStatistics inference; // null without batch norm and in training
  private final FirstForward forward;
  private final FirstBackward backward; // null in inference
  private final NormOperands operands = new NormOperands();
  private final WorkspaceRegions regions = new WorkspaceRegions();
  private final WorkspaceRegions.Region unmovedMean; // stands in for the running mean
  private final WorkspaceRegions.Region unmovedVar;
  private Tensor source; // of the last training forward

  CudaFirstBlock(
      Closing owned,
      CudaDevice device,
      ConvBlockSpec spec,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      MemoryPlanner memory) {
    super(owned, device, "convolution block", usage);
    this.x = x;
    x.requireImages("convolution");
    norm = spec.batchNorm();
    hasBias = spec.conv().bias();
    boolean training = usage.training();
    w = CudaLayout.channelsLast(spec.conv().w(), x.dtype(), x.stored());
    w.requireSame(givenW, "convolution block w");
    dw = w.as(DType.F32);
    channel = CudaLayout.floats(Shape.of(spec.conv().outChannels()));
    CudaLayout z = CudaLayout.channelsLast(spec.conv().y(x.shape()), x.dtype());
    shape = new FirstShape(x, z);
    if (norm != null && training) {
      norm.requireTrainable(z.shape());
    }
    boolean pools = spec.pool() != null;
    if (pools) {
      spec.pool().y(z.shape()); // throws unless it fits
    }
    measures = norm != null && training && !norm.frozen();
    CudaLayout masks = pools ? PairPool.winners(z) : shape.isTiled() ? shape.bits() : null;
    y = memory.activation(pools ? masks.as(z.dtype()) : z);
    mask = masks != null && training ? memory.saved(masks) : null;
    saved = norm != null && training ? new SavedStatistics(norm.channels()) : null;
    statistics = saved == null ? null : memory.saved(saved.layout());
    moments = measures ? memory.saved(shape.momentLayout()) : null;
    inference = norm == null || training ? null : new InferenceStatistics(regions, norm.channels());
    forward = new FirstForward(owned, device, shape, norm, pools, training, regions);
    backward =
        training ? new FirstBackward(owned, device, shape, norm != null, pools, regions) : null;
    long vector = channel.bytes();
    unmovedMean = regions.region(measures ? vector : 0);
    unmovedVar = regions.region(measures ? vector : 0);
    regions.take(owned, device.memory().workspace());
  }

  @Override
  public List<Work> work() {
    PlanWork work = new PlanWork();
    CudaLayout out = CudaLayout.of(y());
    CudaLayout masks = mask == null ? null : CudaLayout.of(mask.layout());
    forward.work(work, w, out, masks);
    if (backward != null) {
      backward.work(work.backward(), out, masks == null ? out : masks, w, measures);
    }
    return work.list();
  }

  @Override
  public Layout w() {
    return w;
  }

  @Override
  public Layout dw() {
    return dw;
  }

  @Override
  public Layout y() {
    return y.layout();
  }

  @Override
  public Tensor forward(Tensor input, Parameters p, boolean trains) {
    if (trains) {
      requireTraining();
    }
    source = trains ? input : null;
    parameters(p);
    return run(input, p, trains);
  }

  /** The statistics are measured again, and what moves the running ones ends nowhere. */
  @Override
  public Tensor forwardAgain(Tensor input, Parameters p) {
    requireTraining();
    source = input;
    parameters(p);
    if (measures) {
      operands.runningMean = unmovedMean.pointer();
      operands.runningVar = unmovedVar.pointer();
    }
    return run(input, p, true);
  }

  private Tensor run(Tensor input, Parameters p, boolean trains) {
    Pointer images = operand(input, x, "x");
    Pointer filters = operand(p.w(), w, "w");
    Pointer scale = null;
    Pointer shift = operands.bias;
    if (norm != null) {
      if (trains && measures) {
        forward.measure(images, filters, CudaConvBlock.pointer(moments), operands);
      } else {
        forward.freeze(operands);
      }
      scale = operands.scale;
      shift = operands.shift;
    }
    forward.apply(
        images, filters, scale, shift, CudaConvBlock.pointer(y), CudaConvBlock.pointer(mask));
    return y.tensor();
  }

  private void parameters(Parameters p) {
    operands.bias = operand(p.b(), hasBias ? channel : null, "b");
    if (norm == null) {
      return;
    }
    operands.gamma = operand(p.gamma(), channel, "gamma");
    operands.beta = operand(p.beta(), channel, "beta");
    operands.runningMean = operand(p.runningMean(), channel, "runningMean");
    operands.runningVar = operand(p.runningVar(), channel, "runningVar");
    bind();
  }

  private void bind() {
    if (inference != null) {
      inference.into(operands);
    } else if (saved != null) {
      saved.bind((CudaTensor) statistics.tensor());
      saved.into(operands);
    }
  }

  /** There is no gradient of the input. */
  @Override
  public Tensor backward(Tensor dy, Parameters p, Gradients g) {
    if (source == null) {
      throw new IllegalStateException("backward of a block needs a training forward before it");
    }
    bind();
    CudaLayout ofNorm = norm == null ? null : channel;
    backward.run(
        operand(source, x, "x"),
        operand(p.w(), w, "w"),
        operand(dy, CudaLayout.of(y()), "dy"),
        CudaConvBlock.pointer(mask == null ? y : mask),
        CudaConvBlock.pointer(moments),
        operands,
        operand(g.dw(), dw, "dw"),
        operand(g.db(), hasBias ? channel : null, "db"),
        operand(g.dgamma(), ofNorm, "dgamma"),
        operand(g.dbeta(), ofNorm, "dbeta"));
    return null;
  }

  @Override
  public long workspaceBytes() {
    return regions.bytes();
  }
}
