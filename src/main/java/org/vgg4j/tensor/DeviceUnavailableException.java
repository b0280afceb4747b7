package org.vgg4j.tensor;

/**
 * A device that was asked for by name is not there; the message says what is missing and what to
 * do.
 */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String summary;

  /** Creates the exception with its one-line message. */
  public DeviceUnavailableException(String message) {
    this(message, message, null);
  }

  /** Creates the exception with its one-line message and what led to it. */
  public DeviceUnavailableException(String message, Throwable cause) {
    this(message, message, cause);
  }

  /**
   * Creates the exception.
   *
   * @param message one line, with all that is known
   * @param summary what is missing and what to do, shorter
   * @param cause what led to it; null for nothing
   */
  public DeviceUnavailableException(String message, String summary, Throwable cause) {
    super(message, cause);
    this.summary = summary;
  }

  /** Returns what is missing and what to do; shorter than the message where that is long. */
  public String summary() {
    return summary;
  }
}
