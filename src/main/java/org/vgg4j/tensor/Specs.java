package org.vgg4j.tensor;

/** Checks that the specs of several operations share. */
final class Specs {
  private Specs() {}

  static void positive(String what, int value) {
    if (value < 1) {
      throw new InvalidInputException(what + " must be at least 1, not " + value);
    }
  }

  static void image(String what, Shape x, int channels) {
    if (x.rank() != 4) {
      throw new InvalidInputException(what + " takes (N, C, H, W), not a tensor of shape " + x);
    }
    if (x.dim(1) != channels) {
      throw new InvalidInputException(
          what + " for " + channels + " channels got a tensor of shape " + x);
    }
  }
}
