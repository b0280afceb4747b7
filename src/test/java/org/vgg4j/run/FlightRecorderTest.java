package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.train.TrainingListener;

/** What Java's flight recorder hears of a training. */
final class FlightRecorderTest {
  @TempDir private Path folder;

  private List<RecordedEvent> recorded() throws IOException {
    Path file = folder.resolve("training.jfr");
    try (Recording recording = new Recording()) {
      for (String name : List.of("Step", "BatchWait", "Evaluation", "Checkpoint")) {
        recording.enable("vgg4j." + name).withoutThreshold();
      }
      recording.start();
      RunPlan plan =
          TinyRuns.plan(TinyRuns.settings("epochs", "1", "device", "cpu"), 3, line -> {});
      try (TrainingRun run = TrainingRun.create(plan, folder.resolve("run"))) {
        run.fit(new TrainingListener() {});
      }
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file);
  }

  private static List<RecordedEvent> of(List<RecordedEvent> all, String name) {
    return all.stream().filter(e -> e.getEventType().getName().equals("vgg4j." + name)).toList();
  }

  @Test
  void stepsWaitsEvaluationAndCheckpointAreThere() throws IOException {
    List<RecordedEvent> all = recorded();
    List<RecordedEvent> steps = of(all, "Step");
    assertEquals(6, steps.size(), "22 images in batches of 4");
    for (int i = 0; i < steps.size(); i++) {
      assertEquals(i + 1, steps.get(i).getLong("number"));
      assertEquals(i < 5 ? 4 : 2, steps.get(i).getInt("images"));
      assertEquals((i < 5 ? 4L : 2L) * 64 * Float.BYTES, steps.get(i).getLong("bytes"));
      assertFalse(steps.get(i).getDuration().isZero());
      assertEquals(List.of("vgg4j"), steps.get(i).getEventType().getCategoryNames());
    }
    List<RecordedEvent> waits = of(all, "BatchWait");
    assertEquals(6, waits.size());
    assertEquals(5, waits.get(5).getLong("number"));
    assertEquals(2, waits.get(5).getInt("images"));
    RecordedEvent evaluation = of(all, "Evaluation").get(0);
    assertEquals(1, evaluation.getLong("number"));
    assertEquals(22, evaluation.getInt("images"));
    assertEquals(22 * 64, evaluation.getLong("bytes"));
    RecordedEvent checkpoint = of(all, "Checkpoint").get(0);
    assertEquals(6, checkpoint.getLong("number"));
    assertTrue(checkpoint.getLong("bytes") > Files.size(folder.resolve("run/model.safetensors")));
  }
}
