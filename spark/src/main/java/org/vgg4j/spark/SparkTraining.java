package org.vgg4j.spark;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.WorkersFailedException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/**
 * A training that workers of a Spark cluster share: each has the same net and a part of every
 * batch. The run's folder is as that of a training on one machine; it and the images must be where
 * all workers see them.
 *
 * <pre>{@code
 * EpochMetrics last =
 *     SparkTraining.of(Map.of("data", "/shared/flowers", "epochs", "20"))
 *         .workers(8)
 *         .network("10.1.0.0/16")
 *         .run(JavaSparkContext.fromSparkContext(spark.sparkContext()), Path.of("/shared/run"));
 * }</pre>
 */
public final class SparkTraining {
  /** How often a training is tried unless it is said. */
  public static final int ATTEMPTS = 4;

  private final Map<String, String> settings;
  private int workers = 1;
  private int attempts = ATTEMPTS;
  private String network = Network.LOOPBACK;
  private boolean resumes;
  private boolean oneMachine;
  private List<Path> cudaLibraries = List.of();
  private CheckpointPolicy checkpoints = CheckpointPolicy.DEFAULT;
  private int profile; // steps, 0 for none
  private Consumer<String> table = lines -> {};
  private Consumer<String> report = line -> {};
  private TrainingListener listener = new TrainingListener() {};
  private BooleanSupplier stopping = () -> false;
  private Duration slotPatience = Duration.ofSeconds(60);

  private SparkTraining(Map<String, String> settings) {
    this.settings = Map.copyOf(settings);
  }

  /**
   * Returns a training with every default: one worker, on loopback.
   *
   * @param settings the options of {@code ./vgg train} by their keys in {@code config.json}
   * @throws InvalidInputException when a key is none
   */
  public static SparkTraining of(Map<String, String> settings) {
    return new SparkTraining(RunPlan.of(settings).settings());
  }

  /** Sets how many workers share the training, at least 1. */
  public SparkTraining workers(int number) {
    InvalidInputException.requireAtLeast(1, "workers", number);
    workers = number;
    return this;
  }

  /** Sets how often it is tried in all, at least once; each goes on from the newest checkpoint. */
  public SparkTraining attempts(int number) {
    InvalidInputException.requireAtLeast(1, "attempts", number);
    attempts = number;
    return this;
  }

  /**
   * Sets the network between the workers; nothing listens outside it.
   *
   * @param name loopback, an interface such as eth0, or addresses such as 10.1.0.0/16
   */
  public SparkTraining network(String name) {
    network = name;
    return this;
  }

  /** Goes on with the run that the folder holds, which the settings change. */
  public SparkTraining resuming() {
    resumes = true;
    return this;
  }

  /** Says that workers are processes of this machine, which may be ended by their number. */
  SparkTraining onOneMachine() {
    oneMachine = true;
    return this;
  }

  /** Sets how long to wait until Spark has room for all workers; 60 seconds unless it is said. */
  public SparkTraining slotPatience(Duration time) {
    slotPatience = time;
    return this;
  }

  /** Sets the folders to look for CUDA's libraries in before all others. */
  public SparkTraining cudaLibraries(List<Path> folders) {
    cudaLibraries = List.copyOf(folders);
    return this;
  }

  /** Sets when checkpoints are written, from which another attempt goes on. */
  public SparkTraining checkpoints(CheckpointPolicy policy) {
    checkpoints = policy;
    return this;
  }

  /**
   * Has rank 0 time every operation of some steps, and what the sums over the ranks took.
   *
   * @param steps how many, at least 1
   * @param taker takes the table, lines of text
   */
  public SparkTraining profile(int steps, Consumer<String> taker) {
    InvalidInputException.requireAtLeast(1, "profile", steps);
    profile = steps;
    table = taker;
    return this;
  }

  /** Sets what takes each line that the user should see. */
  public SparkTraining report(Consumer<String> lines) {
    report = lines;
    return this;
  }

  /** Sets what hears of the progress, on the calling thread, as Spark's heartbeats bring it. */
  public SparkTraining listener(TrainingListener progress) {
    listener = progress;
    return this;
  }

  /** Sets what is asked now and then whether to stop, with a checkpoint. */
  public SparkTraining stopping(BooleanSupplier stop) {
    stopping = stop;
    return this;
  }

  /**
   * Trains, and waits for the end.
   *
   * @param context of the cluster
   * @param folder of the run, which all workers see
   * @return the metrics of the last epoch that ended, null when none did
   * @throws InvalidInputException when something that was given cannot be used, or Spark has no
   *     room for all workers at once
   * @throws org.vgg4j.train.DivergedException when the loss or a weight is not finite
   * @throws WorkersFailedException when every attempt failed
   */
  public EpochMetrics run(JavaSparkContext context, Path folder) throws InterruptedException {
    Progress progress = new Progress(listener, table, report);
    List<String> failures = new ArrayList<>();
    for (int number = 1; number <= attempts; number++) {
      Slots.require(context.sc(), workers, slotPatience);
      progress.nextAttempt();
      Attempt.End end =
          new Attempt(context, workers, job(folder.toAbsolutePath(), number == 1), progress)
              .run("vgg4j: attempt %d of %d".formatted(number, attempts), stopping);
      if (end.isDone()) {
        return progress.last();
      }
      if (end.refusal() != null && failures.isEmpty()) {
        throw refused(end.refusal());
      }
      failures.add("attempt %d: %s".formatted(number, end.cause()));
      if (end.refusal() != null) {
        break; // no further attempt can do it either, and the first failure is what led to it
      }
      if (number < attempts) {
        report.accept(
            "attempt %d of %d failed: %s; going on from the newest checkpoint"
                .formatted(number, attempts, end.cause()));
      }
    }
    throw new WorkersFailedException(
        "every attempt failed, %d in all: %s"
            .formatted(failures.size(), String.join("; ", failures)));
  }

  private Job job(Path folder, boolean isFirst) {
    return new Job(
        new HashMap<>(settings),
        folder.toString(),
        resumes,
        isFirst,
        new ArrayList<>(cudaLibraries.stream().map(Path::toString).toList()),
        checkpoints.interval().steps(),
        checkpoints.interval().seconds(),
        checkpoints.keep(),
        checkpoints.onNan().name().toLowerCase(Locale.ROOT),
        profile,
        network,
        oneMachine);
  }

  /** What all ranks refuse is said as on one machine; else the rank is named. */
  private static RuntimeException refused(Outcome outcome) {
    return outcome.rank() == 0 && outcome.error() instanceof RuntimeException own
        ? own
        : new InvalidInputException(outcome.told(), outcome.error());
  }
}
