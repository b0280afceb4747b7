package org.vgg4j.tensor;

/**
 * Something given from outside (an option, a file, a shape) cannot be used.
 *
 * <p>The message is one line for a person: what was wrong, where, and what to do. Where an option
 * is wrong it starts with the option's field, which the command line replaces by the flag.
 */
public final class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String field;

  /** Creates the exception with its one-line message. */
  public InvalidInputException(String message) {
    this(message, null);
  }

  /** Creates the exception with its one-line message and what led to it. */
  public InvalidInputException(String message, Throwable cause) {
    this(null, message, cause);
  }

  private InvalidInputException(String field, String message, Throwable cause) {
    super(oneLine(message), cause);
    this.field = field;
  }

  /**
   * Returns an exception about one option.
   *
   * @param field the option's name in the API and in {@code config.json}: batchSize
   * @param rest what follows the name in the message: must be at least 1, not 0
   */
  public static InvalidInputException of(String field, String rest) {
    return of(field, rest, null);
  }

  /** Returns an exception about one option with what led to it. */
  public static InvalidInputException of(String field, String rest, Throwable cause) {
    return new InvalidInputException(field, field + " " + rest, cause);
  }

  /**
   * Checks a number.
   *
   * @throws InvalidInputException when it is too small
   */
  public static void requireAtLeast(long least, String field, long value) {
    if (value < least) {
      throw of(field, "must be at least " + least + ", not " + value);
    }
  }

  /** Returns the field with which the message starts, null when it starts with none. */
  public String field() {
    return field;
  }

  /** Names and values in a message come from outside too: control characters become ?. */
  private static String oneLine(String message) {
    return message.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?");
  }
}
