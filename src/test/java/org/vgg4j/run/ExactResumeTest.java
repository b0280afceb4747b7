package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.io.MemoryFiles;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.ScheduleOptions;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.optim.WarmUp;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingState;

/**
 * A run that is interrupted anywhere and resumed ends with the bits of the uninterrupted one. A
 * subclass an engine.
 */
abstract class ExactResumeTest {
  private static final int EPOCHS = 3;

  /** Returns the engine, in its deterministic mode. */
  abstract Backend open();

  /**
   * Returns another engine that must compute the same bits, so that interrupted runs change between
   * both; null for none.
   */
  Backend openOther() {
    return null;
  }

  /** Returns the net to train. */
  VggConfig net(TinyTraining training) {
    return training.net;
  }

  /** Returns how many interruptions each row has. */
  abstract int interruptions();

  @ParameterizedTest
  @CsvSource({"adam, 1, LINEAR", "adam, 4, STEP", "sgd, 1, PLATEAU", "sgd, 4, LINEAR"})
  void interruptedAnywhereTheBitsAreTheSame(
      String optimizer, int accumulate, LearningRateSchedule schedule) throws IOException {
    resume(
        optimizer,
        new TrainingOptions(EPOCHS, 4, accumulate, 3e-3, schedule, 7)
            .withScheduleOptions(new ScheduleOptions(2, 10, 1, 3, new WarmUp(1, true))),
        Recomputation.NONE,
        interruptions());
  }

  /** Clipped, averaged, with another rate of the last layer, and with layers that are frozen. */
  @ParameterizedTest
  @CsvSource({
    "adam, 1, 1, false, ''",
    "sgd, 4, 1, true, features.0",
    "adam, 1, 2, true, classifier.0",
    "sgd, 1, 1, false, features"
  })
  void updatesToo(String optimizer, int accumulate, int split, boolean again, String frozen)
      throws IOException {
    UpdateOptions updates =
        new UpdateOptions(0.5, 0.9, 1e-2, frozen.isEmpty() ? List.of() : List.of(frozen));
    resume(
        optimizer,
        new TrainingOptions(EPOCHS, 4, accumulate, 3e-3, LearningRateSchedule.LINEAR, 7)
            .withSplit(split)
            .withUpdates(updates),
        again ? new Recomputation(true, List.of()) : Recomputation.NONE,
        Math.min(2, interruptions()));
  }

  private void resume(
      String optimizer, TrainingOptions options, Recomputation again, int interruptions)
      throws IOException {
    int accumulate = options.accumulate();
    Random random = new Random(accumulate + optimizer.hashCode());
    try (Backend backend = open();
        Backend other = openOther()) {
      TinyTraining training = new TinyTraining(backend, optimizer, options);
      training.net = net(training);
      training.recomputation = again;
      TinyTraining elsewhere =
          other == null ? training : new TinyTraining(other, optimizer, options);
      elsewhere.net = training.net;
      elsewhere.recomputation = again;
      MemoryFiles whole = new MemoryFiles();
      TrainingState end = training.run(whole, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
      assertEquals(EPOCHS, end.finished().size());
      int left = interruptions;
      while (left > 0) {
        MemoryFiles disk = new MemoryFiles();
        int inThisRun = Math.min(left, 1 + random.nextInt(4));
        for (int i = 0; i < inThisRun; i++) {
          interrupt(i % 2 == 0 ? elsewhere : training, disk, random);
        }
        left -= inThisRun;
        TrainingState resumed =
            (inThisRun % 2 == 0 ? elsewhere : training)
                .run(disk, new CheckpointInterval(2, 0), (trainer, vgg) -> {});
        requireSame(end, resumed);
        requireSame(whole, disk);
      }
      for (TinyTraining each : List.of(training, elsewhere)) {
        assertEquals(
            List.of(), each.reports.stream().filter(line -> !line.contains("skipped")).toList());
      }
    }
  }

  private static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** Runs up to a random step, which ends it with a checkpoint or without one. */
  private static void interrupt(TinyTraining training, MemoryFiles disk, Random random)
      throws IOException {
    CheckpointInterval interval = new CheckpointInterval(1 + random.nextInt(5), 0);
    int last = 1 + random.nextInt(training.steps());
    boolean crash = random.nextBoolean();
    boolean[] due = new boolean[1]; // never, when the run has ended before
    boolean crashed = false;
    try {
      training.run(
          disk,
          interval,
          (trainer, vgg) -> {
            if (trainer.step() >= last) {
              due[0] = true;
              if (crash) {
                throw new Crash();
              }
              trainer.stop();
            }
          });
    } catch (Crash e) {
      crashed = true; // what was written until then is there
    }
    assertEquals(crash && due[0], crashed);
  }

  private static void requireSame(TrainingState expected, TrainingState actual) {
    assertEquals(expected.step(), actual.step());
    assertEquals(expected.passes(), actual.passes());
    assertEquals(expected.epoch(), actual.epoch());
    assertEquals(expected.batch(), actual.batch());
    assertEquals(expected.totals(), actual.totals());
    assertEquals(expected.finished().size(), actual.finished().size());
    for (int i = 0; i < expected.finished().size(); i++) {
      assertEquals(expected.finished().get(i).timeless(), actual.finished().get(i).timeless());
    }
  }

  private static void requireSame(MemoryFiles expected, MemoryFiles actual) throws IOException {
    Path model = TinyTraining.FOLDER.resolve("model.safetensors");
    assertArrayEquals(expected.bytes(model), actual.bytes(model), "model");
    assertArrayEquals(
        expected.bytes(newest(expected).optimizer()),
        actual.bytes(newest(actual).optimizer()),
        "moments");
    assertEquals(lines(expected), lines(actual));
  }

  private static List<String> lines(MemoryFiles disk) {
    byte[] bytes = disk.bytes(TinyTraining.FOLDER.resolve("metrics.jsonl"));
    List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
    assertEquals(EPOCHS, lines.size());
    return lines.stream().map(line -> line.replaceAll("\"seconds\".*", "")).toList();
  }

  private static Checkpoint newest(MemoryFiles disk) throws IOException {
    Path folder = TinyTraining.FOLDER.resolve("checkpoints");
    Checkpoint newest =
        new CheckpointStore(folder, 1, disk).newestValid(Assertions::fail).checkpoint();
    assertEquals(EPOCHS + 1, newest.state().epoch());
    return newest;
  }
}
