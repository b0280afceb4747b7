package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** What the blocks with and without batch norm share: the convolution and its memory. */
public abstract class CudaConvBlock extends CudaPlan implements ConvBlockPlan {
  final CudaLayout x; // (N, C, H, W), perhaps deferred
  final CudaLayout w; // (K, C, R, S)
  final CudaLayout dw; // as w, floats
  final CudaLayout channel; // (K)
  final CudaLayout z; // (N, K, P, Q), the convolution's output
  final WorkspaceRegions regions = new WorkspaceRegions();
  final ConvProducts products;
  final boolean training;
  private final Slot dx; // (N, C, H, W), null when not wanted
  private final Slot dz; // (N, K, P, Q), null when planned for inference
  private Tensor source; // of the last training forward

  /** Returns whether this engine has such a block: one without a pooling, or with a 2x2 one. */
  public static boolean fits(ConvBlockSpec spec) {
    return spec.pool() == null || PairPool.fits(spec.pool());
  }

  /** Plans a block with batch norm or without. */
  public static ConvBlockPlan plan(
      CudaDevice device,
      ConvBlockSpec spec,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      MemoryPlanner memory) {
    return FirstShape.fits(spec, x, usage) && device.fusions().isFirst(spec, x, usage)
        ? Closing.building(
            owned -> new CudaFirstBlock(owned, device, spec, x, givenW, usage, memory))
        : apart(device, spec, x, givenW, usage, memory);
  }

  /** Plans a block with a convolution by cuDNN. */
  static ConvBlockPlan apart(
      CudaDevice device,
      ConvBlockSpec spec,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      MemoryPlanner memory) {
    return Closing.building(
        owned ->
            spec.batchNorm() == null
                ? new CudaPlainBlock(owned, device, spec, x, givenW, usage, memory)
                : new CudaNormBlock(owned, device, spec, x, givenW, usage, memory));
  }

  CudaConvBlock(
      Closing owned,
      CudaDevice device,
      Conv2dSpec conv,
      CudaLayout x,
      Layout givenW,
      Usage usage,
      ConvProducts.Then then,
      MemoryPlanner memory) {
    super(owned, device, "convolution block", usage);
    this.x = x;
    training = usage.training();
    w = CudaLayout.channelsLast(conv.w(), x.dtype(), x.stored());
    w.requireSame(givenW, "convolution block w");
    dw = w.as(DType.F32);
    channel = CudaLayout.floats(Shape.of(conv.outChannels()));
    z = CudaLayout.channelsLast(conv.y(x.shape()), x.dtype());
    products = new ConvProducts(owned, device, conv, x, w, z, usage, then, regions);
    dx = usage.inputGradient() ? memory.gradient(x.asValues()) : null;
    dz = training ? memory.gradient(z) : null;
  }

  /** Returns the tensor of a slot, or null without one. */
  static Pointer pointer(Slot slot) {
    return slot == null ? null : ((CudaTensor) slot.tensor()).pointer();
  }

  abstract Slot output();

  /** Computes the output, in training or not. */
  abstract void forward(CudaTensor x, Parameters p, boolean training);

  /** Computes the output of the last training forward again, moving no running statistics. */
  void forwardAgain(CudaTensor x, Parameters p) {
    forward(x, p, true);
  }

  /** Computes dz and the gradients of all parameters but w. */
  abstract void backward(Pointer dy, Pointer dz, Parameters p, Gradients g);

  @Override
  public final Layout w() {
    return w;
  }

  @Override
  public final Layout dw() {
    return dw;
  }

  @Override
  public final Layout y() {
    return output().layout();
  }

  @Override
  public final Tensor forward(Tensor input, Parameters p, boolean trains) {
    if (trains) {
      requireTraining();
    }
    source = trains ? input : null;
    forward(operandTensor(input, x, "x"), p, trains);
    return output().tensor();
  }

  @Override
  public final Tensor forwardAgain(Tensor input, Parameters p) {
    requireTraining();
    source = input;
    forwardAgain(operandTensor(input, x, "x"), p);
    return output().tensor();
  }

  @Override
  public final Tensor backward(Tensor dy, Parameters p, Gradients g) {
    if (source == null) {
      throw new IllegalStateException("backward of a block needs a training forward before it");
    }
    CudaLayout values = CudaLayout.of(y()).asValues();
    Pointer slope = pointer(dz);
    backward(operand(dy, values, "dy"), slope, p, g);
    CudaTensor from = operandTensor(source, x, "x");
    if (g.dw() == null) {
      products.backwardData(operand(p.w(), w, "w"), slope, pointer(dx));
      return dx.tensor();
    }
    Pointer gradient = operand(g.dw(), dw, "dw");
    if (dx == null) {
      products.backwardFilter(from, slope, gradient);
      return null;
    }
    products.backward(from, operand(p.w(), w, "w"), slope, gradient, pointer(dx));
    return dx.tensor();
  }

  /** Returns the address of a vector of the output's channels; null where it is null. */
  final Pointer vector(Tensor tensor, String role) {
    return tensor == null ? null : operand(tensor, channel, role);
  }

  @Override
  public final long workspaceBytes() {
    return regions.bytes();
  }
}
