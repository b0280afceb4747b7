package org.vgg4j.parity;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.tensor.Shape;

/**
 * What libtorch computed for one small net, in double; benchmarks/README.md describes the file.
 *
 * @param x the shape of the images
 * @param tensors row-major, all but the labels
 */
record Fixture(
    String net,
    Map<String, String> metadata,
    Shape x,
    int[] labels, // (N)
    Map<String, double[]> tensors) {
  /** The nets that there is a file of. */
  static final List<String> NETS = List.of("plain", "batchnorm", "mixed1x1", "lrn", "lrn_strong");

  static Fixture read(String net) {
    try (SafeTensorsReader reader = SafeTensorsReader.open(path(net))) {
      Map<String, double[]> tensors = new LinkedHashMap<>();
      for (SafeTensorSpec spec : reader.tensors()) {
        if (!spec.name().equals("labels")) {
          tensors.put(spec.name(), TestTensors.doubles(reader, spec.name()));
        }
      }
      long[] labels = TestTensors.longs(reader, "labels");
      List<Long> x = reader.tensor("x").shape();
      return new Fixture(
          net,
          reader.metadata(),
          Shape.of(x.stream().mapToInt(Math::toIntExact).toArray()),
          LongStream.of(labels).mapToInt(Math::toIntExact).toArray(),
          tensors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Tensors of a file without images.
   *
   * @param tensors row-major
   */
  record Results(Map<String, String> metadata, Map<String, double[]> tensors) {
    double[] values(String name) {
      double[] values = tensors.get(name);
      if (values == null) {
        throw new IllegalArgumentException("the file has no tensor " + name);
      }
      return values;
    }

    /** Returns the names that begin with {@code prefix}. */
    Set<String> names(String prefix) {
      Set<String> names = new TreeSet<>(tensors.keySet());
      names.removeIf(name -> !name.startsWith(prefix));
      return names;
    }
  }

  static Results results(String file) {
    try (SafeTensorsReader reader = SafeTensorsReader.open(path(file))) {
      Map<String, double[]> tensors = new LinkedHashMap<>();
      for (SafeTensorSpec spec : reader.tensors()) {
        tensors.put(spec.name(), TestTensors.doubles(reader, spec.name()));
      }
      return new Results(reader.metadata(), tensors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the file itself, or a copy of one that lies in a jar, as in a bundle. */
  private static Path path(String net) throws IOException {
    URL found = Fixture.class.getResource("/fixtures/" + net + ".safetensors");
    if (found.getProtocol().equals("file")) {
      return Path.of(URI.create(found.toString()));
    }
    Path copy = Files.createTempFile("vgg4j-fixture-", ".safetensors");
    copy.toFile().deleteOnExit();
    try (InputStream bytes = found.openStream()) {
      Files.copy(bytes, copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return copy;
  }

  int batch() {
    return x.dim(0);
  }

  /** Returns a tensor's values, to be left as they are. */
  double[] values(String name) {
    double[] values = tensors.get(name);
    if (values == null) {
      throw new IllegalArgumentException("the fixture " + net + " has no tensor " + name);
    }
    return values;
  }

  /** Returns the names that begin with {@code prefix}. */
  Set<String> names(String prefix) {
    Set<String> names = new TreeSet<>(tensors.keySet());
    names.removeIf(name -> !name.startsWith(prefix));
    return names;
  }

  /**
   * Returns the prefix of the state after a step, such as {@code adam.3.}: the start's is empty.
   */
  static String state(Run run, int step) {
    return step == 0 ? "" : run.label() + "." + step + ".";
  }

  @Override
  public String toString() {
    return net;
  }
}
