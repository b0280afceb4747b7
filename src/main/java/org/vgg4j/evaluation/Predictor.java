package org.vgg4j.evaluation;

import java.util.function.BooleanSupplier;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.Batch;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.loading.BatchSchedule;
import org.vgg4j.data.loading.Shard;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;

/** Runs a net over a data set in evaluation mode, in order, at the net's largest batch size. */
final class Predictor {
  /** Receives the net's output for each image. */
  interface Consumer {
    /**
     * Receives one image's output.
     *
     * @param label the image's label
     * @param outputs those of its batch (N, ...), such as the logits (N, classes)
     * @param offset where this image's output begins
     */
    void accept(int label, double[] outputs, int offset);
  }

  private Predictor() {}

  /** Runs the net; waits for each batch's outputs. */
  static void run(Vgg vgg, Preprocessing preprocessing, ImageSource data, Consumer consumer) {
    run(vgg, preprocessing, data, consumer, () -> false);
  }

  /** Does the same; returns false when stopped, which is looked at before each batch. */
  static boolean run(
      Vgg vgg,
      Preprocessing preprocessing,
      ImageSource data,
      Consumer consumer,
      BooleanSupplier stopped) {
    Network network = vgg.network();
    int batchSize = network.options().batchSizes().get(0);
    Execution execution = network.execution(batchSize);
    int each = execution.output().shape().dim(1);
    double[] outputs = new double[batchSize * each];
    BatchSchedule schedule = new BatchSchedule(data.size(), batchSize, 1, Shard.WHOLE);
    try (ImageFeed feed = new ImageFeed(vgg, preprocessing, data);
        BatchLoader loader = feed.loader(schedule, null, 0)) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        if (stopped.getAsBoolean()) {
          return false;
        }
        // A smaller last batch leaves old images in the other rows, which are not read: in
        // evaluation mode images do not affect each other.
        feed.load(batch, execution);
        execution.forward(false).download(outputs);
        for (int row = 0; row < batch.size(); row++) {
          consumer.accept(batch.label(row), outputs, row * each);
        }
      }
      return true;
    }
  }
}
