package org.vgg4j.tensor;

/** A device that was asked for by name is not there; the message says what is missing. */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String device;

  /** Creates the exception with the device's name and what is missing, on one line. */
  public DeviceUnavailableException(String device, String reason) {
    this(device, reason, null);
  }

  /** Creates the exception with what led to it. */
  public DeviceUnavailableException(String device, String reason, Throwable cause) {
    super(reason, cause);
    this.device = device;
  }

  /** Returns the device's name. */
  public String device() {
    return device;
  }
}
