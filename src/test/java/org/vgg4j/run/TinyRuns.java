package org.vgg4j.run;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.vgg4j.data.ImageSource;

/** Plans of runs of a very small net on random images. */
final class TinyRuns {
  static final ImageSource IMAGES = TinyTraining.images();

  private TinyRuns() {}

  /** Returns the settings of such a run, and others, given as key and value in turn. */
  static Map<String, String> settings(String... others) {
    Map<String, String> settings =
        new HashMap<>(
            Map.of(
                "layers", "192,M,256,M",
                "width", "1/64",
                "imageSize", "8",
                "classes", "3",
                "batchSize", "4"));
    for (int i = 0; i < others.length; i += 2) {
      settings.put(others[i], others[i + 1]);
    }
    return Map.copyOf(settings);
  }

  /** Plans a run that keeps so many checkpoints, one for each epoch. */
  static RunPlan plan(Map<String, String> settings, int keep, Consumer<String> report) {
    return RunPlan.of(settings)
        .withData(new RunData("random", IMAGES, IMAGES))
        .withCheckpoints(new CheckpointPolicy(CheckpointInterval.EPOCH, keep, NanPolicy.STOP))
        .withReport(report);
  }
}
