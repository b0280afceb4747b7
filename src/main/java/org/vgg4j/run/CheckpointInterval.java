package org.vgg4j.run;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How often a checkpoint is due beside those at each epoch's end.
 *
 * @param steps every so many steps, 0 for none
 * @param seconds every so many seconds, 0 for none
 */
public record CheckpointInterval(long steps, long seconds) {
  /** Only at each epoch's end. */
  public static final CheckpointInterval EPOCH = new CheckpointInterval(0, 0);

  private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,8})\\s*(steps?|s|m|h|)");

  /**
   * Reads {@code 500}, {@code 500 steps}, {@code 90s}, {@code 10m} or {@code 2h}.
   *
   * @throws InvalidInputException when it is none of that kind
   */
  public static CheckpointInterval parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw InvalidInputException.of(
          "checkpointEvery",
          "must be an interval such as 500, 500 steps, 90s, 10m or 2h, not " + text);
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "s" -> new CheckpointInterval(0, count);
      case "m" -> new CheckpointInterval(0, count * 60);
      case "h" -> new CheckpointInterval(0, count * 3600);
      default -> new CheckpointInterval(count, 0);
    };
  }

  /** Returns whether one is due after a step. */
  boolean isStepDue(long step) {
    return steps > 0 && step % steps == 0;
  }

  /** Returns whether one is due so long after the last. */
  boolean isTimeDue(double secondsSinceLast) {
    return seconds > 0 && secondsSinceLast >= seconds;
  }
}
