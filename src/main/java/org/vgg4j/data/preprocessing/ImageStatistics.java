package org.vgg4j.data.preprocessing;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageSource;
import org.vgg4j.tensor.InvalidInputException;

/**
 * What is known of all pixels of a data set, in units where values lie in [0, 1]. It is computed
 * from whole numbers, so it is the same bits on every machine and for any number of threads.
 *
 * @param images how many there are
 * @param mean of each channel
 * @param deviation the standard deviation of each channel
 * @param variances of the principal components of the channels, largest first
 * @param components their directions, each of length 1, in the order of the variances: what moves
 *     most is positive
 */
public record ImageStatistics(
    int images,
    List<Double> mean,
    List<Double> deviation,
    List<Double> variances,
    List<List<Double>> components) {
  /** The key of the statistics in a configuration. */
  public static final String KEY = "imageStatistics";

  /** The most channels of a net whose images are measured. */
  public static final int MOST_CHANNELS = 4;

  /** Copies the lists and checks that each is of the same channels. */
  public ImageStatistics {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    variances = List.copyOf(variances);
    components = components.stream().map(List::copyOf).toList();
    int channels = mean.size();
    requireChannels(channels);
    if (deviation.size() != channels
        || variances.size() != channels
        || components.size() != channels
        || components.stream().anyMatch(component -> component.size() != channels)) {
      throw new InvalidInputException("image statistics differ in their number of channels");
    }
  }

  private static void requireChannels(int channels) {
    if (channels < 1 || channels > MOST_CHANNELS) {
      throw new InvalidInputException(
          "image statistics are of 1 to %d channels, not %d".formatted(MOST_CHANNELS, channels));
    }
  }

  /** Returns the number of channels. */
  public int channels() {
    return mean.size();
  }

  /**
   * Reads all images, on several threads.
   *
   * @param how the net's: one grey channel counts for each of its channels
   * @throws InvalidInputException when an image cannot be used, or has neither one channel nor the
   *     net's
   */
  public static ImageStatistics of(ImageSource source, Preprocessing how) {
    requireChannels(how.channels());
    return IntStream.range(0, source.size())
        .parallel()
        .collect(() -> new PixelSums(source, how), PixelSums::add, PixelSums::addAll)
        .statistics(source.size());
  }

  /** Returns the statistics of a covariance. */
  static ImageStatistics of(int images, double[] mean, double[][] covariance) {
    PrincipalComponents found = PrincipalComponents.of(covariance);
    List<Double> means = new ArrayList<>();
    List<Double> deviations = new ArrayList<>();
    for (int c = 0; c < mean.length; c++) {
      means.add(mean[c]);
      deviations.add(Math.sqrt(covariance[c][c]));
    }
    return new ImageStatistics(images, means, deviations, found.variances(), found.directions());
  }

  /** Returns this as plain values for JSON; {@link #fromMap} reads it back. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("images", images);
    map.put("mean", mean);
    map.put("deviation", deviation);
    map.put("variances", variances);
    map.put("components", components);
    return map;
  }

  /**
   * Reads what {@link #toMap} wrote.
   *
   * @throws InvalidInputException when a value is missing or cannot be used
   */
  public static ImageStatistics fromMap(Map<?, ?> map) {
    if (!(map.get("images") instanceof Integer images)
        || !(map.get("components") instanceof List<?> components)) {
      throw new InvalidInputException("image statistics need images and components");
    }
    return new ImageStatistics(
        images,
        numbers(map.get("mean")),
        numbers(map.get("deviation")),
        numbers(map.get("variances")),
        components.stream().map(ImageStatistics::numbers).toList());
  }

  private static List<Double> numbers(Object value) {
    if (!(value instanceof List<?> list)
        || !list.stream()
            .allMatch(n -> n instanceof Number d && Double.isFinite(d.doubleValue()))) {
      throw new InvalidInputException("image statistics need lists of numbers, not " + value);
    }
    return list.stream().map(n -> ((Number) n).doubleValue()).toList();
  }
}
