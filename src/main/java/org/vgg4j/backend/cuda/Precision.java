package org.vgg4j.backend.cuda;

import java.util.Locale;
import org.vgg4j.tensor.InvalidInputException;

/** How the multiplications of convolutions and linear layers are done. */
public enum Precision {
  /** Strict single precision: no tensor cores. */
  FP32,
  /** Inputs rounded to 10 bits of mantissa on tensor cores, sums in single precision. */
  TF32;

  /** Returns the precision that {@code --precision} names. */
  public static Precision of(String name) {
    for (Precision precision : values()) {
      if (precision.text().equals(name)) {
        return precision;
      }
    }
    throw new InvalidInputException("--precision " + name + " is neither fp32 nor tf32");
  }

  /** Returns the name: fp32 or tf32. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
