package org.vgg4j.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How an image becomes a net's input: resized to a square, centre-cropped, divided by 255, and
 * normalized; the channel of a grey image is repeated. It belongs to a net like its weights: images
 * must be preprocessed as in training.
 *
 * <p>Resizing is bilinear with half-pixel centres and clamped edges, without antialiasing, and does
 * not keep the aspect ratio. Source: PyTorch's {@code interpolate(mode="bilinear",
 * align_corners=False)}.
 *
 * @param channels C, of the net's images
 * @param resize the side of the square that an image is resized to, in pixels
 * @param crop S, the side of the square centre crop, at most {@code resize}; the net's image size
 * @param mean what is subtracted from each channel after scaling to [0, 1]: C values
 * @param deviation what each channel is then divided by: C positive values
 */
public record Preprocessing(
    int channels, int resize, int crop, List<Double> mean, List<Double> deviation) {
  /** The key of the preprocessing in a configuration. */
  public static final String KEY = "preprocessing";

  private static final int MOST_CHANNELS = 1 << 16;
  private static final String FILTER = "bilinear";

  /** Checks the values. */
  public Preprocessing {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    require(
        channels >= 1 && channels <= MOST_CHANNELS,
        "needs at least 1 channel and at most %d, not %d".formatted(MOST_CHANNELS, channels));
    require(crop >= 1, "needs images of at least 1 pixel, not " + crop);
    require(crop <= resize, "cannot crop images of %d pixels to %d".formatted(resize, crop));
    require(
        mean.size() == channels && mean.stream().allMatch(Double::isFinite),
        "needs %d finite means, not %s".formatted(channels, mean));
    require(
        deviation.size() == channels
            && deviation.stream().allMatch(d -> d > 0 && Double.isFinite(d)),
        "needs %d positive standard deviations, not %s".formatted(channels, deviation));
  }

  private static void require(boolean fits, String otherwise) {
    if (!fits) {
      throw new InvalidInputException("a preprocessing " + otherwise);
    }
  }

  /** Returns a net's default: images resized to its size and divided by 255. */
  public static Preprocessing of(int channels, int imageSize) {
    int count = Math.max(0, Math.min(channels, MOST_CHANNELS));
    return new Preprocessing(
        channels,
        imageSize,
        imageSize,
        Collections.nCopies(count, 0.0),
        Collections.nCopies(count, 1.0));
  }

  /** Returns whether this is the default of the nets that it fits. */
  public boolean isDefault() {
    return equals(of(channels, crop));
  }

  /**
   * Checks that this yields images that fit a net.
   *
   * @throws InvalidInputException when it does not
   */
  public void requireFits(int netChannels, int imageSize) {
    require(
        channels == netChannels && crop == imageSize,
        "to %1$dx%2$dx%2$d does not fit a net for %3$dx%4$dx%4$d"
            .formatted(channels, crop, netChannels, imageSize));
  }

  /** Returns this as plain values for JSON; {@link #fromMap} reads it back. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("channels", channels);
    map.put("resize", resize);
    map.put("crop", crop);
    map.put("filter", FILTER);
    map.put("mean", mean);
    map.put("deviation", deviation);
    return map;
  }

  /**
   * Reads what {@link #toMap} wrote.
   *
   * @throws InvalidInputException when a value is missing or cannot be used
   */
  public static Preprocessing fromMap(Map<?, ?> map) {
    require(
        FILTER.equals(map.get("filter")),
        "with the filter " + map.get("filter") + " is not known, only " + FILTER);
    return new Preprocessing(
        number(map, "channels"),
        number(map, "resize"),
        number(map, "crop"),
        numbers(map, "mean"),
        numbers(map, "deviation"));
  }

  private static int number(Map<?, ?> map, String key) {
    require(map.get(key) instanceof Integer, "cannot have the " + key + " " + map.get(key));
    return (Integer) map.get(key);
  }

  private static List<Double> numbers(Map<?, ?> map, String key) {
    require(
        map.get(key) instanceof List<?> list && list.stream().allMatch(Number.class::isInstance),
        "cannot have the " + key + " " + map.get(key));
    return ((List<?>) map.get(key)).stream().map(v -> ((Number) v).doubleValue()).toList();
  }
}
