package org.vgg4j.nn;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;

/**
 * A VGG with its configuration, ready to run. Its tensors have the names of torchvision's VGG.
 *
 * <p>Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
 * recognition", 2015.
 *
 * @param config its configuration
 * @param network the net, which this object closes
 */
public record Vgg(VggConfig config, Network network) implements AutoCloseable {
  private static final List<String> GROUPS = List.of("features", "classifier");
  private static final MaxPool2dSpec POOL = new MaxPool2dSpec(2, 2);

  /**
   * Plans a VGG without allocating memory.
   *
   * @param backend the engine, which must outlive the net
   */
  public static NetworkPlan plan(
      VggConfig config, Initialization initialization, NetworkOptions options, Backend backend) {
    return Network.plan(() -> module(config, initialization), config.sample(), options, backend);
  }

  /**
   * Builds a VGG.
   *
   * @param backend the engine, which must outlive the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public static Vgg build(
      VggConfig config, Initialization initialization, NetworkOptions options, Backend backend) {
    try (NetworkPlan planned = plan(config, initialization, options, backend)) {
      return new Vgg(config, planned.allocate());
    }
  }

  /**
   * Builds a copy of a trained net for inference alone, on the same engine: batch norms are parts
   * of the convolutions, nothing of a training is kept, and an engine in bf16 stores the weights
   * so.
   *
   * @param trained stays as it is and may be closed before the copy is
   * @param batchSizes the batch sizes that the copy will run at
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public static Vgg forInference(Vgg trained, Integer... batchSizes) {
    Vgg copy =
        build(
            NormFolding.config(trained.config),
            Initialization.KAIMING,
            NetworkOptions.inference(batchSizes).withoutInitialValues(),
            trained.network.backend());
    try {
      NormFolding.fold(trained.config, new NetValues(trained.network), copy);
      return copy;
    } catch (RuntimeException | Error e) {
      copy.close();
      throw e;
    }
  }

  /**
   * Plans a VGG without its last layer, for inference: its output is the last layer's input, (N,
   * {@link VggConfig#hiddenFeatures}), after the ReLU.
   *
   * @param backend the engine, which must outlive the net
   */
  public static NetworkPlan planFeatures(
      VggConfig config, NetworkOptions options, Backend backend) {
    return Network.plan(
        () -> body(config, Initialization.KAIMING, hidden(config, Initialization.KAIMING)),
        config.sample(),
        options,
        backend);
  }

  /** Builds a VGG to train at one batch size, with Kaiming initialization from seed 0. */
  public static Vgg build(VggConfig config, int batchSize, Backend backend) {
    return build(config, Initialization.KAIMING, NetworkOptions.training(batchSize), backend);
  }

  /** Returns the names of all layers that have parameters, in forward order. */
  public static List<String> layers(VggConfig config) {
    return Leaf.of(module(config, Initialization.PYTORCH)).stream()
        .map(Leaf::name)
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * Returns the names of layers that are said in short.
   *
   * @param said features, classifier, which is all of it but the last layer, or names of layers
   * @throws InvalidInputException when something is none of these, or all layers are said
   */
  public static List<String> layers(VggConfig config, List<String> said) {
    List<String> all = layers(config);
    String head = all.get(all.size() - 1);
    Set<String> meant = new LinkedHashSet<>();
    for (String name : said) {
      List<String> found =
          all.stream()
              .filter(
                  layer ->
                      layer.equals(name)
                          || (GROUPS.contains(name)
                              && layer.startsWith(name + ".")
                              && !layer.equals(head)))
              .toList();
      if (found.isEmpty()) {
        throw InvalidInputException.of(
            "freeze",
            "takes features, classifier or layers, not '%s'; the layers are %s"
                .formatted(name, String.join(", ", all)));
      }
      meant.addAll(found);
    }
    if (meant.size() == all.size()) {
      throw InvalidInputException.of("freeze", "leaves no layer to train");
    }
    return List.copyOf(meant);
  }

  /** Returns the unbuilt modules for one batch size: features and classifier. */
  public static Sequential module(VggConfig config, Initialization initialization) {
    return body(config, initialization, classifier(config, initialization));
  }

  private static Sequential body(
      VggConfig config, Initialization initialization, Sequential classifier) {
    Sequential net = new Sequential().add("features", features(config, initialization));
    if (config.averagePool() > 0) {
      int side = config.averagePool();
      net.add("avgpool", new AdaptiveAvgPool2d(new AdaptiveAvgPool2dSpec(side, side)));
    }
    return net.add("classifier", classifier);
  }

  /**
   * Numbers the parts as PyTorch does, where convolution, batch norm, ReLU and pool are separate
   * modules.
   */
  static Sequential features(VggConfig config, Initialization initialization) {
    Sequential features = new Sequential();
    List<VggLayer> layers = config.layers();
    int in = config.channels();
    int index = 0;
    for (int i = 0; i < layers.size(); i++) {
      VggLayer layer = layers.get(i);
      switch (layer.kind()) {
        case POOL -> features.add(Integer.toString(index++), new MaxPool2d(POOL));
        case LRN ->
            features.add(Integer.toString(index++), new LocalResponseNorm(LrnSpec.KRIZHEVSKY));
        case CONV -> {
          boolean pool = i + 1 < layers.size() && layers.get(i + 1).kind() == VggLayer.Kind.POOL;
          boolean feeds = i + 1 < layers.size() && layers.get(i + 1).kind() == VggLayer.Kind.CONV;
          VggLayer next = feeds ? layers.get(i + 1) : null;
          ConvBlockSpec spec = block(config, in, layer, pool, next);
          features.addInline(
              new ConvBlock(
                  spec, Integer.toString(index), Integer.toString(index + 1), initialization));
          in = spec.conv().outChannels();
          index += (config.batchNorm() ? 3 : 2) + (pool ? 1 : 0);
          i += pool ? 1 : 0;
        }
      }
    }
    return features;
  }

  /** Returns the spec of a block; {@code next} is the layer behind it if that is another block. */
  private static ConvBlockSpec block(
      VggConfig config, int in, VggLayer layer, boolean pool, VggLayer next) {
    int out = config.channelsOf(layer);
    return new ConvBlockSpec(
        conv(config, in, layer),
        config.batchNorm() ? BatchNorm2dSpec.of(out, true) : null,
        pool ? POOL : null,
        next == null ? null : conv(config, out, next));
  }

  private static Conv2dSpec conv(VggConfig config, int in, VggLayer layer) {
    int kernel = layer.kernel();
    return new Conv2dSpec(
        in, config.channelsOf(layer), kernel, kernel / 2, !config.batchNorm(), false);
  }

  private static Sequential classifier(VggConfig config, Initialization initialization) {
    LinearSpec head = new LinearSpec(config.hiddenFeatures(), config.classes(), false);
    return hidden(config, initialization)
        .add("5", new Dropout(config.dropout()))
        .add("6", new Linear(head, initialization));
  }

  /** Returns the classifier without its last layer and the dropout before that. */
  private static Sequential hidden(VggConfig config, Initialization initialization) {
    int in = config.classifierInputs();
    int hidden = config.hiddenFeatures();
    return new Sequential()
        .add("0", new Linear(new LinearSpec(in, hidden, true), initialization))
        .add("2", new Dropout(config.dropout()))
        .add("3", new Linear(new LinearSpec(hidden, hidden, true), initialization));
  }

  @Override
  public void close() {
    network.close();
  }
}
