package org.vgg4j.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A file as PyTorch's safetensors writes torchvision's VGG: every convolution has a bias, the data
 * are sorted by the width of their type and then by name. Put together here from the format's
 * description, without the library's own writer.
 */
public final class TorchvisionFile {
  /** A tensor; integers have their value in {@code count} and no floats. */
  record Values(List<Long> shape, float[] floats, long count) {}

  private final Map<String, Values> tensors = new LinkedHashMap<>(); // in state_dict's order
  private final Random random;

  /** Makes a net of random values; {@code layers} as {@code --layers} takes them. */
  public TorchvisionFile(
      String layers, boolean batchNorm, int channels, int classes, int imageSize, int hidden) {
    random = new Random(layers.hashCode());
    long in = channels;
    long side = imageSize;
    int index = 0;
    for (String layer : layers.split(",")) {
      if (layer.equals("M") || layer.equals("L")) {
        side = layer.equals("M") ? side / 2 : side;
        index++;
        continue;
      }
      long kernel = layer.endsWith("c1") ? 1 : 3;
      long out = Long.parseLong(layer.replace("c1", ""));
      put("features." + index + ".weight", out, in, kernel, kernel);
      put("features." + index + ".bias", out);
      index++;
      if (batchNorm) {
        String norm = "features." + index + ".";
        put(norm + "weight", out);
        put(norm + "bias", out);
        put(norm + "running_mean", out);
        put(norm + "running_var", out);
        tensors.put(norm + "num_batches_tracked", new Values(List.of(), null, 7));
        index++;
      }
      index++; // the ReLU
      in = out;
    }
    linear("classifier.0", in * side * side, hidden);
    linear("classifier.3", hidden, hidden);
    linear("classifier.6", hidden, classes);
  }

  private void linear(String name, long in, long out) {
    put(name + ".weight", out, in);
    put(name + ".bias", out);
  }

  /** Puts, or replaces, a tensor of random values: variances in [0.5, 1.5), others in [-1, 1). */
  void put(String name, long... shape) {
    List<Long> dims = new ArrayList<>();
    int count = 1;
    for (long dim : shape) {
      dims.add(dim);
      count *= Math.toIntExact(dim);
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      float uniform = random.nextFloat();
      values[i] = name.endsWith("running_var") ? uniform + 0.5f : 2 * uniform - 1;
    }
    tensors.put(name, new Values(dims, values, 0));
  }

  /**
   * Replaces all values by those of a formula that other programs can compute too: parameter k, in
   * the order of the names, has 2 (u / 2^31 - 1) / sqrt(n / rows) where u = (2654435761 i + 40503
   * k) mod 2^32 for value i of n.
   */
  public TorchvisionFile byFormula() {
    long k = 0;
    for (Values values : tensors.values()) {
      float[] floats = values.floats();
      long rows = values.shape().size() == 1 ? floats.length : values.shape().get(0);
      for (int i = 0; i < floats.length; i++) {
        long u = (2654435761L * i + 40503 * k) & 0xFFFFFFFFL;
        floats[i] =
            (float) (2 * (u / (double) (1L << 31) - 1) / Math.sqrt((double) floats.length / rows));
      }
      k++;
    }
    return this;
  }

  /** Gives tensors other names. */
  TorchvisionFile rename(UnaryOperator<String> names) {
    Map<String, Values> renamed = new LinkedHashMap<>();
    tensors.forEach((name, values) -> renamed.put(names.apply(name), values));
    tensors.clear();
    tensors.putAll(renamed);
    return this;
  }

  /** Gives a tensor another shape of as many values. */
  TorchvisionFile reshape(String name, long... shape) {
    Values values = tensors.get(name);
    List<Long> dims = Arrays.stream(shape).boxed().toList();
    tensors.put(name, new Values(dims, values.floats(), values.count()));
    return this;
  }

  /** Puts, or replaces, a tensor. */
  TorchvisionFile put(String name, float[] values, long... shape) {
    tensors.put(name, new Values(Arrays.stream(shape).boxed().toList(), values, 0));
    return this;
  }

  void remove(String name) {
    if (tensors.remove(name) == null) {
      throw new IllegalArgumentException(name);
    }
  }

  /** Returns the names in the order of PyTorch's state_dict. */
  List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  float[] floats(String name) {
    return tensors.get(name).floats();
  }

  List<Long> shape(String name) {
    return tensors.get(name).shape();
  }

  /** Writes the file; without {@code metadata} when there are none. */
  public Path write(Path file, Map<String, String> metadata) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      header.put("__metadata__", metadata);
    }
    List<String> order = new ArrayList<>(tensors.keySet());
    order.sort(
        Comparator.comparing((String name) -> tensors.get(name).floats() != null)
            .thenComparing(Comparator.naturalOrder()));
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String name : order) {
      Values values = tensors.get(name);
      int begin = data.size();
      data.write(bytes(values));
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", values.floats() == null ? "I64" : "F32");
      entry.put("shape", values.shape());
      entry.put("data_offsets", List.of(begin, data.size()));
      header.put(name, entry);
    }
    byte[] json = new ObjectMapper().writeValueAsBytes(header);
    ByteBuffer whole =
        ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
    whole.putLong(json.length).put(json).put(data.toByteArray());
    return Files.write(file, whole.array());
  }

  private static byte[] bytes(Values values) {
    if (values.floats() == null) {
      return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(values.count()).array();
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(4 * values.floats().length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values.floats());
    return bytes.array();
  }
}
