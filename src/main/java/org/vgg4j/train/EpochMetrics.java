package org.vgg4j.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The metrics of an epoch.
 *
 * @param epoch the epoch's number, from 1
 * @param trainLoss the mean cross entropy over the epoch's images, each seen once in training mode
 * @param trainAccuracy the share of them classified correctly during training
 * @param testAccuracy the share of the test set classified correctly after the epoch
 * @param seconds the time of the epoch, including its evaluation
 * @param imagesPerSecond training images per second, excluding the evaluation
 * @param waitSeconds the time in which training waited for images, 0 where they lie on the engine
 */
public record EpochMetrics(
    int epoch,
    double trainLoss,
    double trainAccuracy,
    double testAccuracy,
    double seconds,
    double imagesPerSecond,
    double waitSeconds) {

  /** Returns the line to print after the epoch. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "epoch %d, loss %.4f, train acc %.3f, test acc %.3f, time %.1f sec",
        epoch,
        trainLoss,
        trainAccuracy,
        testAccuracy,
        seconds);
  }

  /** Returns the object of {@code metrics.jsonl}. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("epoch", epoch);
    map.put("trainLoss", trainLoss);
    map.put("trainAccuracy", trainAccuracy);
    map.put("testAccuracy", testAccuracy);
    map.put("seconds", seconds);
    map.put("imagesPerSecond", imagesPerSecond);
    map.put("waitSeconds", waitSeconds);
    return map;
  }
}
