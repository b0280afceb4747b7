package org.vgg4j.cli;

import java.nio.file.Path;
import java.util.List;
import org.vgg4j.run.CheckpointInterval;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.NanPolicy;
import picocli.CommandLine.Option;

/** The flags about checkpoints; none of them changes what is computed before a rollback. */
final class CheckpointOptions {
  @Option(
      names = "--resume",
      paramLabel = "RUN_DIR",
      description =
          "Go on with a run from its newest valid checkpoint, with the run's own flags; a flag"
              + " given here changes the run.")
  private Path resume;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N [steps] | TIME",
      arity = "1..2",
      defaultValue = "10m",
      description =
          "Steps (500, 500 steps) or time (90s, 10m, 2h) from one checkpoint to the next, besides"
              + " those at each epoch's end (default: ${DEFAULT-VALUE}).")
  private List<String> every;

  @Option(
      names = "--keep-checkpoints",
      paramLabel = "K",
      defaultValue = "3",
      description =
          "How many of the newest checkpoints to keep, besides the best (default:"
              + " ${DEFAULT-VALUE}).")
  private int keep;

  @Option(
      names = "--on-nan",
      paramLabel = "stop|rollback",
      defaultValue = "stop",
      description =
          "When the loss or a weight is not finite: stop, or go back to the last checkpoint at a"
              + " tenth of the learning rate, at most 3 times (default: ${DEFAULT-VALUE}).")
  private String onNan;

  /** Returns the folder of the run to go on with, null for a new one. */
  Path resume() {
    return resume;
  }

  /** Returns the flags as a run takes them; refuses unusable values. */
  CheckpointPolicy policy() {
    return new CheckpointPolicy(
        CheckpointInterval.parse(String.join(" ", every)), keep, NanPolicy.of(onNan));
  }
}
