package org.vgg4j.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A VGG of libtorch's operations; its tensors are named as in torchvision's VGG.
 *
 * <p>Everything is initialised at random, batch normalization's parameters and running statistics
 * too, so that none of them can be left out unnoticed.
 */
final class TorchNet {
  private static final TensorOptional NONE = new TensorOptional();

  private final VggSpec spec;
  private final Values values;
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private final Map<String, Tensor> statistics = new LinkedHashMap<>();
  private final Part features = new Part("features", new ArrayList<>());
  private final Part classifier = new Part("classifier", new ArrayList<>());

  TorchNet(VggSpec spec, Values values) {
    this.spec = spec;
    this.values = values;
    long channels = spec.inChannels();
    long height = spec.height();
    long width = spec.width();
    for (String token : spec.layout()) {
      if (token.equals("M")) {
        features.add("MaxPool2d", "2", (x, training) -> maxPool2d(x));
        height /= 2;
        width /= 2;
      } else if (token.startsWith("LRN:")) {
        addLocalResponseNorm(token.split(":"));
      } else if (token.startsWith("1x1:")) {
        channels = addBlock(channels, Long.parseLong(token.substring(4)), 1);
      } else {
        channels = addBlock(channels, Long.parseLong(token), 3);
      }
    }
    addLinear(channels * height * width, spec.hidden());
    addHiddenActivation();
    addLinear(spec.hidden(), spec.hidden());
    addHiddenActivation();
    addLinear(spec.hidden(), spec.classes());
  }

  /** Returns the learned tensors by name, in the order of the layers. */
  Map<String, Tensor> parameters() {
    return Collections.unmodifiableMap(parameters);
  }

  /** Returns batch normalization's running means and variances by name. */
  Map<String, Tensor> statistics() {
    return Collections.unmodifiableMap(statistics);
  }

  /** Returns the layers in order; the features are flattened before {@code classifier.0}. */
  List<Layer> layers() {
    List<Layer> all = new ArrayList<>(features.layers());
    all.addAll(classifier.layers());
    return all;
  }

  /** Returns the parameters as an optimizer takes them. */
  TensorVector parameterVector() {
    return new TensorVector(parameters.values().toArray(Tensor[]::new));
  }

  /** Returns the number of learned values. */
  long parameterCount() {
    return parameters.values().stream().mapToLong(Tensor::numel).sum();
  }

  /** Returns a copy of the parameters and running statistics. */
  Map<String, Tensor> snapshot() {
    Map<String, Tensor> copy = new LinkedHashMap<>();
    parameters.forEach((name, tensor) -> copy.put(name, tensor.detach().clone()));
    statistics.forEach((name, tensor) -> copy.put(name, tensor.clone()));
    return copy;
  }

  /** Takes the values of a {@link #snapshot()}. */
  void restore(Map<String, Tensor> snapshot) {
    parameters.forEach((name, tensor) -> tensor.detach().copy_(snapshot.get(name)));
    statistics.forEach((name, tensor) -> tensor.copy_(snapshot.get(name)));
  }

  /** Returns the logits (N, classes) of a batch (N, C, H, W). */
  Tensor forward(Tensor x, boolean training) {
    return forward(x, training, (layer, input) -> {});
  }

  /** Returns the logits, and shows {@code probe} the input of every layer on the way. */
  Tensor forward(Tensor x, boolean training, BiConsumer<Layer, Tensor> probe) {
    Tensor y = run(features.layers(), x, training, probe);
    return run(classifier.layers(), torch.flatten(y, 1, -1), training, probe);
  }

  private static Tensor run(
      List<Layer> layers, Tensor x, boolean training, BiConsumer<Layer, Tensor> probe) {
    Tensor y = x;
    for (Layer layer : layers) {
      probe.accept(layer, y);
      y = layer.forward().apply(y, training);
    }
    return y;
  }

