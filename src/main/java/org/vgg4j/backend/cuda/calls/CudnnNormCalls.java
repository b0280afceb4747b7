package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnLRNStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/** cuDNN's batch and local response normalization, checked as in {@link CudnnCalls}. */
@SuppressWarnings("deprecation") // cuDNN 9 deprecates its whole imperative interface
public final class CudnnNormCalls extends ContextCalls {
  private static final int MODE = cudnn.CUDNN_BATCHNORM_SPATIAL;
  private static final int LRN_MODE = cudnn.CUDNN_LRN_CROSS_CHANNEL_DIM1;

  CudnnNormCalls(CudaContext context) {
    super(context);
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
      String what, cudnnLRNStruct lrn, cudnnTensorStruct desc, Pointer x, Pointer y) {
    status.cudnn(
        "cudnnLRNCrossChannelForward",
        cudnn.cudnnLRNCrossChannelForward(
            context.cudnnHandle(), lrn, LRN_MODE, scalars.one(), desc, x, scalars.zero(), desc, y),
        what);
  }

  public void cudnnLRNCrossChannelBackward(
      String what,
      cudnnLRNStruct lrn,
      cudnnTensorStruct desc,
      Pointer y,
      Pointer dy,
      Pointer x,
      Pointer dx) {
    status.cudnn(
        "cudnnLRNCrossChannelBackward",
        cudnn.cudnnLRNCrossChannelBackward(
            context.cudnnHandle(),
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
      NormDescriptors d,
      Pointer x,
      Pointer y,
      Pointer gamma,
      Pointer beta,
      double exponentialAverageFactor,
      Pointer runningMean,
      Pointer runningVar,
      Pointer savedMean,
      Pointer savedInvVariance) {
    status.cudnn(
        "cudnnBatchNormalizationForwardTraining",
        cudnn.cudnnBatchNormalizationForwardTraining(
            context.cudnnHandle(),
            MODE,
            scalars.one(),
            scalars.zero(),
            d.x(),
            x,
            d.x(),
            y,
            d.channel(),
            gamma,
            beta,
            exponentialAverageFactor,
            runningMean,
            runningVar,
            d.epsilon(),
            savedMean,
            savedInvVariance),
        d.what());
  }

  public void cudnnBatchNormalizationForwardInference(
      NormDescriptors d,
      Pointer x,
      Pointer y,
      Pointer gamma,
      Pointer beta,
      Pointer mean,
      Pointer variance) {
    status.cudnn(
        "cudnnBatchNormalizationForwardInference",
        cudnn.cudnnBatchNormalizationForwardInference(
            context.cudnnHandle(),
            MODE,
            scalars.one(),
            scalars.zero(),
            d.x(),
            x,
            d.x(),
            y,
            d.channel(),
            gamma,
            beta,
            mean,
            variance,
            d.epsilon()),
        d.what());
  }

  /** Passes all four scalars, so the gradients of gamma and beta are overwritten too. */
  public void cudnnBatchNormalizationBackward(
      NormDescriptors d,
      Pointer x,
      Pointer dy,
      Pointer dx,
      Pointer gamma,
      Pointer dgamma,
      Pointer dbeta,
      Pointer savedMean,
      Pointer savedInvVariance) {
    status.cudnn(
        "cudnnBatchNormalizationBackward",
        cudnn.cudnnBatchNormalizationBackward(
            context.cudnnHandle(),
            MODE,
            scalars.one(),
            scalars.zero(),
            scalars.one(),
            scalars.zero(),
            d.x(),
            x,
            d.x(),
            dy,
            d.x(),
            dx,
            d.channel(),
            gamma,
            dgamma,
            dbeta,
            d.epsilon(),
            savedMean,
            savedInvVariance),
        d.what());
  }
}
