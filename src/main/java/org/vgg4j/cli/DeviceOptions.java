package org.vgg4j.cli;

import org.vgg4j.backend.Backends;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags that say what computes. */
final class DeviceOptions {
  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto (cuda when usable, else cpu), cuda, cpu or reference.")
  private String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU engine; all processors by default.")
  private Integer threads;

  String device() {
    return device;
  }

  /** Opens the engine in a variant and says on stderr which it is. */
  Backends.Selection open(String variant) {
    return open(device, variant);
  }

  /** Opens an engine by name, such as the one that a resumed run had. */
  Backends.Selection open(String name, String variant) {
    checkThreads();
    return Backends.open(name, variant);
  }

  /** oneDNN reads its threads from the environment at start, where ./vgg has put this flag. */
  private void checkThreads() {
    if (threads == null) {
      return;
    }
    if (threads < 1) {
      throw new InvalidInputException("--threads must be at least 1, not " + threads);
    }
    if (!threads.toString().equals(System.getenv("OMP_NUM_THREADS"))) {
      throw new InvalidInputException(
          "--threads "
              + threads
              + " takes effect only before Java starts: use ./vgg, or set OMP_NUM_THREADS="
              + threads);
    }
  }
}
