package org.vgg4j.data.preprocessing;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How an image becomes a net's input: resized, centre-cropped, divided by 255, and normalized; the
 * channel of a grey image is repeated. It belongs to a net like its weights: images must be
 * preprocessed as in training.
 *
 * @param channels C, of the net's images
 * @param fit how an image's proportions become the net's
 * @param resize the side of the square, or the shorter side, that an image is resized to, in pixels
 * @param crop S, the side of the square centre crop, at most {@code resize}; the net's image size
 * @param filter how resizing interpolates
 * @param mean what is subtracted from each channel after scaling to [0, 1]: C values
 * @param deviation what each channel is then divided by: C positive values
 * @param inversion when a picture file's light and dark are exchanged, before all else
 */
public record Preprocessing(
    int channels,
    PictureFit fit,
    int resize,
    int crop,
    ResizeFilter filter,
    List<Double> mean,
    List<Double> deviation,
    Inversion inversion) {
  /** The key of the preprocessing in a configuration. */
  public static final String KEY = "preprocessing";

  private static final int MOST_CHANNELS = 1 << 16;

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

  /**
   * Creates one that resizes to squares without antialiasing. A net of one channel takes picture
   * files in Fashion-MNIST's form, exchanging light and dark where their border is light.
   */
  public Preprocessing(
      int channels, int resize, int crop, List<Double> mean, List<Double> deviation) {
    this(
        channels,
        usualFit(channels),
        resize,
        crop,
        ResizeFilter.BILINEAR,
        mean,
        deviation,
        usualInversion(usualFit(channels)));
  }

  private static PictureFit usualFit(int channels) {
    return channels == 1 ? PictureFit.FASHION : PictureFit.SQUARE;
  }

  private static Inversion usualInversion(PictureFit fit) {
    return fit == PictureFit.FASHION ? Inversion.AUTO : Inversion.NEVER;
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

  /**
   * Returns the default for pictures of any size and proportions: the shorter side to the net's
   * size, antialiased, the middle, divided by 255. A net of one channel takes them in grey.
   */
  public static Preprocessing ofPictures(int channels, int imageSize) {
    return of(channels, imageSize).withFit(PictureFit.SHORTER).withFilter(ResizeFilter.ANTIALIASED);
  }

  /**
   * Returns what torchvision's classification weights were trained for: the shorter side to 256 and
   * the middle 224 (both scaled with the image size), antialiased; ImageNet's mean and deviation.
   */
  public static Preprocessing torchvision(int imageSize) {
    return new Preprocessing(
        3,
        PictureFit.SHORTER,
        Math.toIntExact(Math.round(imageSize * 256L / 224.0)),
        imageSize,
        ResizeFilter.ANTIALIASED,
        List.of(0.485, 0.456, 0.406),
        List.of(0.229, 0.224, 0.225),
        Inversion.NEVER);
  }

  /** Returns this with another fit, and the inversion that goes with it. */
  public Preprocessing withFit(PictureFit other) {
    return new Preprocessing(
        channels, other, resize, crop, filter, mean, deviation, usualInversion(other));
  }

  /** Returns this resizing to another size in pixels, at least {@code crop}. */
  public Preprocessing withResize(int other) {
    return new Preprocessing(channels, fit, other, crop, filter, mean, deviation, inversion);
  }

  /** Returns this for images of another size, in the same proportion to what is cropped. */
  public Preprocessing scaledTo(int size) {
    int other = Math.toIntExact(Math.round((double) resize * size / crop));
    return new Preprocessing(channels, fit, other, size, filter, mean, deviation, inversion);
  }

  /** Returns this with another filter. */
  public Preprocessing withFilter(ResizeFilter other) {
    return new Preprocessing(channels, fit, resize, crop, other, mean, deviation, inversion);
  }

  /** Returns this with other means and standard deviations, one for each channel. */
  public Preprocessing withNormalization(List<Double> means, List<Double> deviations) {
    return new Preprocessing(channels, fit, resize, crop, filter, means, deviations, inversion);
  }

  /** Returns this with another rule for light and dark. */
  public Preprocessing withInversion(Inversion other) {
    return new Preprocessing(channels, fit, resize, crop, filter, mean, deviation, other);
  }

  /** Returns whether this is the default of the nets that it fits. */
  public boolean isDefault() {
    return equals(of(channels, crop));
  }

  /**
   * Returns whether the images of a data set are only resized to squares without antialiasing and
   * divided by 255, which an engine can do itself.
   */
  public boolean onlyResizes() {
    return fit != PictureFit.SHORTER
        && resize == crop
        && filter == ResizeFilter.BILINEAR
        && mean.stream().allMatch(m -> m == 0)
        && deviation.stream().allMatch(d -> d == 1);
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

  /** Returns this in words, for a person. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(
        switch (fit) {
          case FASHION ->
              "as Fashion-MNIST's images (grey, square, 28x28), then resized to %1$dx%1$d";
          case SQUARE -> "resized to %1$dx%1$d";
          case SHORTER -> "shorter side resized to %1$d";
        });
    text.append(filter == ResizeFilter.ANTIALIASED ? " (antialiased bilinear)" : " (bilinear)");
    text.append(crop < resize || fit == PictureFit.SHORTER ? ", centre crop %2$d" : "");
    if (mean.stream().anyMatch(m -> m != 0) || deviation.stream().anyMatch(d -> d != 1)) {
      text.append(", mean ").append(list(mean));
      text.append(", deviation ").append(list(deviation));
    }
    text.append(
        switch (inversion) {
          case AUTO -> ", light and dark exchanged where the border is light";
          case ALWAYS -> ", light and dark exchanged";
          case NEVER -> "";
        });
    return text.toString().formatted(resize, crop);
  }

  private static String list(List<Double> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /**
   * Returns this as plain values for JSON; {@link #fromMap} reads it back. What the five-argument
   * constructor would choose is left out.
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("channels", channels);
    if (fit != usualFit(channels)) {
      map.put("fit", Choice.name(fit));
    }
    map.put("resize", resize);
    map.put("crop", crop);
    map.put("filter", Choice.name(filter));
    map.put("mean", mean);
    map.put("deviation", deviation);
    if (inversion != usualInversion(fit)) {
      map.put("inversion", Choice.name(inversion));
    }
    return map;
  }

  /**
   * Reads what {@link #toMap} wrote.
   *
   * @throws InvalidInputException when a value is missing or cannot be used
   */
  public static Preprocessing fromMap(Map<?, ?> map) {
    int channels = number(map, "channels");
    PictureFit fit =
        map.containsKey("fit") ? label(map, "fit", PictureFit.class) : usualFit(channels);
    return new Preprocessing(
        channels,
        fit,
        number(map, "resize"),
        number(map, "crop"),
        label(map, "filter", ResizeFilter.class),
        numbers(map, "mean"),
        numbers(map, "deviation"),
        map.containsKey("inversion")
            ? label(map, "inversion", Inversion.class)
            : usualInversion(fit));
  }

  private static <E extends Enum<E>> E label(Map<?, ?> map, String key, Class<E> type) {
    try {
      return Choice.of(key, type, String.valueOf(map.get(key)));
    } catch (InvalidInputException e) {
      throw new InvalidInputException("in a preprocessing, " + e.getMessage(), e);
    }
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
