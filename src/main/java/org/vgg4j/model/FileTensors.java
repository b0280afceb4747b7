package org.vgg4j.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A model file's tensors under the names that torchvision would give them, whatever wrapper or
 * library wrote the file; see {@link ForeignNames}.
 */
final class FileTensors {
  private static final String TRACKED = ".num_batches_tracked";

  private final Path file;
  private final SafeTensorsReader reader;
  private final Map<String, SafeTensorSpec> specs = new LinkedHashMap<>(); // by the name here
  private final Map<String, String> names = new LinkedHashMap<>(); // in the file, by the name here
  private final List<String> notes = new ArrayList<>();

  /**
   * Gives every tensor its name.
   *
   * @throws InvalidInputException when the file holds several nets
   */
  FileTensors(Path file, SafeTensorsReader reader) {
    this.file = file;
    this.reader = reader;
    ForeignNames translation = new ForeignNames(file, reader.tensors());
    for (SafeTensorSpec spec : reader.tensors()) {
      String name = translation.nameOf(spec.name());
      if (name == null) {
        continue;
      }
      String other = names.put(name, spec.name());
      if (other != null) {
        throw new InvalidInputException(
            "%s has both %s and %s, which are the same tensor of a net; leave one out"
                .formatted(file, other, spec.name()));
      }
      specs.put(name, new SafeTensorSpec(name, spec.type(), shape(name, spec)));
    }
    notes.addAll(translation.notes());
  }

  /** A counter may have one axis; timm's linear layers are convolutions over the whole image. */
  private static List<Long> shape(String name, SafeTensorSpec spec) {
    List<Long> shape = spec.shape();
    if (name.endsWith(TRACKED) && shape.equals(List.of(1L))) {
      return List.of();
    }
    boolean translated = !name.equals(spec.name()) && name.startsWith("classifier.");
    return translated && shape.size() == 4
        ? List.of(shape.get(0), shape.get(1) * shape.get(2) * shape.get(3))
        : shape;
  }

  /**
   * Numbers the modules of the features anew: the file's number to the net's.
   *
   * @throws InvalidInputException when another module has tensors: leaving it out would change what
   *     the net computes
   */
  void renumber(Map<Integer, Integer> numbers) {
    Map<String, SafeTensorSpec> before = new LinkedHashMap<>(specs);
    Map<String, String> namesBefore = new LinkedHashMap<>(names);
    specs.clear();
    names.clear();
    before.forEach(
        (name, spec) -> {
          String there = namesBefore.get(name);
          String now = renumbered(name, there, numbers);
          specs.put(now, new SafeTensorSpec(now, spec.type(), spec.shape()));
          names.put(now, there);
        });
  }

  private String renumbered(String name, String there, Map<Integer, Integer> numbers) {
    String[] parts = name.split("\\.", 3);
    if (!parts[0].equals("features") || !parts[1].matches("\\d{1,4}")) {
      return name;
    }
    Integer number = numbers.get(Integer.valueOf(parts[1]));
    if (number == null) {
      throw new InvalidInputException(
          "%s has a tensor %s, which its net does not have".formatted(file, there));
    }
    return parts[0] + "." + number + "." + parts[2];
  }

  /** Returns what was translated or left alone, a sentence each. */
  List<String> notes() {
    return notes;
  }

  List<SafeTensorSpec> tensors() {
    return List.copyOf(specs.values());
  }

  boolean contains(String name) {
    return specs.containsKey(name);
  }

  SafeTensorSpec tensor(String name) {
    return specs.get(name);
  }

  /**
   * Reads a tensor as {@link SafeTensorsReader#read} does; counts may be floating-point numbers.
   */
  ByteBuffer read(String name, SafeTensorType type) throws IOException {
    String there = names.get(name);
    if (type != SafeTensorType.I64 || !specs.get(name).type().isFloating()) {
      return reader.read(there, type);
    }
    DoubleBuffer values = reader.read(there, SafeTensorType.F64).asDoubleBuffer();
    ByteBuffer counts =
        ByteBuffer.allocate(values.limit() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.limit(); i++) {
      if (values.get(i) != Math.rint(values.get(i)) || Math.abs(values.get(i)) > 0x1p53) {
        throw new InvalidInputException(
            "%s: %s is %s, not a count".formatted(file, there, values.get(i)));
      }
      counts.putLong((long) values.get(i));
    }
    return counts.flip();
  }
}
