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
 * @param testTopFive the share of the test set whose label was among the five most probable
 *     classes; null for a net of at most five classes, and in metrics of older versions
 * @param seconds the time of the epoch, including its evaluation
 * @param imagesPerSecond training images per second, excluding the evaluation
 * @param learningRate the rate of the epoch's last update; null in runs of versions that did not
 *     keep it
 */
public record EpochMetrics(
    int epoch,
    double trainLoss,
    double trainAccuracy,
    double testAccuracy,
    Double testTopFive,
    double seconds,
    double imagesPerSecond,
    Double learningRate) {
  /** Creates metrics that do not say the learning rate. */
  public EpochMetrics(
      int epoch,
      double trainLoss,
      double trainAccuracy,
      double testAccuracy,
      double seconds,
      double imagesPerSecond) {
    this(epoch, trainLoss, trainAccuracy, testAccuracy, null, seconds, imagesPerSecond, null);
  }

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

  /** Returns the same without times, which differ between equal runs. */
  public EpochMetrics timeless() {
    return new EpochMetrics(
        epoch, trainLoss, trainAccuracy, testAccuracy, testTopFive, 0, 0, learningRate);
  }

  /** Returns the object of {@code metrics.jsonl}. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("epoch", epoch);
    map.put("trainLoss", trainLoss);
    map.put("trainAccuracy", trainAccuracy);
    map.put("testAccuracy", testAccuracy);
    if (testTopFive != null) {
      map.put("testTopFive", testTopFive);
    }
    if (learningRate != null) {
      map.put("learningRate", learningRate);
    }
    map.put("seconds", seconds);
    map.put("imagesPerSecond", imagesPerSecond);
    return map;
  }
}
