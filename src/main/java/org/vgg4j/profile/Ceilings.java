package org.vgg4j.profile;

import org.vgg4j.tensor.OperationTime;

/**
 * What an engine was measured to do at most.
 *
 * @param bytesPerSecond read and written together, by a pass over much memory
 * @param multiplyAddsPerSecond by a large matrix product
 */
public record Ceilings(double bytesPerSecond, double multiplyAddsPerSecond) {
  /** What takes so many times longer than its bound is marked. */
  public static final double MARKED_TIMES = 3;

  /** Returns the milliseconds that an operation takes at least; 0 when nothing is known of it. */
  public double boundMillis(OperationTime operation) {
    return 1e3
        * Math.max(
            operation.bytes() / bytesPerSecond, operation.multiplyAdds() / multiplyAddsPerSecond);
  }
}
