package org.vgg4j.backend.cuda;

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
final class ConvDescriptors implements AutoCloseable {
  private final Closing closing = new Closing();
  private final CudaDevice device;
  private final TensorDescriptor x;
  private final TensorDescriptor y;
  private final TensorDescriptor b;
  private final cudnnFilterStruct w;
  private final Map<ConvDirection, cudnnConvolutionStruct> operations =
      new EnumMap<>(ConvDirection.class);
  private final CudaLayout xLayout;
  private final CudaLayout wLayout;
  private final CudaLayout yLayout;
  private final String what;

  ConvDescriptors(CudaDevice device, Conv2dSpec spec, Shape xShape) {
    this.device = device;
    Shape wShape = spec.w();
    xLayout = CudaLayout.floats(xShape);
    wLayout = CudaLayout.floats(wShape);
    yLayout = CudaLayout.floats(spec.y(xShape));
    what = "x " + xShape + ", w " + wShape + ", padding " + spec.padding();
    try {
      x = closing.own(TensorDescriptor.image(device, xShape));
      y = closing.own(TensorDescriptor.image(device, yLayout.shape()));
      b = closing.own(TensorDescriptor.channels(device, spec.outChannels()));
      CudnnCalls cudnn = device.cudnn();
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
    CudnnConvolutionCalls calls = device.convolution();
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

  cudnnConvolutionStruct operation(ConvDirection direction) {
    return operations.get(direction);
  }

  CudaLayout xLayout() {
    return xLayout;
  }

  CudaLayout wLayout() {
    return wLayout;
  }

  CudaLayout yLayout() {
    return yLayout;
  }

  /** Returns the shapes, for messages and as the name of this problem. */
  String what() {
    return what;
  }

  @Override
  public void close() {
    closing.close();
  }
}
