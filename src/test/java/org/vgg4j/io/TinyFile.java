package org.vgg4j.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A small valid file with a hash, for tests that damage it. */
final class TinyFile {
  private TinyFile() {}

  static void write(Path file) throws IOException {
    write(file, FileOperations.SYSTEM);
  }

  static void write(Path file, FileOperations files) throws IOException {
    SafeTensorsWriter.write(
        file,
        List.of(
            TestTensors.floats("w", new float[] {1, 2, 3, 4}, 2, 2),
            TestTensors.doubles("none", new double[0], 0),
            TestTensors.doubles("b", new double[] {0.5, -0.5}, 2),
            TestTensors.longs("n", new long[] {7})),
        Map.of("net", "vgg11", "classes", "Bag\nShirt"),
        files);
  }

  /** Opens a file, reads all that it holds and checks its hash. */
  static Verification readAll(Path file) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      for (SafeTensorSpec spec : reader.tensors()) {
        if (spec.type().isFloating()) {
          TestTensors.floats(reader, spec.name());
          TestTensors.doubles(reader, spec.name());
        } else {
          TestTensors.longs(reader, spec.name());
        }
      }
      return reader.verify();
    }
  }
}
