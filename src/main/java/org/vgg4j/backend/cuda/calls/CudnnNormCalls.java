package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnLRNStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/** cuDNN's batch and local response normalization, checked as in {@link CudnnCalls}. */
@SuppressWarnings("deprecation") // cuDNN 9 deprecates its whole imperative interface
public final class CudnnNormCalls {
  private static final int MODE = cudnn.CUDNN_BATCHNORM_SPATIAL;
  private static final int LRN_MODE = cudnn.CUDNN_LRN_CROSS_CHANNEL_DIM1;

  private final CudaStatus status;
  private final Scalars scalars;

  CudnnNormCalls(CudaStatus status, Scalars scalars) {
    this.status = status;
    this.scalars = scalars;
  }

  /** {@code owner} destroys it. */
  public cudnnLRNStruct cudnnCreateLRNDescriptor(Closing owner) {
    cudnnLRNStruct descriptor = new cudnnLRNStruct();
    status.cudnn("cudnnCreateLRNDescriptor", cudnn.cudnnCreateLRNDescriptor(descriptor), "");
    owner.own(
        () ->
            status.releaseCudnn(
                "cudnnDestroyLRNDescriptor", cudnn.cudnnDestroyLRNDescriptor(descriptor)));
    return descriptor;
  }

  public void cudnnSetLRNDescriptor(
      cudnnLRNStruct descriptor, int size, double alpha, double beta, double k) {
    status.cudnn(
        "cudnnSetLRNDescriptor",
        cudnn.cudnnSetLRNDescriptor(descriptor, size, alpha, beta, k),
        "size " + size + ", alpha " + alpha + ", beta " + beta + ", k " + k);
  }

  public void cudnnLRNCrossChannelForward(
      String what,
      cudnnContext handle,
      cudnnLRNStruct lrn,
      cudnnTensorStruct desc,
      Pointer x,
      Pointer y) {
    status.cudnn(
        "cudnnLRNCrossChannelForward",
        cudnn.cudnnLRNCrossChannelForward(
            handle, lrn, LRN_MODE, scalars.one(), desc, x, scalars.zero(), desc, y),
        what);
  }

  public void cudnnLRNCrossChannelBackward(
      String what,
      cudnnContext handle,
      cudnnLRNStruct lrn,
      cudnnTensorStruct desc,
      Pointer y,
      Pointer dy,
      Pointer x,
      Pointer dx) {
    status.cudnn(
        "cudnnLRNCrossChannelBackward",
        cudnn.cudnnLRNCrossChannelBackward(
            handle,
            lrn,
            LRN_MODE,
            scalars.one(),
            desc,
            y,
            desc,
            dy,
            desc,
            x,
            scalars.zero(),
            desc,
            dx),
        what);
  }

  public void cudnnBatchNormalizationForwardTraining(
      String what,
      cudnnContext handle,
      cudnnTensorStruct desc,
      Pointer x,
      Pointer y,
      cudnnTensorStruct channelDesc,
      Pointer gamma,
      Pointer beta,
      double exponentialAverageFactor,
      Pointer runningMean,
      Pointer runningVar,
      double epsilon,
      Pointer savedMean,
      Pointer savedInvVariance) {
    status.cudnn(
        "cudnnBatchNormalizationForwardTraining",
        cudnn.cudnnBatchNormalizationForwardTraining(
            handle,
            MODE,
            scalars.one(),
            scalars.zero(),
            desc,
            x,
            desc,
            y,
            channelDesc,
            gamma,
            beta,
            exponentialAverageFactor,
            runningMean,
            runningVar,
            epsilon,
            savedMean,
            savedInvVariance),
        what);
  }

  public void cudnnBatchNormalizationForwardInference(
      String what,
      cudnnContext handle,
      cudnnTensorStruct desc,
      Pointer x,
      Pointer y,
      cudnnTensorStruct channelDesc,
      Pointer gamma,
      Pointer beta,
      Pointer mean,
      Pointer variance,
      double epsilon) {
    status.cudnn(
        "cudnnBatchNormalizationForwardInference",
        cudnn.cudnnBatchNormalizationForwardInference(
            handle,
            MODE,
            scalars.one(),
            scalars.zero(),
            desc,
            x,
            desc,
            y,
            channelDesc,
            gamma,
            beta,
            mean,
            variance,
            epsilon),
        what);
  }

  /** Passes all four scalars, so the gradients of gamma and beta are overwritten too. */
  public void cudnnBatchNormalizationBackward(
      String what,
      cudnnContext handle,
      cudnnTensorStruct desc,
      Pointer x,
      Pointer dy,
      Pointer dx,
      cudnnTensorStruct channelDesc,
      Pointer gamma,
      Pointer dgamma,
      Pointer dbeta,
      double epsilon,
      Pointer savedMean,
      Pointer savedInvVariance) {
    status.cudnn(
        "cudnnBatchNormalizationBackward",
        cudnn.cudnnBatchNormalizationBackward(
            handle,
            MODE,
            scalars.one(),
            scalars.zero(),
            scalars.one(),
            scalars.zero(),
            desc,
            x,
            desc,
            dy,
            desc,
            dx,
            channelDesc,
            gamma,
            dgamma,
            dbeta,
            epsilon,
            savedMean,
            savedInvVariance),
        what);
  }
}
