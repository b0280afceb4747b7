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
 * cuDNN's description of one convolution: its tensors, and one operation descriptor per direction,
 * since each direction's algorithm sets its own math type there.
 */
public final class ConvDescriptors {
  private final cudnnTensorStruct x;
  private final cudnnTensorStruct y;
  private final cudnnTensorStruct b;
  private final cudnnFilterStruct w;
  private final Map<ConvDirection, cudnnConvolutionStruct> operations =
      new EnumMap<>(ConvDirection.class);
  private final Shape xShape;
  private final Shape wShape;
  private final Shape yShape;
  private final String what;

  /** Describes a convolution of floats; {@code owner} closes the descriptors. */
  public ConvDescriptors(CudaContext context, Closing owner, Conv2dSpec spec, Shape xShape) {
    this.xShape = xShape;
    wShape = spec.w();
    yShape = spec.y(xShape);
    what = "x " + xShape + ", w " + wShape + ", padding " + spec.padding();
    CudnnCalls cudnn = context.cudnn();
    x = TensorDescriptors.images(cudnn, owner, xShape);
    y = TensorDescriptors.images(cudnn, owner, yShape);
    b = TensorDescriptors.channels(cudnn, owner, spec.outChannels());
    w = cudnn.cudnnCreateFilterDescriptor(owner);
    cudnn.cudnnSetFilter4dDescriptor(w, wShape.dim(0), wShape.dim(1), wShape.dim(2), wShape.dim(3));
    CudnnConvolutionCalls calls = context.convolution();
    for (ConvDirection direction : ConvDirection.values()) {
      cudnnConvolutionStruct operation = calls.cudnnCreateConvolutionDescriptor(owner);
      calls.cudnnSetConvolution2dDescriptor(operation, spec.padding());
      operations.put(direction, operation);
    }
  }

  cudnnTensorStruct x() {
    return x;
  }

  cudnnTensorStruct y() {
    return y;
  }

  cudnnTensorStruct b() {
    return b;
  }

  cudnnFilterStruct w() {
    return w;
  }

  cudnnConvolutionStruct operation(ConvDirection direction) {
    return operations.get(direction);
  }

  /** Returns the shape of x and dx. */
  public Shape xShape() {
    return xShape;
  }

  /** Returns the shape of w and dw. */
  public Shape wShape() {
    return wShape;
  }

  /** Returns the shape of y and dy. */
  public Shape yShape() {
    return yShape;
  }

  /** Returns the shapes, for messages and as the key of this problem. */
  public String what() {
    return what;
  }
}
