package org.vgg4j.backend.cuda;

import org.vgg4j.tensor.Choice;

/** How the multiplications of convolutions and linear layers are done. */
public enum Precision {
  /** Strict single precision: no tensor cores. */
  FP32,
  /** Inputs rounded to 10 bits of mantissa on tensor cores, sums in single precision. */
  TF32;

  /**
   * Returns the precision that a name stands for.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when it is none
   */
  public static Precision of(String name) {
    return Choice.of("precision", Precision.class, name);
  }

  /** Returns the name: fp32 or tf32. */
  public String text() {
    return Choice.name(this);
  }
}
