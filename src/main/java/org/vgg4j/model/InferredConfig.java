package org.vgg4j.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggLayer;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Infers the configuration of a net from tensor names and shapes when its file, such as
 * torchvision's, has none. Modules without tensors leave gaps in the numbers of the others: a gap
 * is taken for a pool only where one of the paper's nets has one. Dropout cannot be inferred and is
 * assumed to be 0.5.
 */
final class InferredConfig {
  private final Path file;
  private final FileTensors tensors;
  private final ConfigHints hints;
  private final NavigableMap<Integer, List<Long>> convolutions;
  private final List<String> notes = new ArrayList<>();
  private boolean batchNorm;

  private InferredConfig(Path file, FileTensors tensors, ConfigHints hints) {
    this.file = file;
    this.tensors = tensors;
    this.hints = hints;
    convolutions = convolutions();
  }

  /**
   * A configuration, and how it was come by.
   *
   * @param modules the numbers of modules with tensors within {@code features}: the file's to the
   *     net's
   * @param notes what was assumed, a sentence each
   */
  record Result(VggConfig config, Map<Integer, Integer> modules, List<String> notes) {}

  /**
   * Infers a configuration.
   *
   * @throws InvalidInputException when it is no VGG, when it does not fit the hints, or when
   *     several nets have these tensors; the message names the flag that decides
   */
  static Result of(Path file, FileTensors tensors, ConfigHints hints) {
    return new InferredConfig(file, tensors, hints).infer();
  }

  private Result infer() {
    if (convolutions.isEmpty()) {
      throw unknown("it has no features.N.weight of four axes");
    }
    convolutions.forEach(this::requireKnownKind);
    List<Integer> modules = List.copyOf(convolutions.keySet());
    batchNorm = tensors.contains("features." + (modules.get(0) + 1) + ".running_mean");
    List<VggLayer> layers = hints.layers() == null ? ofThePaper(modules) : given(modules);
    long last = convolutions.lastEntry().getValue().get(0);
    long pools = layers.stream().filter(layer -> layer.kind() == VggLayer.Kind.POOL).count();
    List<Long> hidden = shape("classifier.0.weight", 2);
    List<Long> logits = shape("classifier.6.weight", 2);
    long side = Math.round(Math.sqrt((double) hidden.get(1) / last));
    if (side * side * last != hidden.get(1) || pools > 20) {
      throw unknown("classifier.0 takes " + hidden.get(1) + " values, not a square times " + last);
    }
    long imageSize = hints.imageSize() == null ? assumedSize(side << pools) : hints.imageSize();
    boolean pooled = imageSize != side << pools;
    if (pooled) {
      notes.add(
          "%s: an adaptive average pool to %dx%d is assumed, since its classifier takes no other"
              .formatted(file, side, side));
    }
    try {
      VggConfig config =
          VggConfig.builder()
              .layers(VggLayer.format(layers))
              .batchNorm(batchNorm)
              .channels(Math.toIntExact(convolutions.firstEntry().getValue().get(1)))
              .classes(Math.toIntExact(logits.get(0)))
              .imageSize(Math.toIntExact(imageSize))
              .averagePool(pooled ? Math.toIntExact(side) : 0)
              .hidden(Math.toIntExact(hidden.get(0)))
              .build();
      return new Result(config, renumbered(modules, layers), List.copyOf(notes));
    } catch (InvalidInputException | ArithmeticException e) {
      if (hints.imageSize() != null
          && e instanceof InvalidInputException wrong
          && "imageSize".equals(wrong.field())) {
        throw wrong;
      }
      throw unknown(e.getMessage());
    }
  }

  private void requireKnownKind(int module, List<Long> shape) {
    long kernel = shape.get(2);
    if (shape.get(0) < 1 || kernel != shape.get(3) || (kernel != 1 && kernel != 3)) {
      throw unknown(
          "features.%d has the shape %s: no 3x3 or 1x1 convolution".formatted(module, shape));
    }
  }

  private long assumedSize(long size) {
    notes.add(
        "%s does not say its image size: %d is assumed; if it was trained at another, give"
                .formatted(file, size)
            + " --image-size");
    return size;
  }

  /** Returns the layers if their kernels and gaps are those of one of the paper's nets. */
  private List<VggLayer> ofThePaper(List<Integer> modules) {
    for (Map.Entry<String, String> known : VggConfig.ARCHITECTURES.entrySet()) {
      List<VggLayer> layers = withChannels(VggLayer.parseList(known.getValue()));
      if (layers != null && gaps(modules).equals(gapsOf(layers))) {
        notes.add(
            "%s does not say its layers: those of %s are assumed; if they differ, give --layers"
                .formatted(file, known.getKey()));
        return layers;
      }
    }
    List<String> guess = new ArrayList<>();
    List<Integer> gaps = gaps(modules);
    for (int i = 0; i < modules.size(); i++) {
      List<Long> shape = convolutions.get(modules.get(i));
      guess.add(shape.get(0) + (shape.get(2) == 1 ? "c1" : ""));
      if (i == gaps.size() || gaps.get(i) > 0) { // after the last, the file says nothing
        guess.add("M");
      }
    }
    throw InvalidInputException.of(
        "layers",
        "must be given, such as %s: %s has no configuration, and its tensors do not say which of its"
                .formatted(String.join(",", guess), file)
            + " modules are pools");
  }

