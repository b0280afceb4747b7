package org.vgg4j.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggLayer;

/** Computes the tensor names and shapes of a net's file in torchvision's form. */
final class TensorShapes {
  private TensorShapes() {}

  /** Returns the shapes by name, in order, with convolution biases before batch norm. */
  static Map<String, List<Long>> of(VggConfig config) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    long in = config.channels();
    int index = 0;
    for (VggLayer layer : config.layers()) {
      if (layer.kind() != VggLayer.Kind.CONV) {
        index++;
        continue;
      }
      long out = config.channelsOf(layer);
      long kernel = layer.kernel();
      String conv = "features." + index;
      shapes.put(conv + ".weight", List.of(out, in, kernel, kernel));
      shapes.put(conv + ".bias", List.of(out));
      if (config.batchNorm()) {
        String norm = "features." + (index + 1);
        for (String part : List.of("weight", "bias", "running_mean", "running_var")) {
          shapes.put(norm + "." + part, List.of(out));
        }
        shapes.put(norm + ".num_batches_tracked", List.of());
      }
      in = out;
      index += config.batchNorm() ? 3 : 2;
    }
    long hidden = config.hiddenFeatures();
    linear(shapes, "classifier.0", config.classifierInputs(), hidden);
    linear(shapes, "classifier.3", hidden, hidden);
    linear(shapes, "classifier.6", hidden, config.classes());
    return shapes;
  }

  private static void linear(Map<String, List<Long>> shapes, String name, long in, long out) {
    shapes.put(name + ".weight", List.of(out, in));
    shapes.put(name + ".bias", List.of(out));
  }
}