  /** Adds convolution, batch normalization and ReLU; returns the channels of the output. */
  private long addBlock(long in, long out, long kernel) {
    String name = features.nextName();
    TensorOptional bias = NONE;
    double bound = Math.sqrt(6.0 / (in * kernel * kernel));
    Tensor w = parameter(name + ".weight", -bound, bound, out, in, kernel, kernel);
    if (!spec.batchNorm()) {
      bias = new TensorOptional(parameter(name + ".bias", -0.5, 0.5, out));
    }
    TensorOptional b = bias;
    long[] one = {1, 1};
    long[] padding = {kernel / 2, kernel / 2};
    String arguments =
        "%d, %d, kernel_size=%d, padding=%d, bias=%b"
            .formatted(in, out, kernel, kernel / 2, !spec.batchNorm());
    features.add("Conv2d", arguments, (x, training) -> torch.conv2d(x, w, b, one, padding, one, 1));
    if (spec.batchNorm()) {
      addBatchNorm(out);
    }
    addRelu(features);
    return out;
  }

  private void addBatchNorm(long channels) {
    String name = features.nextName();
    TensorOptional gamma = new TensorOptional(parameter(name + ".weight", 0.5, 1.5, channels));
    TensorOptional beta = new TensorOptional(parameter(name + ".bias", -0.5, 0.5, channels));
    Tensor mean = values.uniform(-0.5, 0.5, channels);
    Tensor variance = values.uniform(0.5, 1.5, channels);
    statistics.put(name + ".running_mean", mean);
    statistics.put(name + ".running_var", variance);
    TensorOptional runningMean = new TensorOptional(mean);
    TensorOptional runningVariance = new TensorOptional(variance);
    features.add(
        "BatchNorm2d",
        "%d, eps=%s, momentum=%s"
            .formatted(channels, VggSpec.BATCH_NORM_EPSILON, VggSpec.BATCH_NORM_MOMENTUM),
        (x, training) ->
            torch.batch_norm(
                x,
                gamma,
                beta,
                runningMean,
                runningVariance,
                training,
                VggSpec.BATCH_NORM_MOMENTUM,
                VggSpec.BATCH_NORM_EPSILON,
                false));
  }

  private void addLocalResponseNorm(String[] token) {
    LocalResponseNorm norm =
        new LocalResponseNorm(
            Long.parseLong(token[1]),
            Double.parseDouble(token[2]),
            Double.parseDouble(token[3]),
            Double.parseDouble(token[4]));
    features.add("LocalResponseNorm", norm.arguments(), (x, training) -> norm.apply(x));
  }

  private void addLinear(long in, long out) {
    String name = classifier.nextName();
    double bound = Math.sqrt(6.0 / in);
    Tensor w = parameter(name + ".weight", -bound, bound, out, in);
    TensorOptional b = new TensorOptional(parameter(name + ".bias", -0.5, 0.5, out));
    classifier.add("Linear", in + ", " + out, (x, training) -> torch.linear(x, w, b));
  }

  private void addHiddenActivation() {
    addRelu(classifier);
    double p = spec.dropout();
    classifier.add("Dropout", "" + p, (x, training) -> p == 0 ? x : torch.dropout(x, p, training));
  }

  private static void addRelu(Part part) {
    part.add("ReLU", "", (x, training) -> torch.relu(x));
  }

  private static Tensor maxPool2d(Tensor x) {
    long[] two = {2, 2};
    return torch.max_pool2d(x, two, two, new long[] {0, 0}, new long[] {1, 1}, false);
  }

  private Tensor parameter(String name, double low, double high, long... shape) {
    Tensor tensor = values.uniform(low, high, shape).requires_grad_(true);
    parameters.put(name, tensor);
    return tensor;
  }

  /** The layers before or after the flattening, which number themselves. */
  private record Part(String name, List<Layer> layers) {
    String nextName() {
      return name + "." + layers.size();
    }

    void add(String type, String arguments, Layer.Forward forward) {
      layers.add(new Layer(nextName(), type, arguments, forward));
    }
  }
}
