package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnPoolingStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/**
 * cuDNN, checked: handles, descriptors and pooling. Each method is named after the function it
 * calls, every result overwrites its output (alpha 1, beta 0), and {@code what} names the operation
 * and its shapes for a failure's message.
 */
@SuppressWarnings("deprecation") // cuDNN 9 deprecates its whole imperative interface
public final class CudnnCalls extends ContextCalls {
  CudnnCalls(CudaContext context) {
    super(context);
  }

  cudnnContext cudnnCreate() {
    cudnnContext handle = new cudnnContext();
    status.cudnn("cudnnCreate", cudnn.cudnnCreate(handle), "");
    return handle;
  }

  void cudnnDestroy(cudnnContext handle) {
    status.releaseCudnn("cudnnDestroy", cudnn.cudnnDestroy(handle));
  }

  void cudnnSetStream(cudnnContext handle, CUstream_st stream) {
    status.cudnn("cudnnSetStream", cudnn.cudnnSetStream(handle, stream), "");
  }

  public static long cudnnGetVersion() {
    return cudnn.cudnnGetVersion();
  }

  /** Returns the version of CUDA that cuDNN was built for. */
  public static long cudnnGetCudartVersion() {
    return cudnn.cudnnGetCudartVersion();
  }

  /** Throws unless all parts of cuDNN have the same version. */
  public static void requireOneVersion(CudaStatus status) {
    status.cudnn("cudnnGraphVersionCheck", cudnn.cudnnGraphVersionCheck(), "");
    status.cudnn("cudnnOpsVersionCheck", cudnn.cudnnOpsVersionCheck(), "");
    status.cudnn("cudnnCnnVersionCheck", cudnn.cudnnCnnVersionCheck(), "");
    status.cudnn("cudnnAdvVersionCheck", cudnn.cudnnAdvVersionCheck(), "");
  }

  /** {@code owner} destroys it. */
  public cudnnTensorStruct cudnnCreateTensorDescriptor(Closing owner) {
    cudnnTensorStruct descriptor = new cudnnTensorStruct();
    status.cudnn("cudnnCreateTensorDescriptor", cudnn.cudnnCreateTensorDescriptor(descriptor), "");
    owner.own(
        () ->
            status.releaseCudnn(
                "cudnnDestroyTensorDescriptor", cudnn.cudnnDestroyTensorDescriptor(descriptor)));
    return descriptor;
  }

  void cudnnSetTensor4dDescriptor(cudnnTensorStruct descriptor, int n, int c, int h, int w) {
    status.cudnn(
        "cudnnSetTensor4dDescriptor",
        cudnn.cudnnSetTensor4dDescriptor(
            descriptor, cudnn.CUDNN_TENSOR_NCHW, cudnn.CUDNN_DATA_FLOAT, n, c, h, w),
        n + "x" + c + "x" + h + "x" + w);
  }

  /** {@code owner} destroys it. */
  public cudnnFilterStruct cudnnCreateFilterDescriptor(Closing owner) {
    cudnnFilterStruct descriptor = new cudnnFilterStruct();
    status.cudnn("cudnnCreateFilterDescriptor", cudnn.cudnnCreateFilterDescriptor(descriptor), "");
    owner.own(
        () ->
            status.releaseCudnn(
                "cudnnDestroyFilterDescriptor", cudnn.cudnnDestroyFilterDescriptor(descriptor)));
    return descriptor;
  }

  void cudnnSetFilter4dDescriptor(cudnnFilterStruct descriptor, int k, int c, int r, int s) {
    status.cudnn(
        "cudnnSetFilter4dDescriptor",
        cudnn.cudnnSetFilter4dDescriptor(
            descriptor, cudnn.CUDNN_DATA_FLOAT, cudnn.CUDNN_TENSOR_NCHW, k, c, r, s),
        k + "x" + c + "x" + r + "x" + s);
  }

  /** {@code owner} destroys it. */
  public cudnnPoolingStruct cudnnCreatePoolingDescriptor(Closing owner) {
    cudnnPoolingStruct descriptor = new cudnnPoolingStruct();
    status.cudnn(
        "cudnnCreatePoolingDescriptor", cudnn.cudnnCreatePoolingDescriptor(descriptor), "");
    owner.own(
        () ->
            status.releaseCudnn(
                "cudnnDestroyPoolingDescriptor", cudnn.cudnnDestroyPoolingDescriptor(descriptor)));
    return descriptor;
  }

  /** Deterministic max pooling over square windows without padding; NaN propagates. */
  public void cudnnSetPooling2dDescriptor(cudnnPoolingStruct descriptor, int kernel, int stride) {
    status.cudnn(
        "cudnnSetPooling2dDescriptor",
        cudnn.cudnnSetPooling2dDescriptor(
            descriptor,
            cudnn.CUDNN_POOLING_MAX_DETERMINISTIC,
            cudnn.CUDNN_PROPAGATE_NAN,
            kernel,
            kernel,
            0,
            0,
            stride,
            stride),
        "window " + kernel + ", stride " + stride);
  }

  public void cudnnPoolingForward(
      String what,
      cudnnPoolingStruct pooling,
      cudnnTensorStruct xDesc,
      Pointer x,
      cudnnTensorStruct yDesc,
      Pointer y) {
    status.cudnn(
        "cudnnPoolingForward",
        cudnn.cudnnPoolingForward(
            context.cudnnHandle(), pooling, scalars.one(), xDesc, x, scalars.zero(), yDesc, y),
        what);
  }

  public void cudnnPoolingBackward(
      String what,
      cudnnPoolingStruct pooling,
      cudnnTensorStruct yDesc,
      Pointer y,
      Pointer dy,
      cudnnTensorStruct xDesc,
      Pointer x,
      Pointer dx) {
    status.cudnn(
        "cudnnPoolingBackward",
        cudnn.cudnnPoolingBackward(
            context.cudnnHandle(),
            pooling,
            scalars.one(),
            yDesc,
            y,
            yDesc,
            dy,
            xDesc,
            x,
            scalars.zero(),
            xDesc,
            dx),
        what);
  }
}
