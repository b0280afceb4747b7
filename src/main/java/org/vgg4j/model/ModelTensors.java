package org.vgg4j.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
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
 * Converts a net's tensors to and from those of a file. Before batch norm, only torchvision's
 * convolutions have a bias: it is written as zeros, and on reading it is subtracted from the
 * running mean, which is equivalent.
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
   * fetched from the engine on request.
   */
  public List<SafeTensor> toFile() {
    return toFile(spec -> null);
  }

  /**
   * Returns the same.
   *
   * @param room returns the memory that a tensor's values overwrite, null for new memory
   */
  public List<SafeTensor> toFile(Function<SafeTensorSpec, ByteBuffer> room) {
    List<SafeTensor> result = new ArrayList<>();
    for (String name : vgg.network().stateNames()) {
      if (counters.containsKey(name)) {
        ByteBuffer value = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        value.putLong(0, counters.get(name).value());
        result.add(SafeTensor.of(name, SafeTensorType.I64, value));
        continue;
      }
      Tensor tensor = tensors.get(name);
      result.add(SafeTensor.of(name, tensor, room));
      String bias = biasBeforeNorm(name, tensor.shape());
      if (bias != null) {
        int channels = tensor.shape().dim(0);
        ByteBuffer zeros = ByteBuffer.allocate(channels * SafeTensorType.F32.bytes());
        result.add(SafeTensor.of(bias, SafeTensorType.F32, zeros, channels));
      }
    }
    return result;
  }

  /**
   * Returns the name of the bias that only torchvision has for this convolution's weight, or null.
   */
  private String biasBeforeNorm(String name, Shape shape) {
    if (!vgg.config().batchNorm() || shape.rank() != 4) {
      return null;
    }
    return name.substring(0, name.length() - WEIGHT.length()) + BIAS;
  }

  /** Supplies a tensor's values, little-endian, as another type. */
  @FunctionalInterface
  public interface Values<E extends Exception> {
    /** Returns the values of an existing tensor. */
    ByteBuffer read(String name, SafeTensorType type) throws E;
  }

  /**
   * Reads every tensor of the net; call {@link #check} first.
   *
   * @param has whether a tensor exists
   */
  public <E extends Exception> void read(Predicate<String> has, Values<E> values) throws E {
    read(name -> true, has, values);
  }

  /**
   * Reads some tensors of the net and leaves the others as they are.
   *
   * @param part whether a tensor of the net is to be read
   * @param has whether a tensor exists
   */
  <E extends Exception> void read(Predicate<String> part, Predicate<String> has, Values<E> values)
      throws E {
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      String name = entry.getKey();
      if (!part.test(name)) {
        continue;
      }
      Tensor tensor = entry.getValue();
      String bias = name.endsWith(RUNNING_MEAN) ? biasBefore(name) : null;
      if (bias != null && has.test(bias)) {
        DoubleBuffer mean = values.read(name, SafeTensorType.F64).asDoubleBuffer();
        DoubleBuffer shift = values.read(bias, SafeTensorType.F64).asDoubleBuffer();
        double[] centred = new double[mean.limit()];
        Arrays.setAll(centred, c -> mean.get(c) - shift.get(c));
        tensor.upload(centred);
      } else {
        read(tensor, name, values);
      }
    }
    for (Counter counter : counters.values()) {
      String name = counter.name();
      if (part.test(name)) {
        counter.value(has.test(name) ? values.read(name, SafeTensorType.I64).getLong(0) : 0);
      }
    }
    vgg.network().refreshCompute();
  }

  /** A net for inference may store less than its file has. */
  private static <E extends Exception> void read(Tensor tensor, String name, Values<E> values)
      throws E {
    if (tensor.dtype() == DType.F64) {
      tensor.upload(values.read(name, SafeTensorType.F64));
    } else {
      tensor.uploadFloats(values.read(name, SafeTensorType.F32));
    }
  }

  /**
   * Returns the name of the bias just before a running mean: features.0.bias for
   * features.1.running_mean.
   */
  private static String biasBefore(String runningMean) {
    String module = runningMean.substring(0, runningMean.length() - RUNNING_MEAN.length());
    int dot = module.lastIndexOf('.');
    int index = Integer.parseInt(module.substring(dot + 1));
    return module.substring(0, dot + 1) + (index - 1) + BIAS;
  }

  /**
   * Checks names and shapes before any memory is allocated.
   *
   * @param origin where the tensors come from, for messages
   * @throws InvalidInputException naming the first tensor that is missing, unknown or of another
   *     shape
   */
  public static void check(Object origin, VggConfig config, List<SafeTensorSpec> tensors) {
    check(origin, config, tensors, name -> true);
  }

  /**
   * Checks a part of a net; what the origin has besides is not looked at.
   *
   * @param part whether a tensor of the net is wanted
   */
  static void check(
      Object origin, VggConfig config, List<SafeTensorSpec> tensors, Predicate<String> part) {
    Map<String, List<Long>> expected = TensorShapes.of(config);
    Map<String, List<Long>> found = new LinkedHashMap<>();
    tensors.forEach(spec -> found.put(spec.name(), spec.shape()));
    expected.forEach(
        (name, needed) -> {
          boolean optional =
              !part.test(name)
                  || name.endsWith(TRACKED)
                  || (config.batchNorm() && isConvBias(name, expected));
          List<Long> shape = found.get(name);
          if (shape == null && !optional) {
            throw new InvalidInputException(origin + " lacks the tensor " + name + " of its net");
          }
          if (shape != null && part.test(name) && !shape.equals(needed)) {
            throw new InvalidInputException(
                "%s: %s has the shape %s, but its net needs %s"
                    .formatted(origin, name, shape, needed));
          }
        });
    for (String name : found.keySet()) {
      if (part.test(name) && !expected.containsKey(name)) {
        throw new InvalidInputException(
            origin + " has a tensor " + name + ", which its net does not have");
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
