package org.vgg4j.tensor;

/**
 * An engine could not take memory. Nothing was taken; the process can go on with something smaller.
 */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int LARGEST_OWNERS = 3;

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
    this(device, neededBytes, availableBytes, limit, MemoryUse.NONE);
  }

  /**
   * Creates the exception; the message also says what the engine itself holds most of.
   *
   * @param neededBytes 0 where nobody knows
   * @param limit from {@link Backend#memoryLimit}, or empty
   */
  public OutOfDeviceMemoryException(
      String device, long neededBytes, long availableBytes, String limit, MemoryUse held) {
    super(
        "not enough memory on "
            + device
            + ": "
            + (neededBytes == 0 ? "" : mebibytes(neededBytes) + " needed, ")
            + mebibytes(availableBytes)
            + " free"
            + (limit.isEmpty() ? "" : " of " + limit)
            + (held.device().bytes() == 0
                ? ""
                : "; this engine holds " + held.largest(LARGEST_OWNERS)));
    this.neededBytes = neededBytes;
    this.availableBytes = availableBytes;
  }

  /** Returns the bytes that were asked for, 0 where nobody knows. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the bytes that were free, as well as the engine could tell. */
  public long availableBytes() {
    return availableBytes;
  }

  private static String mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) / (1 << 20) + " MiB";
  }
}
