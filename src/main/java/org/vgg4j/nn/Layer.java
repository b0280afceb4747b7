package org.vgg4j.nn;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/** Base of the single layers: holds the slots of the output and the input gradient. */
abstract class Layer implements Module {
  private final String what;
  private Slot y;
  private Slot saved; // null in inference, and when the engine needs none
  private Slot dx; // null when not needed
  private Tensor x; // of the last forward, null unless that was for training

  /** Takes the layer's name for messages, such as "a convolution". */
  Layer(String what) {
    this.what = what;
  }

  /** Reserves the slots; {@code savedLayout} is null when only the output is kept. */
  final void place(BuildContext context, Layout input, Layout output, Layout savedLayout) {
    place(context, input, output, savedLayout, context.usage().inputGradient());
  }

  /** Reserves the slots, that of dx only if {@code withDx}. */
  final void place(
      BuildContext context, Layout input, Layout output, Layout savedLayout, boolean withDx) {
    y = context.activation(output);
    saved = savedLayout == null ? null : context.saved(savedLayout);
    dx = withDx ? context.gradient(input) : null;
  }

  /** Keeps the input of a training forward for the backward. */
  final void keep(Tensor input, boolean training) {
    x = training ? input : null;
  }

  /** Returns the input of the last forward. */
  final Tensor x() {
    if (x == null) {
      throw new IllegalStateException(
          "backward of " + what + " needs a training forward just before it");
    }
    return x;
  }

  final Tensor y() {
    return y.tensor();
  }

  final Tensor saved() {
    return saved == null ? null : saved.tensor();
  }

  /** Returns null when the input's gradient is not needed. */
  final Tensor dx() {
    return dx == null ? null : dx.tensor();
  }
}
