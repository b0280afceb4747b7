package org.vgg4j.gradcheck;

/**
 * How a tensor's gradients differ between two backwards that should agree.
 *
 * @param elements how many elements differ in their bits
 * @param error the largest absolute difference over the largest absolute gradient or the floor; NaN
 *     when one of two different gradients is not finite
 * @param index the row-major position of the largest difference; 0 when nothing differs
 * @param first its gradient in one backward
 * @param second its gradient in the other
 */
public record Repeat(int elements, double error, int index, double first, double second) {
  /** Nothing differs. */
  static final Repeat ALIKE = new Repeat(0, 0, 0, 0, 0);

  static Repeat of(double[] first, double[] second, double floor) {
    int elements = 0;
    int index = 0;
    double gradient = 0;
    double difference = 0;
    for (int i = 0; i < first.length; i++) {
      // Math.max lets NaN through; infinities become NaN in the quotient.
      gradient = Math.max(gradient, Math.max(Math.abs(first[i]), Math.abs(second[i])));
      if (Double.compare(first[i], second[i]) == 0) {
        continue;
      }
      elements++;
      double here = Math.abs(first[i] - second[i]);
      if (elements == 1 || (!(here <= difference) && !Double.isNaN(difference))) {
        index = i;
      }
      difference = Math.max(difference, here);
    }
    return elements == 0
        ? ALIKE
        : new Repeat(
            elements, difference / Math.max(gradient, floor), index, first[index], second[index]);
  }

  /** Returns the one with the larger error. */
  Repeat orWorse(Repeat other) {
    return Double.compare(other.error, error) > 0 ? other : this;
  }
}
