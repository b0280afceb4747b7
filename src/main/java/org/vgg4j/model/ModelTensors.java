package org.vgg4j.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Counter;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A net's tensors as a file has them. Where the net has batch norm, torchvision's convolutions have
 * a bias all the same: a file gets zeros for it, and one that is read is subtracted from the
 * running mean, which comes to the same.
 */
public final class ModelTensors {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";
  private static final String RUNNING_MEAN = ".running_mean";
  private static final String TRACKED = ".num_batches_tracked";

  private final Vgg vgg;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, Counter> counters = new LinkedHashMap<>();

  public ModelTensors(Vgg vgg) {
    this.vgg = vgg;
    for (Parameter parameter : vgg.network().parameters()) {
      tensors.put(parameter.name(), parameter.value());
    }
    for (Buffer buffer : vgg.network().buffers()) {
      tensors.put(buffer.name(), buffer.value());
    }
    for (Counter counter : vgg.network().counters()) {
      counters.put(counter.name(), counter);
    }
  }

  /**
   * Returns the tensors to write, in the order of PyTorch's {@code state_dict}; their values are
   * fetched from the engine when they are written.
   */
  List<SafeTensor> toFile() {
    return toFile(ModelTensors::stored);
  }

  /** Returns the tensors to write, each made of its name and the net's tensor. */
  public List<SafeTensor> toFile(BiFunction<String, Tensor, SafeTensor> made) {
    List<SafeTensor> result = new ArrayList<>();
    for (String name : vgg.network().stateNames()) {
      if (counters.containsKey(name)) {
        result.add(SafeTensor.ofLongs(name, new long[] {counters.get(name).value()}));
        continue;
      }
      Tensor tensor = tensors.get(name);
      result.add(made.apply(name, tensor));
      String bias = biasBeforeNorm(name, tensor.shape());
      if (bias != null) {
        int channels = tensor.shape().dim(0);
        result.add(SafeTensor.ofFloats(bias, new float[channels], channels));
      }
    }
    return result;
  }

  /**
   * Returns the name of the bias that a convolution of this weight has in torchvision only, or
   * null.
   */
  private String biasBeforeNorm(String name, Shape shape) {
    if (!vgg.config().batchNorm() || shape.rank() != 4) {
      return null;
    }
    return name.substring(0, name.length() - WEIGHT.length()) + BIAS;
  }

  /**
   * Returns a tensor whose values are fetched from the engine when they are written, one tensor at
   * a time.
   */
  private static SafeTensor stored(String name, Tensor tensor) {
    List<Long> dims = IntStream.of(tensor.shape().toArray()).mapToObj(Long::valueOf).toList();
    boolean wide = tensor.dtype() == DType.F64;
    SafeTensorSpec spec =
        new SafeTensorSpec(name, wide ? SafeTensorType.F64 : SafeTensorType.F32, dims);
    return new SafeTensor(spec, new TensorSource(tensor, wide));
  }

  /** Reads every tensor of the net; {@link #check} was called before. */
  void fromFile(SafeTensorsReader reader) throws IOException {
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      String name = entry.getKey();
      Tensor tensor = entry.getValue();
      if (tensor.dtype() == DType.F64) {
        tensor.upload(centred(name, reader.readDoubles(name), reader));
      } else if (name.endsWith(RUNNING_MEAN)) {
        tensor.upload(centred(name, reader.readDoubles(name), reader));
      } else {
        tensor.upload(reader.readFloats(name));
      }
    }
    for (Counter counter : counters.values()) {
      counter.value(reader.contains(counter.name()) ? reader.readLongs(counter.name())[0] : 0);
    }
  }

  /** Subtracts from a running mean the bias that the file has before the batch norm. */
  private static double[] centred(String name, double[] values, SafeTensorsReader reader)
      throws IOException {
    String bias = name.endsWith(RUNNING_MEAN) ? biasBefore(name) : null;
    if (bias != null && reader.contains(bias)) {
      double[] shift = reader.readDoubles(bias);
      for (int c = 0; c < values.length; c++) {
        values[c] -= shift[c];
      }
    }
    return values;
  }

  /**
   * Returns the name of the bias just before a running mean: of features.1.running_mean,
   * features.0.bias.
   */
  private static String biasBefore(String runningMean) {
    String module = runningMean.substring(0, runningMean.length() - RUNNING_MEAN.length());
    int dot = module.lastIndexOf('.');
    int index = Integer.parseInt(module.substring(dot + 1));
    return module.substring(0, dot + 1) + (index - 1) + BIAS;
  }

  /**
   * Checks names and shapes before any memory is taken.
   *
   * @throws InvalidInputException naming the first tensor that is missing, unknown or of another
   *     shape
   */
  static void check(Path file, VggConfig config, SafeTensorsReader reader) {
    Map<String, List<Long>> expected = TensorShapes.of(config);
    for (Map.Entry<String, List<Long>> entry : expected.entrySet()) {
      String name = entry.getKey();
      boolean optional =
          name.endsWith(TRACKED) || (config.batchNorm() && isConvBias(name, expected));
      if (!reader.contains(name)) {
        if (optional) {
          continue;
        }
        throw new InvalidInputException(file + " lacks the tensor " + name + " of its net");
      }
      List<Long> shape = reader.tensor(name).shape();
      if (!shape.equals(entry.getValue())) {
        throw new InvalidInputException(
            "%s: %s has the shape %s, but its net needs %s"
                .formatted(file, name, shape, entry.getValue()));
      }
    }
    for (SafeTensorSpec spec : reader.tensors()) {
      if (!expected.containsKey(spec.name())) {
        throw new InvalidInputException(
            file + " has a tensor " + spec.name() + ", which its net does not know");
      }
    }
  }

  private static boolean isConvBias(String name, Map<String, List<Long>> expected) {
    if (!name.endsWith(BIAS)) {
      return false;
    }
    List<Long> weight = expected.get(name.substring(0, name.length() - BIAS.length()) + WEIGHT);
    return weight != null && weight.size() == 4;
  }
}