  /**
   * Returns the layers with the file's channels; null when their convolutions are not the file's.
   */
  private List<VggLayer> withChannels(List<VggLayer> layers) {
    List<List<Long>> shapes = List.copyOf(convolutions.values());
    List<VggLayer> result = new ArrayList<>();
    int at = 0;
    for (VggLayer layer : layers) {
      if (layer.kind() != VggLayer.Kind.CONV) {
        result.add(layer);
      } else if (at < shapes.size() && shapes.get(at).get(2) == layer.kernel()) {
        int channels = Math.toIntExact(shapes.get(at++).get(0));
        result.add(new VggLayer(VggLayer.Kind.CONV, channels, layer.kernel()));
      } else {
        return null;
      }
    }
    return at == shapes.size() ? result : null;
  }

  private List<VggLayer> given(List<Integer> modules) {
    List<VggLayer> layers = VggLayer.parseList(hints.layers());
    if (!layers.equals(withChannels(layers))) {
      throw InvalidInputException.of(
          "layers", hints.layers() + " are not the convolutions of " + file);
    }
    List<Integer> gaps = gaps(modules);
    List<Integer> wanted = gapsOf(layers);
    for (int i = 0; i < gaps.size(); i++) {
      if (wanted.get(i) > gaps.get(i)) {
        throw InvalidInputException.of(
            "layers",
            "%s has %d modules behind features.%d, and %s has %d there"
                .formatted(file, gaps.get(i), modules.get(i), hints.layers(), wanted.get(i)));
      }
      if (wanted.get(i) < gaps.get(i)) {
        notes.add(
            "%s: %d of the modules behind features.%d are taken for dropout, which does nothing now"
                .formatted(file, gaps.get(i) - wanted.get(i), modules.get(i)));
      }
    }
    return layers;
  }

  /** Returns how many modules lie between one convolution's ReLU and the next convolution. */
  private List<Integer> gaps(List<Integer> modules) {
    List<Integer> gaps = new ArrayList<>();
    for (int i = 1; i < modules.size(); i++) {
      int gap = modules.get(i) - modules.get(i - 1) - (batchNorm ? 3 : 2);
      if (gap < 0) {
        throw unknown("features.%d has no ReLU".formatted(modules.get(i - 1)));
      }
      gaps.add(gap);
    }
    return gaps;
  }

  /** Numbers the modules as a net of these layers does. */
  private Map<Integer, Integer> renumbered(List<Integer> modules, List<VggLayer> layers) {
    Map<Integer, Integer> numbers = new TreeMap<>();
    int conv = 0;
    int next = 0;
    for (VggLayer layer : layers) {
      if (layer.kind() != VggLayer.Kind.CONV) {
        next++;
        continue;
      }
      int module = modules.get(conv++);
      numbers.put(module, next++);
      if (batchNorm) {
        numbers.put(module + 1, next++);
      }
      next++; // the ReLU
    }
    return numbers;
  }

  private static List<Integer> gapsOf(List<VggLayer> layers) {
    List<Integer> gaps = new ArrayList<>();
    int gap = 0;
    boolean first = true;
    for (VggLayer layer : layers) {
      if (layer.kind() != VggLayer.Kind.CONV) {
        gap++;
        continue;
      }
      if (!first) {
        gaps.add(gap);
      }
      first = false;
      gap = 0;
    }
    return gaps;
  }

  private NavigableMap<Integer, List<Long>> convolutions() {
    NavigableMap<Integer, List<Long>> found = new TreeMap<>();
    for (SafeTensorSpec spec : tensors.tensors()) {
      if (spec.name().matches("features\\.[0-9]{1,4}\\.weight") && spec.shape().size() == 4) {
        String index = spec.name().substring("features.".length(), spec.name().lastIndexOf('.'));
        found.put(Integer.parseInt(index), spec.shape());
      }
    }
    return found;
  }

  private List<Long> shape(String name, int rank) {
    if (!tensors.contains(name) || tensors.tensor(name).shape().size() != rank) {
      throw unknown("it has no " + name + " of " + rank + " axes");
    }
    return tensors.tensor(name).shape();
  }

  private InvalidInputException unknown(String why) {
    return new InvalidInputException(
        file + " has no configuration and is not a VGG with torchvision's names: " + why);
  }
}
