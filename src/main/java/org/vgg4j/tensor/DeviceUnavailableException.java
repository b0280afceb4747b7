package org.vgg4j.tensor;

/**
 * A device that was asked for by name is not there; the message says what is missing and what to
 * do.
 */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception with its one-line message. */
  public DeviceUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with its one-line message and what led to it. */
  public DeviceUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
