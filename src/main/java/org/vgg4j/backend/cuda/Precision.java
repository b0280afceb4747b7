package org.vgg4j.backend.cuda;

import org.vgg4j.tensor.Choice;

/** The precision of the multiplications in convolutions and linear layers. */
public enum Precision {
  /** Strict single precision: no tensor cores. */
  FP32,
  /** Tensor cores: inputs rounded to 10 bits of mantissa, sums in single precision. */
  TF32;

  /**
   * Returns the precision with a name.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the name is unknown
   */
  public static Precision of(String name) {
    return Choice.of("precision", Precision.class, name);
  }

  /** Returns the name: fp32 or tf32. */
  public String text() {
    return Choice.name(this);
  }
}
