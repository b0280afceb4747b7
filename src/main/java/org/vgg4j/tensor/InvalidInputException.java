package org.vgg4j.tensor;

/**
 * Something given from outside (a flag, a file, a shape) cannot be used.
 *
 * <p>The message is one line for a person: what was wrong, where, and what to do. The command line
 * prints it as it is and exits with 2.
 */
public final class InvalidInputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with its one-line message. */
  public InvalidInputException(String message) {
    super(oneLine(message));
  }

  /** Creates the exception with its one-line message and what led to it. */
  public InvalidInputException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names and values in a message come from outside too: control characters become ?. */
  private static String oneLine(String message) {
    return message.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?");
  }
}
