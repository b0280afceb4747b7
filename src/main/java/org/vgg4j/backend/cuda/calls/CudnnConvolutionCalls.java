package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** cuDNN's convolutions, checked as in {@link CudnnCalls}. */
@SuppressWarnings("deprecation") // cuDNN 9 calls its whole imperative interface so
public final class CudnnConvolutionCalls {
  private final CudaStatus status;
  private final Scalars scalars;

  CudnnConvolutionCalls(CudaStatus status, Scalars scalars) {
    this.status = status;
    this.scalars = scalars;
  }

  cudnnConvolutionStruct cudnnCreateConvolutionDescriptor() {
    cudnnConvolutionStruct descriptor = new cudnnConvolutionStruct();
    status.cudnn(
        "cudnnCreateConvolutionDescriptor", cudnn.cudnnCreateConvolutionDescriptor(descriptor), "");
    return descriptor;
  }

  /** Stride 1, the same padding at all sides, cross-correlation, sums in single precision. */
  void cudnnSetConvolution2dDescriptor(cudnnConvolutionStruct descriptor, int padding) {
    status.cudnn(
        "cudnnSetConvolution2dDescriptor",
        cudnn.cudnnSetConvolution2dDescriptor(
            descriptor,
            padding,
            padding,
            1,
            1,
            1,
            1,
            cudnn.CUDNN_CROSS_CORRELATION,
            cudnn.CUDNN_DATA_FLOAT),
        "padding " + padding);
  }

  public void cudnnSetConvolutionMathType(cudnnConvolutionStruct descriptor, int mathType) {
    status.cudnn(
        "cudnnSetConvolutionMathType",
        cudnn.cudnnSetConvolutionMathType(descriptor, mathType),
        "math type " + mathType);
  }

  void cudnnDestroyConvolutionDescriptor(cudnnConvolutionStruct descriptor) {
    status.releaseCudnn(
        "cudnnDestroyConvolutionDescriptor", cudnn.cudnnDestroyConvolutionDescriptor(descriptor));
  }

  public long cudnnGetConvolutionForwardWorkspaceSize(
      cudnnContext handle, ConvDescriptors d, int algo) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      status.cudnn(
          "cudnnGetConvolutionForwardWorkspaceSize",
          cudnn.cudnnGetConvolutionForwardWorkspaceSize(
              handle, d.x(), d.w(), d.operation(ConvDirection.FORWARD), d.y(), algo, bytes),
          d.what());
      return bytes.get();
    }
  }

  public long cudnnGetConvolutionBackwardDataWorkspaceSize(
      cudnnContext handle, ConvDescriptors d, int algo) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      status.cudnn(
          "cudnnGetConvolutionBackwardDataWorkspaceSize",
          cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
              handle, d.w(), d.y(), d.operation(ConvDirection.DATA), d.x(), algo, bytes),
          d.what());
      return bytes.get();
    }
  }

  public long cudnnGetConvolutionBackwardFilterWorkspaceSize(
      cudnnContext handle, ConvDescriptors d, int algo) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      status.cudnn(
          "cudnnGetConvolutionBackwardFilterWorkspaceSize",
          cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
              handle, d.x(), d.y(), d.operation(ConvDirection.FILTER), d.w(), algo, bytes),
          d.what());
      return bytes.get();
    }
  }

  public void cudnnConvolutionForward(
      cudnnContext handle,
      ConvDescriptors d,
      Pointer x,
      Pointer w,
      int algo,
      Pointer workspace,
      long workspaceBytes,
      Pointer y) {
    status.cudnn(
        "cudnnConvolutionForward",
        cudnn.cudnnConvolutionForward(
            handle,
            scalars.one(),
            d.x(),
            x,
            d.w(),
            w,
            d.operation(ConvDirection.FORWARD),
            algo,
            workspace,
            workspaceBytes,
            scalars.zero(),
            d.y(),
            y),
        d.what());
  }

  public void cudnnConvolutionBackwardData(
      cudnnContext handle,
      ConvDescriptors d,
      Pointer w,
      Pointer dy,
      int algo,
      Pointer workspace,
      long workspaceBytes,
      Pointer dx) {
    status.cudnn(
        "cudnnConvolutionBackwardData",
        cudnn.cudnnConvolutionBackwardData(
            handle,
            scalars.one(),
            d.w(),
            w,
            d.y(),
            dy,
            d.operation(ConvDirection.DATA),
            algo,
            workspace,
            workspaceBytes,
            scalars.zero(),
            d.x(),
            dx),
        d.what());
  }

  public void cudnnConvolutionBackwardFilter(
      cudnnContext handle,
      ConvDescriptors d,
      Pointer x,
      Pointer dy,
      int algo,
      Pointer workspace,
      long workspaceBytes,
      Pointer dw) {
    status.cudnn(
        "cudnnConvolutionBackwardFilter",
        cudnn.cudnnConvolutionBackwardFilter(
            handle,
            scalars.one(),
            d.x(),
            x,
            d.y(),
            dy,
            d.operation(ConvDirection.FILTER),
            algo,
            workspace,
            workspaceBytes,
            scalars.zero(),
            d.w(),
            dw),
        d.what());
  }

  public void cudnnConvolutionBackwardBias(
      cudnnContext handle, ConvDescriptors d, Pointer dy, Pointer db) {
    status.cudnn(
        "cudnnConvolutionBackwardBias",
        cudnn.cudnnConvolutionBackwardBias(
            handle, scalars.one(), d.y(), dy, scalars.zero(), d.b(), db),
        d.what());
  }
}
