package org.vgg4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.run.CheckpointInterval;
import org.vgg4j.run.CheckpointPolicy;
import org.vgg4j.run.NanPolicy;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.run.WorkersFailedException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;
import org.vgg4j.train.TrainingListener;

/** Trainings on a Spark of two workers, which are processes of this machine. */
class SparkTrainingTest {
  private static LocalSpark local;
  private static JavaSparkContext context;

  @TempDir private static Path shared;
  private static byte[] undisturbed; // the model of a training that nothing happened to
  private final List<String> said = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    Files.createDirectories(Path.of(System.getenv(LocalSpark.HOME), "jars"));
    local = new LocalSpark(new SparkConf().setAppName("test"), 2);
    context = local.start();
    Path folder = shared.resolve("undisturbed");
    EpochMetrics last = training(Map.of()).run(context, folder);
    assertEquals(2, last.epoch());
    undisturbed = model(folder);
  }

  @AfterAll
  static void stop() {
    context.close();
    local.close();
  }

  private static SparkTraining training(Map<String, String> others) {
    Map<String, String> settings =
        new HashMap<>(
            Map.of(
                "data",
                sample(),
                "device",
                "cpu",
                "layers",
                "512,M,1024,M",
                "imageSize",
                "16",
                "width",
                "1/64",
                "epochs",
                "2",
                "trainImages",
                "1600",
                "testImages",
                "100",
                "batchSize",
                "16",
                "threads",
                "1"));
    settings.putAll(others);
    return SparkTraining.of(settings)
        .workers(2)
        .checkpoints(new CheckpointPolicy(new CheckpointInterval(20, 0), 3, NanPolicy.STOP))
        .slotPatience(Duration.ofSeconds(30))
        .onOneMachine();
  }

  /** The sample that is in the checkout. */
  private static String sample() {
    return Path.of(System.getProperty("basedir", "."), "../data/sample")
        .toAbsolutePath()
        .normalize()
        .toString();
  }

  private static byte[] model(Path folder) throws IOException {
    return Files.readAllBytes(folder.resolve("model.safetensors"));
  }

  /** Sends a signal to the process of a worker at a step of an epoch, once. */
  private static TrainingListener at(int epoch, int step, String signal, int worker) {
    AtomicBoolean happened = new AtomicBoolean();
    return new TrainingListener() {
      @Override
      public void stepFinished(int number, int done, int images, double meanLoss) {
        if (number == epoch && done >= step && happened.compareAndSet(false, true)) {
          signal(signal, worker);
        }
      }

      @Override
      public void epochFinished(EpochMetrics metrics) {
        if (metrics.epoch() == epoch && happened.compareAndSet(false, true)) {
          signal(signal, worker); // the heartbeat was slower than the epoch
        }
      }
    };
  }

  private static void signal(String signal, int worker) {
    ProcessHandle victim =
        ProcessHandle.current()
            .descendants()
            .filter(process -> process.info().command().orElse("").endsWith("java"))
            .sorted((a, b) -> Long.compare(a.pid(), b.pid()))
            .skip(worker)
            .findFirst()
            .orElseThrow();
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(victim.pid())).start().waitFor();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The profile of rank 0, of which nothing changes a bit. */
  @Test
  void aProfileSaysWhatTheSumsTook() throws Exception {
    Path folder = shared.resolve("profiled");
    List<String> tables = new CopyOnWriteArrayList<>();
    training(Map.of()).report(said::add).profile(3, tables::add).run(context, folder);
    assertEquals(1, tables.size());
    assertTrue(tables.get(0).startsWith("3 steps of 16 images, from step 4 to 6: "), tables.get(0));
    assertTrue(tables.get(0).contains("update reduction"), tables.get(0));
    assertTrue(Files.exists(folder.resolve("profile.json")));
    String times = "\\d+\\.\\d\\d ms";
    String line =
        "sums over the ranks: %1$s a step, %1$s of it beside the backward, %1$s waited for"
            .formatted(times);
    assertTrue(said.stream().anyMatch(one -> one.matches(line)), said.toString());
    assertArrayEquals(undisturbed, model(folder));
  }

  @Test
  void aTrainingWithAKilledWorkerEndsWithTheSameBits() throws Exception {
    Path folder = shared.resolve("killed");
    EpochMetrics last =
        training(Map.of()).report(said::add).listener(at(1, 8, "KILL", 1)).run(context, folder);
    assertEquals(2, last.epoch());
    assertTrue(
        said.stream().anyMatch(line -> line.matches("attempt 1 of 4 failed: rank \\d on .*: .*")),
        said.toString());
    assertArrayEquals(undisturbed, model(folder));
  }

  @Test
  void aTrainingWithAStoppedWorkerEndsWithTheSameBits() throws Exception {
    Path folder = shared.resolve("hung");
    training(Map.of()).report(said::add).listener(at(1, 3, "STOP", 0)).run(context, folder);
    assertTrue(
        said.stream().anyMatch(line -> line.contains("does not answer for 4 s")), said.toString());
    assertArrayEquals(undisturbed, model(folder));
  }

  @Test
  void whatEndsEveryAttemptIsSaid() {
    WorkersFailedException failed =
        assertThrows(
            WorkersFailedException.class,
            () ->
                training(Map.of("epochs", "50"))
                    .attempts(1)
                    .listener(at(1, 1, "KILL", 0))
                    .run(context, shared.resolve("failed")));
    String message = failed.getMessage();
    assertTrue(
        message.matches(
            "(?s)every attempt failed, 1 in all: attempt 1: rank .* on (127\\.0\\.0\\.1|localhost):"
                + " .*"),
        message);
  }

  @Test
  void aStopLeavesACheckpointFromWhichAnyNumberOfWorkersGoesOn() throws Exception {
    Path folder = shared.resolve("stopped");
    AtomicBoolean stop = new AtomicBoolean();
    TrainingListener first =
        new TrainingListener() {
          @Override
          public void stepFinished(int epoch, int step, int images, double meanLoss) {
            stop.set(true);
          }
        };
    training(Map.of("epochs", "200")).listener(first).stopping(stop::get).run(context, folder);
    try (TrainingRun run = TrainingRun.resume(folder, Map.of("epochs", "1"))) {
      assertEquals(1, run.fit(new TrainingListener() {}).epoch());
    }
  }

  @Test
  void aFolderWithARunIsRefusedAtOnce() {
    InvalidInputException refused =
        assertThrows(
            InvalidInputException.class,
            () -> training(Map.of()).run(context, shared.resolve("undisturbed")));
    assertEquals("out", refused.field());
    assertTrue(refused.getMessage().contains("holds a run already"), refused.getMessage());
  }

  @Test
  void moreWorkersThanPlacesAreRefused() {
    InvalidInputException refused =
        assertThrows(
            InvalidInputException.class,
            () ->
                training(Map.of())
                    .workers(3)
                    .slotPatience(Duration.ofMillis(200))
                    .run(context, shared.resolve("crowded")));
    assertTrue(
        refused.getMessage().startsWith("3 workers are asked for and Spark has room for 2 tasks"),
        refused.getMessage());
  }

  @Test
  void aFullDiskIsSaid() throws Exception {
    Path disk = Files.createDirectories(shared.resolve("disk"));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", disk.toString())
            .start();
    Assumptions.assumeTrue(
        mount.waitFor(10, TimeUnit.SECONDS) && mount.exitValue() == 0, "no right to mount");
    try {
      WorkersFailedException failed =
          assertThrows(
              WorkersFailedException.class,
              () -> training(Map.of()).attempts(2).run(context, disk.resolve("run")));
      assertTrue(failed.getMessage().contains("rank 0 on 127.0.0.1: "), failed.getMessage());
      assertTrue(failed.getMessage().contains("No space left on device"), failed.getMessage());
    } finally {
      new ProcessBuilder("umount", disk.toString()).start().waitFor();
    }
  }
}
