package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Layout;

/** What a batch norm keeps, each (C), under PyTorch's names. */
record NormState(Parameter gamma, Parameter beta, Buffer runningMean, Buffer runningVar) {
  static NormState create(BuildContext context, BatchNorm2dSpec spec) {
    Backend backend = context.backend();
    Layout layout = backend.plainLayout(spec.parameter(), backend.computeType());
    NormState state =
        new NormState(
            context.parameter("weight", layout, Initializer.constant(1)),
            context.parameter("bias", layout, Initializer.constant(0)),
            context.buffer("running_mean", layout, 0),
            context.buffer("running_var", layout, 1));
    context.counter("num_batches_tracked");
    return state;
  }
}
