package org.vgg4j.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunPlan;
import org.vgg4j.run.RunRecord;
import org.vgg4j.run.TrainingRun;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.train.TrainingListener;

/** Runs of a very small net on noise, and their reports. */
final class TinyReports {
  private static final int SIDE = 8;

  private TinyReports() {}

  /** Returns images of noise with classes of these names. */
  static RunData data(int channels, int train, int test, List<String> names) {
    return new RunData(
        "noise", images(1, channels, train, names), images(2, channels, test, names));
  }

  private static ImageSource images(int seed, int channels, int count, List<String> names) {
    byte[] pixels = new byte[count * channels * SIDE * SIDE];
    long key = CounterRandom.key(seed, 3, 3);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) CounterRandom.below(key, i, 256);
    }
    int[] labels = IntStream.range(0, count).map(i -> i % names.size()).toArray();
    return new InMemoryImages("noise", new ImageShape(channels, SIDE, SIDE), names, pixels, labels);
  }

  /** Trains a run in a folder. */
  static RunRecord train(Path folder, RunData data, Map<String, String> others) throws IOException {
    Map<String, String> settings =
        new HashMap<>(
            Map.of(
                "layers", "192,M,256,M",
                "width", "1/64",
                "imageSize", Integer.toString(SIDE),
                "batchSize", "8",
                "epochs", "2",
                "device", "cpu"));
    settings.putAll(others);
    try (TrainingRun run = TrainingRun.create(RunPlan.of(settings).withData(data), folder)) {
      run.fit(new TrainingListener() {});
    }
    return RunRecord.read(folder);
  }

  /** Returns the report of a run; of its model alone where there are no images. */
  static String html(RunRecord run, RunData data) throws IOException {
    try (Backend engine = Backends.open("cpu").backend()) {
      RunReport report = new RunReport(run);
      report.measure(data == null ? null : run.images(data), engine, done -> {});
      return report.page().html();
    }
  }
}
