package org.vgg4j.benchmarks;

import org.bytedeco.pytorch.Tensor;

/**
 * One layer of a {@link TorchNet}.
 *
 * @param name its place as in torchvision's VGG: {@code features.0}
 * @param type the PyTorch class of the same meaning: {@code Conv2d}
 * @param arguments that class's arguments, for people
 */
record Layer(String name, String type, String arguments, Forward forward) {
  /** What a layer does. */
  @FunctionalInterface
  interface Forward {
    /** Returns the output for an input. */
    Tensor apply(Tensor x, boolean training);
  }

  @Override
  public String toString() {
    return name + " " + type + "(" + arguments + ")";
  }
}
