package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.testing.Errors;
import org.vgg4j.testing.TinyNets;

/**
 * Nets for inference, made of a net in training and of its file, compute what that net does in
 * evaluation. An engine's test is a subclass that opens it.
 */
abstract class InferenceNetTest {
  private static final int BATCH = 3;
  private static final List<String> CLASSES = List.of("a", "b", "c", "d");

  @TempDir private Path folder;

  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns the largest error of a logit, as a share of the largest logit. */
  abstract double tolerance();

  static Stream<VggConfig> nets() {
    return Stream.of(
        TinyNets.config("5,M,8,20c1,M", true, CLASSES.size(), 0.5),
        TinyNets.config("5,M,8,20c1,M", false, CLASSES.size(), 0.5),
        TinyNets.config("4,L,M,6,M", true, CLASSES.size(), 0),
        TinyNets.config("16,M,32,M", true, CLASSES.size(), 0).toBuilder().averagePool(3).build(),
        // The file's tensors of more than 1 MiB are mapped.
        TinyNets.config("16,M,300,M", true, CLASSES.size(), 0).toBuilder().hidden(600).build());
  }

  @ParameterizedTest
  @MethodSource("nets")
  void computesTheSame(VggConfig config) throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Backend backend = open();
        Vgg trained = TinyNets.random(config, NetworkOptions.training(BATCH), backend)) {
      double[] right = logits(trained);
      try (Vgg folded = Vgg.forInference(trained, BATCH, 1)) {
        assertFalse(folded.config().batchNorm());
        compare("folded", right, logits(folded));
      }
      ModelFile.save(trained, CLASSES, file);
      try (ModelFile.Loaded loaded =
          ModelFile.loadForInference(file, ConfigHints.NONE, backend, BATCH)) {
        compare("folded file", right, logits(loaded.vgg()));
      }
    }
  }

  /** Before a norm, torchvision's convolutions have a bias, which the norm takes away again. */
  @Test
  void torchvisionsBiasesCount() throws IOException {
    Path file = folder.resolve("torchvision.safetensors");
    new TorchvisionFile("4,M,6,5,M", true, 2, 3, 8, 7).write(file, Map.of());
    ConfigHints hints = new ConfigHints("4,M,6,5,M", 8);
    NetworkOptions options = NetworkOptions.inference(BATCH);
    try (Backend backend = open();
        ModelFile.Loaded right = ModelFile.load(file, hints, options, backend);
        ModelFile.Loaded folded = ModelFile.loadForInference(file, hints, backend, BATCH)) {
      compare("torchvision's", logits(right.vgg()), logits(folded.vgg()));
    }
  }

  private static double[] logits(Vgg vgg) {
    Execution execution = vgg.network().execution(BATCH);
    long key = CounterRandom.key(3, 1, 4);
    execution.input().fill(i -> CounterRandom.uniform(key, i) - 0.5);
    return TinyNets.values(execution.forward(false));
  }

  private void compare(String what, double[] right, double[] actual) {
    double scale = 0;
    for (double value : right) {
      scale = Math.max(scale, Math.abs(value));
    }
    double worst = 0;
    for (int i = 0; i < right.length; i++) {
      double difference = Math.abs(right[i] - actual[i]) / scale;
      worst = Math.max(worst, difference);
      assertTrue(
          difference <= tolerance(),
          what + " logit " + i + " is " + actual[i] + ", not " + right[i]);
    }
    Errors.record(getClass().getSimpleName(), what + " logits", worst, right.length);
  }
}
