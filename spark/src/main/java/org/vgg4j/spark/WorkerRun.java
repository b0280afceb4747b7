package org.vgg4j.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.vgg4j.collective.Collective;
import org.vgg4j.profile.ProfileTable;
import org.vgg4j.run.CheckpointInterval;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.NanPolicy;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.RunRecord;
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
   * @param gpu says which GPU this rank has, null when there is nothing to choose
   */
  static void train(
      Job job, Supplier<String> gpu, Collective others, Journal journal, BooleanSupplier stopping)
      throws IOException {
    Path folder = Path.of(job.folder());
    // Rank 0 looks, for all: files may reach another machine later.
    byte[] engine = others.broadcast(bytes(goesOn(job, folder) ? engine(folder) : ""));
    boolean isThere = engine.length > 0;
    Map<String, String> settings = new HashMap<>(isThere ? job.settingsToGoOn() : job.settings());
    String device = settings.getOrDefault("device", isThere ? text(engine) : job.device());
    String number = device.equals("auto") || device.equals("cuda") ? gpu.get() : null;
    if (number != null) {
      settings.put("device", "cuda:" + number);
    }
    RunPlan plan =
        RunPlan.of(settings)
            .withCheckpoints(policy(job))
            .withCudaLibraries(job.cudaLibraries().stream().map(Path::of).toList())
            .withReport(report(others.rank(), journal))
            .withCollective(others);
    try (TrainingRun run =
        isThere ? TrainingRun.resume(folder, plan) : TrainingRun.create(plan, folder)) {
      if (job.profile() > 0) {
        run.profile(
            job.profile(),
            profile ->
                journal.add(
                    new Event.Profiled(
                        String.join(System.lineSeparator(), ProfileTable.lines(profile)))));
      }
      Thread watch = watch(stopping, run::stop);
      try {
        run.fit(others.rank() == 0 ? writing(journal) : new TrainingListener() {});
      } finally {
        watch.interrupt();
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Returns the name of the engine that a run has used. */
  private static String engine(Path folder) {
    return String.valueOf(RunRecord.read(folder).config().get("device"));
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
