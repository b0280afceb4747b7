package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.TinyNets;

/** Files read into a configuration that is given, whole and in part. */
final class GivenConfigTest {
  private static final VggConfig CONFIG = TinyNets.config("4,M,6,M", true, 3, 0.5);

  @TempDir private Path folder;

  private final Backend backend = Backends.open("reference").backend();

  private Path saved() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Vgg vgg = TinyNets.random(CONFIG, NetworkOptions.inference(1), backend)) {
      ModelFile.save(vgg, List.of("a", "b", "c"), file);
    }
    return file;
  }

  @Test
  void theGivenConfigurationCounts() throws IOException {
    VggConfig other = CONFIG.toBuilder().dropout(0.1).build();
    Path foreign =
        new TorchvisionFile("4,M,6,M", true, 1, 3, 8, 6).write(folder.resolve("t"), Map.of());
    for (Path file : List.of(saved(), foreign)) {
      try (ModelFile.Loaded loaded =
          ModelFile.load(file, other, NetworkOptions.training(2), backend)) {
        assertEquals(other, loaded.vgg().config());
        assertFalse(loaded.inferred());
      }
    }
  }

  @Test
  void aConfigurationThatDoesNotFitIsRefused() throws IOException {
    Path file = saved();
    VggConfig five = CONFIG.toBuilder().classes(5).build();
    String message =
        assertThrows(
                InvalidInputException.class,
                () -> ModelFile.load(file, five, NetworkOptions.inference(1), backend).close())
            .getMessage();
    assertTrue(message.contains("classifier.6.weight has the shape [3, 6]"), message);
  }

  /** All but the last layer, for other classes. */
  @Test
  void aPartIsReadAndTheRestStays() throws IOException {
    Path file = saved();
    VggConfig five = CONFIG.toBuilder().classes(5).build();
    Predicate<String> part = name -> !name.startsWith("classifier.6.");
    try (Vgg vgg = TinyNets.random(five, NetworkOptions.training(2), backend);
        Vgg whole = TinyNets.random(CONFIG, NetworkOptions.inference(1), backend)) {
      for (var parameter : vgg.network().parameters()) {
        double[] ones = TinyNets.values(parameter.value());
        Arrays.fill(ones, 1);
        parameter.value().upload(ones);
      }
      vgg.network().counters().forEach(counter -> counter.value(0));
      assertEquals(List.of(), ModelFile.read(file, part, vgg));
      Map<String, double[]> expected = TinyNets.state(whole);
      TinyNets.state(vgg)
          .forEach(
              (name, values) -> {
                if (part.test(name)) {
                  assertArrayEquals(expected.get(name), values, name);
                } else {
                  assertTrue(Arrays.stream(values).allMatch(v -> v == 1), name);
                }
              });
    }
  }

  @Test
  void aPartThatDoesNotFitLeavesTheNetAsItIs() throws IOException {
    Path file = saved();
    VggConfig five = CONFIG.toBuilder().classes(5).build();
    TorchvisionFile lacking = new TorchvisionFile("4,M,6,M", true, 1, 3, 8, 6);
    lacking.remove("features.4.weight");
    Path cut = lacking.write(folder.resolve("cut.safetensors"), Map.of());
    try (Vgg vgg = TinyNets.random(five, NetworkOptions.training(2), backend)) {
      Map<String, double[]> before = TinyNets.state(vgg);
      assertThrows(InvalidInputException.class, () -> ModelFile.read(file, name -> true, vgg));
      assertThrows(
          InvalidInputException.class,
          () -> ModelFile.read(cut, name -> name.startsWith("features."), vgg));
      TinyNets.state(vgg).forEach((name, values) -> assertArrayEquals(before.get(name), values));
      ModelFile.read(cut, name -> name.startsWith("features.0."), vgg);
    }
  }
}
