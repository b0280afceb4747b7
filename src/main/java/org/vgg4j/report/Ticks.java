package org.vgg4j.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * An axis: its ends and the round numbers between them.
 *
 * @param low its lower end
 * @param high its upper end, above it
 * @param at the numbers, rising
 * @param step between them
 */
record Ticks(double low, double high, List<Double> at, double step) {
  /**
   * Returns the axis of values: a little longer than they need.
   *
   * @param least the lowest, finite
   * @param most the highest, finite, at least as high
   * @param count about how many numbers
   */
  static Ticks around(double least, double most, int count) {
    double room = most > least ? 0.05 * (most - least) : Math.max(Math.abs(most) * 0.5, 1e-3);
    double low = least >= 0 && least - room < 0 ? 0 : least - room;
    return between(low, most + room, count, 0);
  }

  /** Returns the axis of places that are whole numbers, such as epochs. */
  static Ticks ofPlaces(double first, double last, int count) {
    return first == last
        ? new Ticks(first - 1, last + 1, List.of(first), 1)
        : between(first, last, count, 1);
  }

  private static Ticks between(double low, double high, int count, double leastStep) {
    double step = Math.max(leastStep, rounded((high - low) / count));
    List<Double> at = new ArrayList<>();
    // Multiplied, not added up: 3 * 0.1 is nearer to 0.3.
    for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
      at.add(i * step);
    }
    return new Ticks(low, high, List.copyOf(at), step);
  }

  /** Returns the nearest of 1, 2, 5, 10, 20, ... and their tenths. */
  private static double rounded(double step) {
    double power = Math.pow(10, Math.floor(Math.log10(step)));
    double digits = step / power;
    return (digits < 1.5 ? 1 : digits < 3.5 ? 2 : digits < 7 ? 5 : 10) * power;
  }

  /** Returns one of the numbers, to as many digits as tell it from the next. */
  String label(double value) {
    int digits = new BigDecimal(step).round(new MathContext(1)).stripTrailingZeros().scale();
    return plain(new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN));
  }

  /** Returns a number to four digits, - for one that is not finite. */
  static String text(double value) {
    return Double.isFinite(value) ? plain(new BigDecimal(value).round(new MathContext(4))) : "-";
  }

  private static String plain(BigDecimal value) {
    BigDecimal number = value.stripTrailingZeros();
    int power = number.precision() - number.scale() - 1; // of ten, of the first digit
    return number.signum() != 0 && (power < -4 || power > 5)
        ? number.movePointLeft(power).toPlainString() + "e" + power
        : number.toPlainString();
  }
}
