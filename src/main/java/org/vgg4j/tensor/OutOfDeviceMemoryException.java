package org.vgg4j.tensor;

/**
 * An engine could not take memory. Nothing was taken; the process can go on with something smaller.
 */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;
  private final long availableBytes;

  /** Creates the exception; the message says both numbers. */
  public OutOfDeviceMemoryException(String device, long neededBytes, long availableBytes) {
    this(device, neededBytes, availableBytes, "");
  }

  /**
   * Creates the exception; the message says both numbers and what limits them.
   *
   * @param limit from {@link Backend#memoryLimit}, or empty
   */
  public OutOfDeviceMemoryException(
      String device, long neededBytes, long availableBytes, String limit) {
    super(
        "not enough memory on "
            + device
            + ": "
            + mebibytes(neededBytes)
            + " needed, "
            + mebibytes(availableBytes)
            + " free"
            + (limit.isEmpty() ? "" : " of " + limit));
    this.neededBytes = neededBytes;
    this.availableBytes = availableBytes;
  }

  /** Returns the bytes that were asked for. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the bytes that were free, as well as the engine could tell. */
  public long availableBytes() {
    return availableBytes;
  }

  private static String mebibytes(long bytes) {
    return ((bytes - 1) / (1 << 20) + 1) + " MiB";
  }
}
