package org.vgg4j.tensor;

/** A device that was asked for by name is not there; the message says what is missing. */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String device;
  private final String summary;

  /** Creates the exception with the device's name and what is missing, on one line. */
  public DeviceUnavailableException(String device, String reason) {
    this(device, reason, null);
  }

  /** Creates the exception with what led to it. */
  public DeviceUnavailableException(String device, String reason, Throwable cause) {
    this(device, reason, reason, cause);
  }

  /**
   * Creates the exception.
   *
   * @param reason one line, with all that is known
   * @param summary what is missing and what to do, shorter
   */
  public DeviceUnavailableException(String device, String reason, String summary, Throwable cause) {
    super(reason, cause);
    this.device = device;
    this.summary = summary;
  }

  /** Returns the device's name. */
  public String device() {
    return device;
  }

  /** Returns what is missing and what to do; shorter than the message where that is long. */
  public String summary() {
    return summary;
  }
}
