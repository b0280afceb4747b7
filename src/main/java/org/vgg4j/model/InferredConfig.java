package org.vgg4j.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Infers the configuration of a net from tensor names and shapes when its file, such as
 * torchvision's, has none. A module without tensors between two convolutions is a ReLU (and a
 * pool); dropout cannot be inferred and is assumed to be 0.5.
 */
final class InferredConfig {
  private final Path file;
  private final FileTensors tensors;

  private InferredConfig(Path file, FileTensors tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  static VggConfig of(Path file, FileTensors tensors) {
    return new InferredConfig(file, tensors).infer();
  }

  private VggConfig infer() {
    NavigableMap<Integer, List<Long>> convolutions = convolutions();
    if (convolutions.isEmpty()) {
      throw unknown("it has no features.N.weight of four axes");
    }
    boolean batchNorm = tensors.contains("features.1.running_mean");
    List<String> layers = new ArrayList<>();
    List<Integer> indexes = new ArrayList<>(convolutions.keySet());
    for (int i = 0; i < indexes.size(); i++) {
      List<Long> shape = convolutions.get(indexes.get(i));
      layers.add(shape.get(0) + (shape.get(2) == 1 ? "c1" : ""));
      int after = indexes.get(i) + (batchNorm ? 3 : 2);
      // The last convolution is followed by a pool in every VGG.
      int next = i + 1 < indexes.size() ? indexes.get(i + 1) : after + 1;
      switch (next - after) {
        case 0 -> {}
        case 1 -> layers.add("M");
        case 2 -> layers.addAll(List.of("L", "M"));
        default ->
            throw unknown("it jumps from features." + indexes.get(i) + " to features." + next);
      }
    }
    long last = convolutions.lastEntry().getValue().get(0);
    long pools = layers.stream().filter("M"::equals).count();
    List<Long> hidden = shape("classifier.0.weight", 2);
    List<Long> logits = shape("classifier.6.weight", 2);
    long side = Math.round(Math.sqrt((double) hidden.get(1) / last));
    if (side * side * last != hidden.get(1) || pools > 20) {
      throw unknown("classifier.0 takes " + hidden.get(1) + " values, not a square times " + last);
    }
    try {
      return VggConfig.builder()
          .layers(String.join(",", layers))
          .batchNorm(batchNorm)
          .channels(Math.toIntExact(convolutions.firstEntry().getValue().get(1)))
          .classes(Math.toIntExact(logits.get(0)))
          .imageSize(Math.toIntExact(side << pools))
          .hidden(Math.toIntExact(hidden.get(0)))
          .build();
    } catch (InvalidInputException | ArithmeticException e) {
      throw unknown(e.getMessage());
    }
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
