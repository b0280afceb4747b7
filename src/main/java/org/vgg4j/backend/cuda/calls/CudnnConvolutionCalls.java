package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.vgg4j.tensor.Closing;

/** cuDNN's convolutions, checked as in {@link CudnnCalls}. */
@SuppressWarnings("deprecation") // cuDNN 9 deprecates its whole imperative interface
public final class CudnnConvolutionCalls extends ContextCalls {
  CudnnConvolutionCalls(CudaContext context) {
    super(context);
  }

  /** {@code owner} destroys it. */
  public cudnnConvolutionStruct cudnnCreateConvolutionDescriptor(Closing owner) {
    cudnnConvolutionStruct descriptor = new cudnnConvolutionStruct();
    status.cudnn(
        "cudnnCreateConvolutionDescriptor", cudnn.cudnnCreateConvolutionDescriptor(descriptor), "");
    owner.own(
        () ->
            status.releaseCudnn(
                "cudnnDestroyConvolutionDescriptor",
                cudnn.cudnnDestroyConvolutionDescriptor(descriptor)));
    return descriptor;
  }

  /** Stride 1, equal padding on all sides, cross-correlation, sums in single precision. */
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

  /** Sets an algorithm's math type in the operation descriptor of its direction. */
  public void cudnnSetConvolutionMathType(
      ConvDirection direction, ConvDescriptors d, int mathType) {
    status.cudnn(
        "cudnnSetConvolutionMathType",
        cudnn.cudnnSetConvolutionMathType(d.operation(direction), mathType),
        "math type " + mathType);
  }

  /** Returns the workspace of a direction's algorithm, from cudnnGetConvolution...WorkspaceSize. */
  public long workspaceBytes(ConvDirection direction, ConvDescriptors d, int algo) {
    cudnnContext handle = context.cudnnHandle();
    cudnnConvolutionStruct operation = d.operation(direction);
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      switch (direction) {
        case FORWARD ->
            status.cudnn(
                "cudnnGetConvolutionForwardWorkspaceSize",
                cudnn.cudnnGetConvolutionForwardWorkspaceSize(
                    handle, d.x(), d.w(), operation, d.y(), algo, bytes),
                d.what());
        case DATA ->
            status.cudnn(
                "cudnnGetConvolutionBackwardDataWorkspaceSize",
                cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(
                    handle, d.w(), d.y(), operation, d.x(), algo, bytes),
                d.what());
        case FILTER ->
            status.cudnn(
                "cudnnGetConvolutionBackwardFilterWorkspaceSize",
                cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(
                    handle, d.x(), d.y(), operation, d.w(), algo, bytes),
                d.what());
      }
      return bytes.get();
    }
  }

  /**
   * Runs a direction with its cudnnConvolution... function.
   *
   * @param first x, w or x, by direction
   * @param second w, dy or dy, by direction
   * @param result y, dx or dw, which is overwritten
   */
  public void run(
      ConvAlgorithm algorithm,
      ConvDescriptors d,
      Pointer first,
      Pointer second,
      Pointer workspace,
      Pointer result) {
    cudnnContext handle = context.cudnnHandle();
    cudnnConvolutionStruct operation = d.operation(algorithm.direction());
    int algo = algorithm.number();
    long bytes = algorithm.workspaceBytes();
    Pointer one = scalars.one();
    Pointer zero = scalars.zero();
    switch (algorithm.direction()) {
      case FORWARD ->
          status.cudnn(
              "cudnnConvolutionForward",
              cudnn.cudnnConvolutionForward(
                  handle, one, d.x(), first, d.w(), second, operation, algo, workspace, bytes, zero,
                  d.y(), result),
              d.what());
      case DATA ->
          status.cudnn(
              "cudnnConvolutionBackwardData",
              cudnn.cudnnConvolutionBackwardData(
                  handle, one, d.w(), first, d.y(), second, operation, algo, workspace, bytes, zero,
                  d.x(), result),
              d.what());
      case FILTER ->
          status.cudnn(
              "cudnnConvolutionBackwardFilter",
              cudnn.cudnnConvolutionBackwardFilter(
                  handle, one, d.x(), first, d.y(), second, operation, algo, workspace, bytes, zero,
                  d.w(), result),
              d.what());
    }
  }

  public void cudnnConvolutionBackwardBias(ConvDescriptors d, Pointer dy, Pointer db) {
    status.cudnn(
        "cudnnConvolutionBackwardBias",
        cudnn.cudnnConvolutionBackwardBias(
            context.cudnnHandle(), scalars.one(), d.y(), dy, scalars.zero(), d.b(), db),
        d.what());
  }
}
