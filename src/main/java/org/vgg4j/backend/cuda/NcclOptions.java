package org.vgg4j.backend.cuda;

import java.time.Duration;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How ranks with a GPU each meet and wait for each other.
 *
 * @param initialization how long all ranks may take to come
 * @param patience how long a sum may take, from the time that this rank has everything ready for
 *     it, before the other ranks count as lost: longer than anything that one rank alone does
 *     between two sums, such as to write a checkpoint or to time plans
 * @param network the only network interface that NCCL may use, such as {@code lo} for GPUs of one
 *     machine; null to leave that to NCCL and its variables
 */
public record NcclOptions(Duration initialization, Duration patience, String network) {
  /** Two minutes for each, and NCCL's own choice of the network. */
  public static final NcclOptions DEFAULT =
      new NcclOptions(Duration.ofMinutes(2), Duration.ofMinutes(2), null);

  /** Checks the fields. */
  public NcclOptions {
    requirePositive("initialization", initialization);
    requirePositive("patience", patience);
    if (network != null && network.isBlank()) {
      throw InvalidInputException.of("network", "must name an interface");
    }
  }

  private static void requirePositive(String name, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw InvalidInputException.of(name, "must be longer than nothing, not " + duration);
    }
  }
}
