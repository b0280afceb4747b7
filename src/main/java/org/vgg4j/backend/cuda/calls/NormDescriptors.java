package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Shape;

/**
 * cuDNN's description of one batch norm.
 *
 * @param what the operation and its shapes, for messages
 * @param x of the tensors that it normalises
 * @param channel of its parameters and statistics (C)
 * @param epsilon what it adds to the variance
 */
public record NormDescriptors(
    String what, cudnnTensorStruct x, cudnnTensorStruct channel, double epsilon) {
  /** Describes a batch norm of floats; {@code owner} closes the descriptors. */
  public static NormDescriptors of(
      CudaContext context, Closing owner, BatchNorm2dSpec spec, Shape x) {
    return new NormDescriptors(
        "batch norm of x " + spec.y(x),
        TensorDescriptors.images(context.cudnn(), owner, x),
        TensorDescriptors.channels(context.cudnn(), owner, spec.channels()),
        spec.epsilon());
  }

  /** Returns the description of this norm over one value per channel (C). */
  public NormDescriptors ofChannels() {
    return new NormDescriptors(what, channel, channel, epsilon);
  }
}
