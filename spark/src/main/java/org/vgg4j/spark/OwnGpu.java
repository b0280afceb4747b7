package org.vgg4j.spark;

import java.util.List;
import org.vgg4j.tensor.InvalidInputException;

/** Which GPU a worker takes where Spark gives it none: each one of its own. */
final class OwnGpu {
  private OwnGpu() {}

  /**
   * Returns the number of the GPU, null where there is nothing to choose.
   *
   * @param hosts of all ranks, in their order
   * @param rank whose
   * @param gpus of its host
   * @throws InvalidInputException when the host has fewer GPUs than workers
   */
  static String number(List<String> hosts, int rank, int gpus) {
    String own = hosts.get(rank);
    long workers = hosts.stream().filter(own::equals).count();
    if (gpus == 0 || workers == 1) {
      return null;
    }
    if (workers > gpus) {
      throw InvalidInputException.of(
          "workers",
          "%d on %s, which has %s; each needs one of its own: use fewer workers, or --device cpu"
              .formatted(workers, own, gpus == 1 ? "1 GPU" : gpus + " GPUs"));
    }
    return Long.toString(hosts.subList(0, rank).stream().filter(own::equals).count());
  }
}
