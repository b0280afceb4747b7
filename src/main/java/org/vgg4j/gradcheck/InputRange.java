package org.vgg4j.gradcheck;

import org.vgg4j.tensor.InvalidInputException;

/**
 * Where a check draws the values of a module's input. Evaluations reach one step beyond.
 *
 * @param low the lower end
 * @param high the upper end
 */
public record InputRange(double low, double high) {
  /** From -1.5 to 1.5. */
  public static final InputRange DEFAULT = new InputRange(-1.5, 1.5);

  /** Checks the ends. */
  public InputRange {
    if (!(low < high && high - low < Double.POSITIVE_INFINITY)) {
      throw new InvalidInputException(
          "the input range of a gradient check must be finite and go up, not from "
              + low
              + " to "
              + high);
    }
  }
}
