package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.model.ConfigHints;
import org.vgg4j.model.ModelFile;
import org.vgg4j.model.TorchvisionFile;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.tensor.Backend;

/**
 * A torchvision net of 3 classes with a new head for 4 says what it says in PyTorch, as do its
 * features. The numbers were made by this program (PyTorch 2.13.0):
 *
 * <pre>
 * torch.set_default_dtype(torch.float64)
 * def weights(k, shape):
 *     n = int(np.prod(shape)); i = np.arange(n, dtype=np.uint64)
 *     rows = n if len(shape) == 1 else shape[0]
 *     u = ((i * 2654435761 + k * 40503) % 2**32).astype(np.float64) / 2**31 - 1
 *     return torch.from_numpy((2*u/np.sqrt(n/rows)).astype('float32').reshape(shape)).double()
 * shapes = [(4,3,3,3), (4,), (6,4,3,3), (6,), (5,384), (5,), (5,5), (5,), (4,5), (4,)]
 * W = [weights(k, s) for k, s in enumerate(shapes)]; x = weights(20, (3, 3, 32, 32)) * 32
 * x = F.max_pool2d(F.relu(F.conv2d(x, W[0], W[1], padding=1)), 2)
 * x = F.max_pool2d(F.relu(F.conv2d(x, W[2], W[3], padding=1)), 2).flatten(1)
 * x = F.relu(F.linear(x, W[4], W[5])); x = F.relu(F.linear(x, W[6], W[7]))
 * print(x); print(F.linear(x, W[8], W[9]))
 * </pre>
 */
final class FineTuningTest {
  private static final int BATCH = 3;
  private static final int SIDE = 32;

  private static final double[] FEATURES = {
    0, 2.296961466, 0, 1.288841704, 0.310414600,
    0, 2.346948599, 0, 1.087833189, 0.090191384,
    0, 2.212479483, 0, 1.331928036, 0.327665531
  };
  private static final double[] LOGITS = {
    -0.713214044, 2.387385271, -0.817565561, 2.283033754,
    -0.819058813, 2.221658418, -0.683599534, 2.357117701,
    -0.704622700, 2.392082051, -0.893838521, 2.202866229
  };

  @TempDir private Path folder;

  private Path file;

  @BeforeEach
  void write() throws IOException {
    file =
        new TorchvisionFile("4,M,6,M", false, 3, 3, SIDE, 5)
            .byFormula()
            .write(folder.resolve("model.safetensors"), Map.of());
  }

  /** Returns what the program above computes. */
  private static double[] formula(long k, int count, int rows) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      long u = (2654435761L * i + 40503 * k) & 0xFFFFFFFFL;
      values[i] = (float) (2 * (u / (double) (1L << 31) - 1) / Math.sqrt((double) count / rows));
    }
    return values;
  }

  private static double[] images() {
    double[] images = formula(20, BATCH * 3 * SIDE * SIDE, BATCH);
    for (int i = 0; i < images.length; i++) {
      images[i] *= 32;
    }
    return images;
  }

  private static double[] outputs(Network network) {
    network.input(BATCH).upload(images());
    return Values.of(network.forward(network.input(BATCH), false));
  }

  /** The tolerance is some roundings of single precision over sums of up to 384 values. */
  private static void near(double[] expected, double[] actual, String engine) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= 1e-5)) {
        assertEquals(expected[i], actual[i], engine + " " + i);
      }
    }
  }

  @Test
  void theLogitsAreThoseOfPyTorch() throws IOException {
    Map<String, String> settings =
        Map.of("startFrom", file.toString(), "layers", "4,M,6,M", "classes", "4");
    StartingWeights start = StartingWeights.of(settings);
    Recipe recipe = Settings.recipe(Recipe.quick(), settings, null, start);
    assertEquals(Preprocessing.torchvision(SIDE), recipe.preprocessing());
    List<String> lines = start.lines(recipe.net());
    assertEquals(
        "starting from "
            + file
            + ": all its weights but the last layer's; new head: 4 classes"
            + " instead of 3",
        lines.get(lines.size() - 1));
    for (String device : List.of("reference", "cpu")) {
      try (Backend engine = Backends.open(device).backend();
          Vgg vgg =
              Vgg.build(
                  recipe.net(), Initialization.KAIMING, NetworkOptions.training(BATCH), engine)) {
        List<Parameter> parameters = vgg.network().parameters();
        Parameter weight = parameters.get(parameters.size() - 2);
        double[] drawn = Values.of(weight.value());
        start.into(vgg);
        assertEquals("classifier.6.weight", weight.name());
        assertEquals(List.of(drawn[0], drawn[19]), head(weight), "the new head is drawn");
        weight.value().upload(formula(8, 20, 4));
        parameters.get(parameters.size() - 1).value().upload(formula(9, 4, 4));
        vgg.network().refreshCompute();
        near(LOGITS, outputs(vgg.network()), device);
      }
    }
  }

  private static List<Double> head(Parameter weight) {
    double[] values = Values.of(weight.value());
    return List.of(values[0], values[19]);
  }

  @Test
  void theFeaturesAreThoseOfPyTorch() throws IOException {
    for (String device : List.of("reference", "cpu")) {
      try (Backend engine = Backends.open(device).backend();
          ModelFile.Loaded loaded =
              ModelFile.loadFeatures(
                  file,
                  new ConfigHints("4,M,6,M", null),
                  NetworkOptions.inference(BATCH),
                  engine)) {
        near(FEATURES, outputs(loaded.vgg().network()), device);
      }
    }
  }

  /** A larger image size scales what is resized; the net must have an average pool for it. */
  @Test
  void anotherImageSizeScalesThePreprocessing() {
    Map<String, String> settings =
        Map.of("startFrom", file.toString(), "layers", "4,M,6,M", "imageSize", "64");
    Recipe recipe = Settings.recipe(Recipe.quick(), settings, null, StartingWeights.of(settings));
    assertEquals(8, recipe.net().averagePool());
    assertEquals(Preprocessing.torchvision(64), recipe.preprocessing());
    assertTrue(recipe.training().equals(Recipe.quick().training()));
  }
}
