package org.vgg4j.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;

/**
 * The configuration of a VGG: everything that determines its tensor shapes and what it computes.
 *
 * <p>Source: Simonyan and Zisserman, 2015, table 1.
 *
 * @param arch the name of the layer list: one of {@link #ARCHITECTURES}, or {@link #CUSTOM}
 * @param layers the convolutions, pools and normalizations, at full width
 * @param batchNorm whether a batch norm follows each convolution, which then has no bias
 * @param channels the channels of an image
 * @param classes the number of logits
 * @param imageSize height and width of an image; without an average pool a multiple of 2 for each
 *     max-pool
 * @param averagePool side of the adaptive average pool before the classifier, as in torchvision's
 *     nets, which have 7; 0 for none
 * @param width scales the channels of the convolutions and {@code hidden}
 * @param dropout the classifier's dropout probability, in [0, 1)
 * @param hidden the features of the classifier's two hidden layers at full width, such as 4096
 */
public record VggConfig(
    String arch,
    List<VggLayer> layers,
    boolean batchNorm,
    int channels,
    int classes,
    int imageSize,
    int averagePool,
    Width width,
    double dropout,
    int hidden) {
  /** The name of a layer list given by the user. */
  public static final String CUSTOM = "custom";

  /** The layer lists by name: configurations A, A-LRN, B, C, D and E of the paper. */
  public static final Map<String, String> ARCHITECTURES = architectures();

  /** Checks everything that can be checked without building. */
  public VggConfig {
    layers = List.copyOf(layers);
    if (layers.stream().noneMatch(layer -> layer.kind() == VggLayer.Kind.CONV)) {
      throw InvalidInputException.of("layers", VggLayer.format(layers) + " has no convolution");
    }
    InvalidInputException.requireAtLeast(1, "channels", channels);
    InvalidInputException.requireAtLeast(1, "classes", classes);
    InvalidInputException.requireAtLeast(1, "imageSize", imageSize);
    InvalidInputException.requireAtLeast(0, "averagePool", averagePool);
    InvalidInputException.requireAtLeast(1, "hidden", hidden);
    if (!(dropout >= 0 && dropout < 1)) {
      throw InvalidInputException.of("dropout", "must be in [0, 1), not " + dropout);
    }
    int pools = pools(layers);
    boolean fits = averagePool > 0 ? imageSize >> pools > 0 : imageSize % (1L << pools) == 0;
    if (pools > 30 || !fits) {
      throw InvalidInputException.of(
          "imageSize",
          "must be %s %d (%d %s), not %d"
              .formatted(
                  averagePool > 0 ? "at least" : "a multiple of",
                  1L << Math.min(pools, 62),
                  pools,
                  pools == 1 ? "pool" : "pools",
                  imageSize));
    }
    width.of(hidden);
    int last = channels;
    for (VggLayer layer : layers) {
      last = layer.kind() == VggLayer.Kind.CONV ? width.of(layer.channels()) : last;
    }
    long side = averagePool > 0 ? averagePool : imageSize >> pools;
    if (side * side > Integer.MAX_VALUE / last) {
      throw InvalidInputException.of(
          averagePool > 0 ? "averagePool" : "imageSize",
          (averagePool > 0 ? averagePool : imageSize)
              + " gives the classifier more than 2^31 features");
    }
  }

  private static Map<String, String> architectures() {
    Map<String, String> known = new LinkedHashMap<>();
    known.put("vgg11", "64,M,128,M,256,256,M,512,512,M,512,512,M");
    known.put("vgg11-lrn", "64,L,M,128,M,256,256,M,512,512,M,512,512,M");
    known.put("vgg13", "64,64,M,128,128,M,256,256,M,512,512,M,512,512,M");
    known.put("vgg16-1x1", "64,64,M,128,128,M,256,256,256c1,M,512,512,512c1,M,512,512,512c1,M");
    known.put("vgg16", "64,64,M,128,128,M,256,256,256,M,512,512,512,M,512,512,512,M");
    known.put("vgg19", "64,64,M,128,128,M,256,256,256,256,M,512,512,512,512,M,512,512,512,512,M");
    return Collections.unmodifiableMap(known);
  }

  /**
   * Returns the layer list of an architecture.
   *
   * @throws InvalidInputException when the name is not in {@link #ARCHITECTURES}
   */
  public static String layersOf(String arch) {
    return ARCHITECTURES.get(Choice.require("arch", ARCHITECTURES.keySet(), arch));
  }

  private static int pools(List<VggLayer> layers) {
    return (int) layers.stream().filter(layer -> layer.kind() == VggLayer.Kind.POOL).count();
  }

  /**
   * Returns a builder that starts at vgg16 with batch norm, 3x224x224, 1000 classes, dropout 0.5,
   * full width.
   */
  public static VggConfigBuilder builder() {
    return new VggConfigBuilder();
  }

  /** Returns a builder that starts from this configuration. */
  public VggConfigBuilder toBuilder() {
    return new VggConfigBuilder(this);
  }

  /** Returns the number of pools. */
  public int pools() {
    return pools(layers);
  }

  /** Returns the shape of one image: (C, H, W). */
  public Shape sample() {
    return Shape.of(channels, imageSize, imageSize);
  }

  /** Returns a convolution's output channels at this width. */
  public int channelsOf(VggLayer conv) {
    return width.of(conv.channels());
  }

  /** Returns the features of the classifier's hidden layers at this width. */
  public int hiddenFeatures() {
    return width.of(hidden);
  }

  /** Returns the number of values per image that the classifier receives. */
  public int classifierInputs() {
    int side = averagePool > 0 ? averagePool : featureSide();
    return lastChannels() * side * side;
  }

  /** Returns the channels of the features at this width. */
  public int lastChannels() {
    int last = channels;
    for (VggLayer layer : layers) {
      last = layer.kind() == VggLayer.Kind.CONV ? channelsOf(layer) : last;
    }
    return last;
  }

  /** Returns height and width of the features of an image, before an average pool. */
  public int featureSide() {
    return imageSize >> pools();
  }

  /** Computes the number of trained values. */
  public long parameterCount() {
    long count = 0;
    long in = channels;
    for (VggLayer layer : layers) {
      if (layer.kind() == VggLayer.Kind.CONV) {
        long out = channelsOf(layer);
        count += out * in * layer.kernel() * layer.kernel() + out * (batchNorm ? 2 : 1);
        in = out;
      }
    }
    long wide = hiddenFeatures();
    count += (classifierInputs() + 1L) * wide;
    count += (wide + 1) * wide;
    return count + (wide + 1) * classes;
  }

  /**
   * Returns the configuration as plain values for JSON and file metadata; {@link #fromMap} reads it
   * back.
   */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("arch", arch);
    map.put("layers", VggLayer.format(layers));
    map.put("batchNorm", batchNorm);
    map.put("channels", channels);
    map.put("classes", classes);
    map.put("imageSize", imageSize);
    if (averagePool > 0) { // files of nets without one stay as they were
      map.put("averagePool", averagePool);
    }
    map.put("width", width.toString());
    map.put("dropout", dropout);
    map.put("hidden", hidden);
    return map;
  }

  /**
   * Reads what {@link #toMap} wrote; each value may also be a string, and other keys are ignored.
   *
   * @throws InvalidInputException when a value is missing or cannot be read
   */
  public static VggConfig fromMap(Map<?, ?> map) {
    String arch = value(map, "arch", Function.identity());
    List<VggLayer> layers = value(map, "layers", VggLayer::parseList);
    String list = VggLayer.format(layers);
    if (!list.equals(arch.equals(CUSTOM) ? list : ARCHITECTURES.get(arch))) {
      throw new InvalidInputException(
          "the layers in the net's configuration are not those of " + arch);
    }
    return new VggConfig(
        arch,
        layers,
        value(map, "batchNorm", VggConfig::truth),
        value(map, "channels", Integer::valueOf),
        value(map, "classes", Integer::valueOf),
        value(map, "imageSize", Integer::valueOf),
        map.containsKey("averagePool") ? value(map, "averagePool", Integer::valueOf) : 0,
        value(map, "width", Width::parse),
        value(map, "dropout", Double::valueOf),
        value(map, "hidden", Integer::valueOf));
  }

  private static boolean truth(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(text);
    }
    return Boolean.parseBoolean(text);
  }

  private static <T> T value(Map<?, ?> map, String key, Function<String, T> parser) {
    if (map.get(key) == null) {
      throw new InvalidInputException("the net's configuration has no '" + key + "'");
    }
    String text = map.get(key).toString();
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "the net's configuration has the " + key + " '" + text + "'", e);
    }
  }
}
