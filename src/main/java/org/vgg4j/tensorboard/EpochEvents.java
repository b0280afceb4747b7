package org.vgg4j.tensorboard;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.train.EpochMetrics;

/** The metrics of an epoch as values. */
public final class EpochEvents {
  private EpochEvents() {}

  /** Returns a scalar for each of them that is known. */
  public static List<Value> of(EpochMetrics epoch) {
    List<Value> values = new ArrayList<>();
    add(values, "loss/train", epoch.trainLoss());
    add(values, "accuracy/train", epoch.trainAccuracy());
    add(values, "accuracy/test", epoch.testAccuracy());
    add(values, "accuracy/test_top_five", epoch.testTopFive());
    add(values, "learning_rate", epoch.learningRate());
    add(values, "images_per_second", epoch.imagesPerSecond());
    add(values, "wait_seconds", epoch.waitSeconds());
    return values;
  }

  private static void add(List<Value> values, String tag, Double value) {
    if (value != null) {
      values.add(Value.scalar(tag, value));
    }
  }
}
