package org.vgg4j.nn;

import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Shape;

/** The state of a batch norm, each (C), under PyTorch's names. */
record NormState(Parameter gamma, Parameter beta, Buffer runningMean, Buffer runningVar) {
  static NormState create(BuildContext context, BatchNorm2dSpec spec) {
    Shape channels = spec.parameter();
    NormState state =
        new NormState(
            context.parameter("weight", channels, Initializer.constant(1)),
            context.parameter("bias", channels, Initializer.constant(0)),
            context.buffer("running_mean", channels, 0),
            context.buffer("running_var", channels, 1));
    context.counter("num_batches_tracked");
    return state;
  }
}
