package org.vgg4j.cli;

import org.vgg4j.run.Workers;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags of a training that several workers share. */
final class WorkerOptions {
  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Train with so many processes, each with a part of every batch: on this machine, or on"
              + " the cluster of spark-submit (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--attempts",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "How often a training of several workers is tried in all, each time from the newest"
              + " checkpoint (default: ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--network",
      paramLabel = "NAME|ADDRESSES",
      defaultValue = "loopback",
      description =
          "The network between the workers, an interface such as eth0 or addresses such as"
              + " 10.1.0.0/16: they listen nowhere else (default: ${DEFAULT-VALUE}).")
  private String network;

  int workers() {
    return workers;
  }

  int attempts() {
    return attempts;
  }

  String network() {
    return network;
  }

  /** Returns whether several are asked for; refuses a number that is none. */
  boolean areSeveral() {
    InvalidInputException.requireAtLeast(1, "workers", workers);
    return workers > 1;
  }

  /** Finds the module that starts them. */
  Workers find() {
    return Workers.find()
        .orElseThrow(
            () ->
                InvalidInputException.of(
                    "workers",
                    "needs the module vgg4j-spark, which is not on the class path: start with ./vgg"
                        + " of a checkout, or with spark-submit (docs/distributed.md)"));
  }
}
