package org.vgg4j.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import org.vgg4j.tensor.InvalidInputException;

/** Builds a {@link VggConfig}; {@link #build} checks everything. */
public final class VggConfigBuilder {
  private final Map<String, Object> values; // as in VggConfig.toMap

  VggConfigBuilder() {
    values = new LinkedHashMap<>();
    arch("vgg16").batchNorm(true).channels(3).classes(1000).imageSize(224);
    width(Width.FULL).dropout(0.5).hidden(4096);
  }

  VggConfigBuilder(VggConfig config) {
    values = config.toMap();
  }

  /**
   * Sets the layers to one of the paper's configurations.
   *
   * @throws InvalidInputException when the name is not in {@link VggConfig#ARCHITECTURES}
   */
  public VggConfigBuilder arch(String name) {
    return set("layers", VggConfig.layersOf(name)).set("arch", name);
  }

  /**
   * Sets custom layers; see {@link VggLayer#parseList}.
   *
   * @throws InvalidInputException when an entry cannot be read
   */
  public VggConfigBuilder layers(String list) {
    return set("layers", VggLayer.format(VggLayer.parseList(list))).set("arch", VggConfig.CUSTOM);
  }

  /** Sets whether a batch norm follows each convolution. */
  public VggConfigBuilder batchNorm(boolean value) {
    return set("batchNorm", value);
  }

  /** Sets the channels of an image. */
  public VggConfigBuilder channels(int value) {
    return set("channels", value);
  }

  /** Sets the number of classes. */
  public VggConfigBuilder classes(int value) {
    return set("classes", value);
  }

  /** Sets height and width of an image. */
  public VggConfigBuilder imageSize(int value) {
    return set("imageSize", value);
  }

  /** Sets the side of the adaptive average pool before the classifier; 0 for none. */
  public VggConfigBuilder averagePool(int value) {
    return set("averagePool", value);
  }

  /** Sets the width. */
  public VggConfigBuilder width(Width value) {
    return set("width", value);
  }

  /** Sets the classifier's dropout probability. */
  public VggConfigBuilder dropout(double value) {
    return set("dropout", value);
  }

  /** Sets the features of the classifier's hidden layers at full width. */
  public VggConfigBuilder hidden(int value) {
    return set("hidden", value);
  }

  private VggConfigBuilder set(String key, Object value) {
    values.put(key, value);
    return this;
  }

  /**
   * Returns the configuration.
   *
   * @throws InvalidInputException when the values do not fit together
   */
  public VggConfig build() {
    return VggConfig.fromMap(values);
  }
}
