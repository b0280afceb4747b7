package org.vgg4j.backend.cuda.calls;

import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Shape;

/**
 * cuDNN's description of one convolution: its tensors, and the operation once for each direction,
 * since the kind of multiplication stands in it and belongs to the direction's algorithm.
 */
public final class ConvDescriptors implements AutoCloseable {
  private final Closing closing = new Closing();
  private final CudaContext context;
  private final TensorDescriptor x;
  private final TensorDescriptor y;
  private final TensorDescriptor b;
  private final cudnnFilterStruct w;
  private final Map<ConvDirection, cudnnConvolutionStruct> operations =
      new EnumMap<>(ConvDirection.class);
  private final long xBytes;
  private final long wBytes;
  private final long yBytes;
  private final String what;

  public ConvDescriptors(CudaContext context, Conv2dSpec spec, Shape xShape) {
    this.context = context;
    Shape wShape = spec.w();
    Shape yShape = spec.y(xShape);
    xBytes = xShape.elementCount() * Float.BYTES;
    wBytes = wShape.elementCount() * Float.BYTES;
    yBytes = yShape.elementCount() * Float.BYTES;
    what = "x " + xShape + ", w " + wShape + ", padding " + spec.padding();
    try {
      x = closing.own(TensorDescriptor.image(context, xShape));
      y = closing.own(TensorDescriptor.image(context, yShape));
      b = closing.own(TensorDescriptor.channels(context, spec.outChannels()));
      CudnnCalls cudnn = context.cudnn();
      w = cudnn.cudnnCreateFilterDescriptor();
      closing.own(() -> cudnn.cudnnDestroyFilterDescriptor(w));
      cudnn.cudnnSetFilter4dDescriptor(
          w, wShape.dim(0), wShape.dim(1), wShape.dim(2), wShape.dim(3));
      for (ConvDirection direction : ConvDirection.values()) {
        operations.put(direction, operation(spec.padding()));
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private cudnnConvolutionStruct operation(int padding) {
    CudnnConvolutionCalls calls = context.convolution();
    cudnnConvolutionStruct operation = calls.cudnnCreateConvolutionDescriptor();
    closing.own(() -> calls.cudnnDestroyConvolutionDescriptor(operation));
    calls.cudnnSetConvolution2dDescriptor(operation, padding);
    return operation;
  }

  cudnnTensorStruct x() {
    return x.get();
  }

  cudnnTensorStruct y() {
    return y.get();
  }

  cudnnTensorStruct b() {
    return b.get();
  }

  cudnnFilterStruct w() {
    return w;
  }

  public cudnnConvolutionStruct operation(ConvDirection direction) {
    return operations.get(direction);
  }

  public long xBytes() {
    return xBytes;
  }

  public long wBytes() {
    return wBytes;
  }

  public long yBytes() {
    return yBytes;
  }

  /** Returns the shapes, for messages and as the name of this problem. */
  public String what() {
    return what;
  }

  @Override
  public void close() {
    closing.close();
  }
}
