package org.vgg4j.nn;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/** A net's width as a fraction of the paper's channels and hidden classifier features. */
public record Width(int numerator, int denominator) {
  /** The paper's width. */
  public static final Width FULL = new Width(1, 1);

  private static final Pattern FORM = Pattern.compile("([0-9]{1,6})(?:/([0-9]{1,6}))?");

  /** Checks the fields. */
  public Width {
    if (numerator < 1 || denominator < 1) {
      throw InvalidInputException.of(
          "width", "must be a positive fraction, not " + numerator + "/" + denominator);
    }
  }

  /**
   * Parses {@code 1/4} or {@code 1}.
   *
   * @throws InvalidInputException when the text has another form
   */
  public static Width parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw InvalidInputException.of("width", "must be a fraction such as 1/4, not " + text);
    }
    String below = matcher.group(2);
    return new Width(
        Integer.parseInt(matcher.group(1)), below == null ? 1 : Integer.parseInt(below));
  }

  /**
   * Scales a number, rounding to the nearest.
   *
   * @throws InvalidInputException when the result is below 1 or too large
   */
  public int of(int full) {
    long scaled = (long) full * numerator;
    if (scaled < denominator) {
      throw InvalidInputException.of("width", this + " leaves no channel in a layer of " + full);
    }
    long rounded = (2 * scaled + denominator) / (2L * denominator);
    if (rounded > Integer.MAX_VALUE) {
      throw InvalidInputException.of("width", this + " is too large for a layer of " + full);
    }
    return (int) rounded;
  }

  @Override
  public String toString() {
    return denominator == 1 ? Integer.toString(numerator) : numerator + "/" + denominator;
  }
}
