package org.vgg4j.nn;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.vgg4j.tensor.InvalidInputException;

/** Puts a {@link VggConfig} together; everything is checked at {@link #build}. */
public final class VggConfigBuilder {
  private String arch = "vgg16";
  private List<VggLayer> layers = VggLayer.parseList(VggConfig.ARCHITECTURES.get(arch));
  private boolean batchNorm = true;
  private int channels = 3;
  private int classes = 1000;
  private int imageSize = 224;
  private Width width = Width.FULL;
  private double dropout = 0.5;
  private int hidden = 4096;

  VggConfigBuilder() {}

  VggConfigBuilder(VggConfig config) {
    arch = config.arch();
    layers = config.layers();
    batchNorm = config.batchNorm();
    channels = config.channels();
    classes = config.classes();
    imageSize = config.imageSize();
    width = config.width();
    dropout = config.dropout();
    hidden = config.hidden();
  }

  /**
   * Takes the layers of a configuration of the paper.
   *
   * @throws InvalidInputException when the name is none of {@link VggConfig#ARCHITECTURES}
   */
  public VggConfigBuilder arch(String name) {
    String list = VggConfig.ARCHITECTURES.get(name);
    if (list == null) {
      throw new InvalidInputException(
          "--arch " + name + " is none of " + String.join(", ", VggConfig.ARCHITECTURES.keySet()));
    }
    arch = name;
    layers = VggLayer.parseList(list);
    return this;
  }

  /**
   * Takes layers of one's own; see {@link VggLayer#parseList}.
   *
   * @throws InvalidInputException when an entry cannot be read
   */
  public VggConfigBuilder layers(String list) {
    arch = VggConfig.CUSTOM;
    layers = VggLayer.parseList(list);
    return this;
  }

  /** Sets whether a batch norm follows each convolution. */
  public VggConfigBuilder batchNorm(boolean value) {
    batchNorm = value;
    return this;
  }

  /** Sets the channels of an image. */
  public VggConfigBuilder channels(int value) {
    channels = value;
    return this;
  }

  /** Sets the number of classes. */
  public VggConfigBuilder classes(int value) {
    classes = value;
    return this;
  }

  /** Sets height and width of an image. */
  public VggConfigBuilder imageSize(int value) {
    imageSize = value;
    return this;
  }

  /** Sets the width. */
  public VggConfigBuilder width(Width value) {
    width = value;
    return this;
  }

  /** Sets the classifier's dropout probability. */
  public VggConfigBuilder dropout(double value) {
    dropout = value;
    return this;
  }

  /** Sets the features of the classifier's hidden layers at full width. */
  public VggConfigBuilder hidden(int value) {
    hidden = value;
    return this;
  }

  /**
   * Returns the configuration.
   *
   * @throws InvalidInputException when the parts do not fit each other
   */
  public VggConfig build() {
    return new VggConfig(
        arch, layers, batchNorm, channels, classes, imageSize, width, dropout, hidden);
  }

  static VggConfig read(Map<String, ?> map) {
    VggConfigBuilder builder = new VggConfigBuilder();
    builder.arch = text(map, "arch");
    builder.layers = VggLayer.parseList(text(map, "layers"));
    String list = VggConfig.ARCHITECTURES.get(builder.arch);
    boolean fits =
        list == null
            ? builder.arch.equals(VggConfig.CUSTOM)
            : list.equals(VggLayer.format(builder.layers));
    if (!fits) {
      throw new InvalidInputException(
          "the net's configuration gives " + builder.arch + " other layers than it has");
    }
    return builder
        .batchNorm(value(map, "batchNorm", VggConfigBuilder::truth))
        .channels(value(map, "channels", Integer::valueOf))
        .classes(value(map, "classes", Integer::valueOf))
        .imageSize(value(map, "imageSize", Integer::valueOf))
        .width(Width.parse(text(map, "width")))
        .dropout(value(map, "dropout", Double::valueOf))
        .hidden(value(map, "hidden", Integer::valueOf))
        .build();
  }

  private static Boolean truth(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException(text);
    }
    return Boolean.valueOf(text);
  }

  private static String text(Map<String, ?> map, String key) {
    Object value = map.get(key);
    if (value == null) {
      throw new InvalidInputException("the net's configuration has no '" + key + "'");
    }
    return value.toString();
  }

  private static <T> T value(Map<String, ?> map, String key, Function<String, T> parser) {
    String text = text(map, key);
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "the net's configuration has the " + key + " '" + text + "'", e);
    }
  }
}
