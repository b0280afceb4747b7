package org.vgg4j.evaluation;

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
  /** Receives the logits of each image. */
  interface Consumer {
    /**
     * Receives one image's logits.
     *
     * @param label the image's label
     * @param logits the logits of its batch (N, classes)
     * @param offset where this image's logits begin
     */
    void accept(int label, float[] logits, int offset);
  }

  private Predictor() {}

  /** Runs the net; waits for each batch's logits. */
  static void run(Vgg vgg, Preprocessing preprocessing, ImageSource data, Consumer consumer) {
    Network network = vgg.network();
    int batchSize = network.options().batchSizes().get(0);
    int classes = vgg.config().classes();
    float[] logits = new float[batchSize * classes];
    Execution execution = network.execution(batchSize);
    BatchSchedule schedule = new BatchSchedule(data.size(), batchSize, 1, Shard.WHOLE);
    try (ImageFeed feed = new ImageFeed(vgg, preprocessing, data);
        BatchLoader loader = feed.loader(schedule, null, 0)) {
      for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
        // A smaller last batch leaves old images in the other rows, which are not read: in
        // evaluation mode images do not affect each other.
        feed.load(batch, execution);
        execution.forward(false).download(logits);
        for (int row = 0; row < batch.size(); row++) {
          consumer.accept(batch.label(row), logits, row * classes);
        }
      }
    }
  }
}
