package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vgg4j.backend.Backends;
import org.vgg4j.io.FaultyFiles;
import org.vgg4j.io.FaultyFiles.Fault;
import org.vgg4j.io.FileHandle;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.ForwardingFiles;
import org.vgg4j.io.MemoryFiles;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.train.DivergedException;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingState;

/** A training beside a disk that is slow, full or gone, and one whose weights break. */
class CheckpointerTest {
  private static final TrainingOptions OPTIONS =
      new TrainingOptions(3, 4, 1, 3e-3, LearningRateSchedule.CONSTANT, 7);
  private static final CheckpointInterval EACH_STEP = new CheckpointInterval(1, 0);
  private static final Path CHECKPOINTS = TinyTraining.FOLDER.resolve("checkpoints");

  private final Backend backend = Backends.open("reference").backend();
  private final TinyTraining training = new TinyTraining(backend, "adam", OPTIONS);

  @AfterEach
  void close() {
    backend.close();
  }

  private static Checkpoint newest(FileOperations disk) throws IOException {
    return new CheckpointStore(CHECKPOINTS, 3, disk).newestValid(line -> fail(line)).checkpoint();
  }

  private long reports(String part) {
    return List.copyOf(training.reports).stream().filter(line -> line.contains(part)).count();
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void trainingNeverWaitsForTheDisk() throws IOException {
    CountDownLatch released = new CountDownLatch(1);
    MemoryFiles memory = new MemoryFiles();
    FileOperations slow =
        new ForwardingFiles(memory) {
          @Override
          public FileHandle create(Path file) throws IOException {
            try {
              released.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return super.create(file);
          }
        };
    TrainingState end =
        training.run(
            slow,
            EACH_STEP,
            (trainer, vgg) -> {
              if (trainer.step() == 15) {
                released.countDown(); // a training that waited would never come here
              }
            });
    assertEquals(18, end.step());
    assertTrue(reports("skipped at step 2, in epoch 1: the one before") == 1, reports());
    assertTrue(reports("skipped") >= 14, reports());
    assertEquals(18, newest(memory).state().step());
    assertEquals(3, newest(memory).state().finished().size());
  }

  /** Of one tensor's size are a weight and its two moments. */
  @Test
  void eachCopyLiesWhereTheOneBeforeLay() throws IOException {
    int size = 4 * 3 * 9 * Double.BYTES;
    List<byte[]> written = Collections.synchronizedList(new ArrayList<>());
    FileOperations disk =
        new ForwardingFiles(new MemoryFiles()) {
          @Override
          protected FileHandle handle(Path file, FileHandle handle) {
            return new Handle(handle) {
              @Override
              public int write(ByteBuffer from, long position) throws IOException {
                if (file.toString().contains(".safetensors") && from.remaining() == size) {
                  assertEquals(0, from.arrayOffset()); // a tensor has an array of its own
                  written.add(from.array());
                }
                return super.write(from, position);
              }
            };
          }
        };
    training.run(disk, EACH_STEP, (trainer, vgg) -> pause(20));
    assertTrue(written.size() >= 2 * 3, () -> written.size() + " writes");
    Set<byte[]> places = Collections.newSetFromMap(new IdentityHashMap<>());
    places.addAll(written);
    assertEquals(3, places.size());
  }

  private String reports() {
    return training.reports.toString();
  }

  @Test
  void aFullDiskIsSaidAtEachTryAndTheLastGoodOneStays() throws IOException {
    MemoryFiles whole = new MemoryFiles();
    training.run(whole, EACH_STEP, (trainer, vgg) -> {});
    training.reports.clear();
    MemoryFiles memory = new MemoryFiles();
    FaultyFiles disk = new FaultyFiles(memory);
    List<Long> inBetween = new ArrayList<>();
    training.run(
        disk,
        new CheckpointInterval(4, 0),
        (trainer, vgg) -> {
          // A save has until the next step; without waiting for it the test would be a race.
          await(trainer.step() % 4 == 1, disk);
          if (trainer.step() == 5) {
            disk.failing(Fault.NO_SPACE, 0);
          }
          if (trainer.step() == 15) {
            disk.failing(Fault.FAILS_ONCE, -1);
            inBetween.add(newestStep(memory));
          }
        });
    assertEquals(List.of(4L), inBetween);
    assertTrue(reports("failed: cannot write") >= 2, reports());
    assertTrue(reports("training goes on, the last is of step 4") >= 2, reports());
    Path model = TinyTraining.FOLDER.resolve("model.safetensors");
    assertArrayEquals(whole.bytes(model), memory.bytes(model));
  }

  /** Waits until the calls on a disk have come to rest. */
  private static void await(boolean due, FaultyFiles disk) {
    int before = -1;
    while (due && before != disk.calls().size()) {
      before = disk.calls().size();
      pause(100);
    }
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long newestStep(FileOperations disk) {
    try {
      return newest(disk).state().step();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aDiskThatIsGoneFailsTheRunOnlyAtItsEnd() {
    FaultyFiles disk = new FaultyFiles(new MemoryFiles());
    List<Long> steps = new ArrayList<>();
    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                training.run(
                    disk,
                    EACH_STEP,
                    (trainer, vgg) -> {
                      if (trainer.step() == 1) {
                        disk.failing(Fault.FAILS_FOREVER, 0);
                      }
                      steps.add(trainer.step());
                    }));
    assertTrue(failure.getMessage().startsWith("cannot write /run/"), failure.getMessage());
    assertEquals(18, steps.size());
  }

  @Test
  void afterAFailedForceANewFileIsWritten() throws IOException {
    MemoryFiles memory = new MemoryFiles();
    FaultyFiles disk = new FaultyFiles(memory);
    training.run(disk, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
    int force = disk.calls().indexOf("create checkpoint-000001.optimizer.safetensors.tmp");
    while (!disk.calls().get(force).equals("force")) {
      force++;
    }
    MemoryFiles second = new MemoryFiles();
    FaultyFiles failing = new FaultyFiles(second);
    failing.failing(Fault.FAILS_ONCE, force);
    training.reports.clear();
    training.run(failing, CheckpointInterval.EPOCH, (trainer, vgg) -> {});
    assertEquals(1, reports("trying a new file"), reports());
    assertEquals(0, reports("failed: "), reports());
    assertEquals(18, newest(second).state().step());
    assertTrue(
        second.list(CHECKPOINTS).stream().noneMatch(file -> file.toString().contains("000001")));
  }

  @Test
  void brokenWeightsStopTheRunAndAreNeverSaved() throws IOException {
    for (double poison : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      MemoryFiles disk = new MemoryFiles();
      DivergedException e =
          assertThrows(
              DivergedException.class,
              () ->
                  training.run(
                      disk,
                      EACH_STEP,
                      (trainer, vgg) -> {
                        if (trainer.step() == 9) {
                          poison(vgg, poison);
                        }
                      }));
      assertEquals(2, e.epoch());
      assertTrue(e.step() <= 10, e.getMessage());
      Checkpoint newest = newest(disk);
      assertTrue(newest.state().step() <= 8);
      requireFinite(disk);
    }
  }

  private static void poison(Vgg vgg, double value) {
    Tensor weights = vgg.network().parameters().get(0).value();
    double[] values = new double[weights.shape().arrayLength()];
    Arrays.fill(values, value);
    weights.upload(values);
  }

  private static void requireFinite(MemoryFiles disk) throws IOException {
    for (Path file : disk.list(CHECKPOINTS)) {
      if (file.toString().endsWith(".safetensors")) {
        try (SafeTensorsReader reader = SafeTensorsReader.open(file, disk)) {
          for (SafeTensorSpec spec : reader.tensors()) {
            if (!spec.shape().isEmpty()) {
              double sum = Arrays.stream(TestTensors.doubles(reader, spec.name())).sum();
              assertTrue(Double.isFinite(sum), () -> file + " " + spec.name());
            }
          }
        }
      }
    }
  }

  @Test
  void rollbackGoesOnAtATenthOfTheRateAtMostThreeTimes() throws IOException {
    training.nanPolicy = NanPolicy.ROLLBACK;
    List<Double> rates = new ArrayList<>();
    MemoryFiles disk = new MemoryFiles();
    int[] poisonings = new int[1];
    TrainingState end =
        training.run(
            disk,
            new CheckpointInterval(2, 0),
            (trainer, vgg) -> {
              double rate = vgg.network().stepState().learningRate();
              if (rates.isEmpty() || rates.get(rates.size() - 1) != rate) {
                rates.add(rate);
              }
              if (trainer.step() == 9 && poisonings[0]++ < 3) {
                poison(vgg, Double.NaN);
              }
            });
    assertEquals(List.of(3e-3, 3e-3 / 10, 3e-3 / 100, 3e-3 / 1000), rates);
    assertEquals(3, end.rollbacks());
    assertEquals(18, end.step());
    assertEquals(3, end.finished().size());
    assertEquals(3, reports("at a tenth of the learning rate"), reports());
    assertEquals(3, newest(disk).state().rollbacks());
    requireFinite(disk);
    assertThrows(
        DivergedException.class,
        () -> training.run(new MemoryFiles(), EACH_STEP, (trainer, vgg) -> poison(vgg, 0.0 / 0)));
  }

  @Test
  void intervalsAreReadOrRefused() {
    assertEquals(new CheckpointInterval(500, 0), CheckpointInterval.parse("500"));
    assertEquals(new CheckpointInterval(500, 0), CheckpointInterval.parse("500 steps"));
    assertEquals(new CheckpointInterval(0, 600), CheckpointInterval.parse("10m"));
    assertEquals(new CheckpointInterval(0, 7200), CheckpointInterval.parse("2h"));
    for (String bad : List.of("", "0", "-5", "10 minutes", "1.5h", "99999999999")) {
      assertThrows(InvalidInputException.class, () -> CheckpointInterval.parse(bad));
    }
    assertTrue(new CheckpointInterval(0, 60).isTimeDue(60));
    assertFalse(new CheckpointInterval(0, 60).isTimeDue(59));
    assertFalse(CheckpointInterval.EPOCH.isTimeDue(1e9));
  }
}
