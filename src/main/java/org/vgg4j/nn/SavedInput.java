package org.vgg4j.nn;

import org.vgg4j.tensor.Tensor;

/** The input of a module's last training forward, which its backward reads. */
final class SavedInput {
  private final String module;
  private Tensor x; // null after any other forward

  SavedInput(String module) {
    this.module = module;
  }

  void keep(Tensor input, boolean training) {
    x = training ? input : null;
  }

  Tensor get() {
    if (x == null) {
      throw new IllegalStateException(
          "backward of " + module + " needs a training forward just before it");
    }
    return x;
  }
}
