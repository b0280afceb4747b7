package org.vgg4j.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.vgg4j.collective.Collective;
import org.vgg4j.run.CheckpointInterval;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.NanPolicy;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** The training of one rank: a run as {@code ./vgg train} makes it, with the other ranks. */
final class WorkerRun {
  private static final int POLL_MILLIS = 100;

  private WorkerRun() {}

  /**
   * Trains from the newest checkpoint, or from the beginning when there is none, until the end or
   * until it is to stop.
   *
   * @param gpu the number of the GPU that this rank has, null when none was given to it
   */
  static void train(
      Job job, String gpu, Collective others, Journal journal, BooleanSupplier stopping)
      throws IOException {
    Path folder = Path.of(job.folder());
    // Rank 0 looks, for all: files may reach another machine later.
    boolean isThere = others.broadcast(flag(goesOn(job, folder)))[0] != 0;
    RunPlan plan =
        RunPlan.of(settings(job, isThere, gpu))
            .withCheckpoints(policy(job))
            .withCudaLibraries(job.cudaLibraries().stream().map(Path::of).toList())
            .withReport(report(others.rank(), journal))
            .withCollective(others);
    try (TrainingRun run =
        isThere ? TrainingRun.resume(folder, plan) : TrainingRun.create(plan, folder)) {
      Thread watch = watch(stopping, run::stop);
      try {
        run.fit(others.rank() == 0 ? writing(journal) : new TrainingListener() {});
      } finally {
        watch.interrupt();
      }
    }
  }

  /** A run goes on with its own settings, but each rank on the GPU that it has this time. */
  private static Map<String, String> settings(Job job, boolean isThere, String gpu) {
    Map<String, String> settings = new HashMap<>(isThere ? job.settingsToGoOn() : job.settings());
    String asked = job.settings().getOrDefault("device", "auto");
    if (gpu != null && (asked.equals("auto") || asked.equals("cuda"))) {
      settings.put("device", "cuda:" + gpu);
    }
    return settings;
  }

  private static byte[] flag(boolean value) {
    return new byte[] {(byte) (value ? 1 : 0)};
  }

  private static boolean goesOn(Job job, Path folder) {
    return job.resumes() || (!job.isFirst() && Files.exists(folder.resolve("config.json")));
  }

  private static CheckpointPolicy policy(Job job) {
    return new CheckpointPolicy(
        new CheckpointInterval(job.checkpointSteps(), job.checkpointSeconds()),
        job.keepCheckpoints(),
        NanPolicy.of(job.onNan()));
  }

  /** All ranks say the same, but for warnings. */
  private static Consumer<String> report(int rank, Journal journal) {
    return line -> {
      if (rank == 0) {
        journal.add(new Event.Said(line));
      } else if (line.startsWith("WARNING")) {
        journal.add(new Event.Said("rank " + rank + ": " + line));
      }
    };
  }

  private static TrainingListener writing(Journal journal) {
    return new TrainingListener() {
      @Override
      public void epochStarted(int epoch, int steps, int images) {
        journal.add(new Event.EpochStarted(epoch, steps, images));
      }

      @Override
      public void stepFinished(int epoch, int step, int images, double meanLoss) {
        journal.add(new Event.Stepped(epoch, step, images, meanLoss));
      }

      @Override
      public void evaluationStarted(int epoch) {
        journal.add(new Event.EvaluationStarted(epoch));
      }

      @Override
      public void epochFinished(EpochMetrics metrics) {
        journal.add(Event.EpochFinished.of(metrics));
      }
    };
  }

  /** Asks Spark now and then whether the task is to end. */
  private static Thread watch(BooleanSupplier stopping, Runnable stop) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (!stopping.getAsBoolean()) {
                  Thread.sleep(POLL_MILLIS);
                }
                stop.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the training has ended
              }
            },
            "vgg4j-stop");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
