package org.vgg4j.paper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.run.RunPlan;
import org.vgg4j.train.TrainingListener;

/** A study that is stopped again and again ends with the files of one that was left alone. */
final class StudyInterruptionTest {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "data", "sample",
          "device", "cpu",
          "threads", "1",
          "width", "1/64",
          "imageSize", "32",
          "epochs", "2",
          "batchSize", "10",
          "trainImages", "30",
          "testImages", "8");

  @TempDir private Path folder;

  /** Stops a study at its n-th event. */
  private static final class Stopping implements Study.Listener {
    private Study study;
    private int left;

    Stopping(int after) {
      left = after;
    }

    private void event() {
      left--;
      if (left == 0) {
        study.stop();
      }
    }

    @Override
    public TrainingListener training(String name, int number, int of, int epochs) {
      event();
      return new TrainingListener() {
        @Override
        public void stepDone(long step) {
          event();
        }
      };
    }

    @Override
    public void testing(String name, int number, int of) {
      event();
    }

    @Override
    public void tested(long images, long of) {
      event();
    }
  }

  private StudyResults run(String name, int stopAfter) throws IOException {
    StudyOptions options =
        new StudyOptions(
            PaperNet.parse("A,B"),
            TrainScales.parse("33,34,34..36", 32),
            1,
            SETTINGS,
            folder.resolve(name));
    Stopping stopping = new Stopping(stopAfter);
    stopping.study = new Study(options, RunPlan.of(Map.of()));
    return stopping.study.run(stopping);
  }

  private SortedMap<String, byte[]> files(String name) throws IOException {
    SortedMap<String, byte[]> found = new TreeMap<>();
    Path root = folder.resolve(name);
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(path -> path.toString().endsWith(".safetensors")).toList()) {
        if (!file.toString().contains("checkpoints")) {
          found.put(root.relativize(file).toString(), Files.readAllBytes(file));
        }
      }
    }
    return found;
  }

  @Test
  void interruptedAnywhereTheFilesAreTheSame() throws IOException {
    StudyResults whole = run("whole", Integer.MAX_VALUE);
    SortedMap<String, byte[]> expected = files("whole");
    assertEquals(2 + 2 * 3, expected.size(), expected.keySet()::toString);
    StudyResults results = null;
    int interruptions = -1;
    while (results == null) {
      interruptions++;
      results = run("again", 3);
    }
    assertTrue(interruptions > 5, interruptions + " interruptions");
    SortedMap<String, byte[]> actual = files("again");
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, bytes) -> assertArrayEquals(bytes, actual.get(name), name));
    assertEquals(new StudyReport(whole).tables(), new StudyReport(results).tables());
  }
}
