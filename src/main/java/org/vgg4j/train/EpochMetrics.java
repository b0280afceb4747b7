package org.vgg4j.train;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What an epoch came to.
 *
 * @param epoch the epoch's number, from 1
 * @param trainLoss the mean cross entropy over the epoch's images, each seen once in training mode
 * @param trainAccuracy the share of them that was right as they were seen
 * @param testAccuracy the share of the test set that is right after the epoch
 * @param seconds the time of the epoch, its evaluation included
 * @param imagesPerSecond training images by training time, the evaluation left out
 */
public record EpochMetrics(
    int epoch,
    double trainLoss,
    double trainAccuracy,
    double testAccuracy,
    double seconds,
    double imagesPerSecond) {

  /** Returns the line that is printed after the epoch. */
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
    return map;
  }
}
