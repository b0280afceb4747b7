package org.vgg4j.optim;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A beginning in which the learning rate rises linearly: to the share {@code (i + 1) / n} of the
 * schedule's rate in the i-th of n updates. Source: PyTorch's {@code LinearLR} with {@code
 * start_factor = 1 / n} and {@code total_iters = n - 1}.
 *
 * @param length how many updates or epochs it lasts, 0 for no warm-up
 * @param inEpochs whether the length counts epochs
 */
public record WarmUp(long length, boolean inEpochs) {
  /** The full rate from the first update on. */
  public static final WarmUp NONE = new WarmUp(0, false);

  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})\\s*(steps?|epochs?|)");

  /** Checks the length. */
  public WarmUp {
    InvalidInputException.requireAtLeast(0, "warmUp", length);
  }

  /**
   * Reads {@code none}, {@code 500}, {@code 500 steps} or {@code 2 epochs}.
   *
   * @throws InvalidInputException when it is none of that kind
   */
  public static WarmUp parse(String text) {
    String plain = text.strip().toLowerCase(Locale.ROOT);
    Matcher matcher = TEXT.matcher(plain);
    if (plain.equals("none")) {
      return NONE;
    } else if (!matcher.matches()) {
      throw InvalidInputException.of(
          "warmUp", "must be a length such as 500, 500 steps, 2 epochs or none, not " + text);
    }
    long length = Long.parseLong(matcher.group(1));
    return length == 0 ? NONE : new WarmUp(length, matcher.group(2).startsWith("epoch"));
  }

  /** Returns the share of the schedule's rate in an update. */
  double factor(RunProgress at) {
    long steps = inEpochs ? length * at.stepsAnEpoch() : length;
    return at.step() + 1 < steps ? (at.step() + 1.0) / steps : 1;
  }

  /** Returns the text that {@link #parse} reads. */
  @Override
  public String toString() {
    String unit = inEpochs ? " epoch" : " step";
    return length == 0 ? "none" : length + unit + (length == 1 ? "" : "s");
  }
}
