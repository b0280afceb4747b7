package org.vgg4j.tensor;

/**
 * What one call of a kernel or of a library does: the bytes it moves between the device's memory
 * and its processors, each operand counted once and whole, and its multiply-adds.
 *
 * @param phase the part of a training step that it belongs to
 * @param name what it computes, for a person
 * @param bytesRead of operands that it reads
 * @param bytesWritten of operands that it writes
 * @param multiplyAdds of products; other arithmetic is not counted
 */
public record Work(Phase phase, String name, long bytesRead, long bytesWritten, long multiplyAdds) {
  /** The parts of a training step. */
  public enum Phase {
    /** From images to losses. */
    FORWARD,
    /** From losses to gradients. */
    BACKWARD,
    /** From gradients to parameters. */
    UPDATE
  }

  /** Returns the bytes read and written. */
  public long bytes() {
    return bytesRead + bytesWritten;
  }
}
