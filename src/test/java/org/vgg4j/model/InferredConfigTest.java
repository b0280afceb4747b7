package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

/** What a file's tensors do not say is assumed with a note, given, or asked for. */
final class InferredConfigTest {
  private static final String VGG11 = "1,M,2,M,4,4,M,8,8,M,8,8,M"; // at a 64th of its width

  @TempDir private Path folder;

  private InferredConfig.Result infer(String layers, int side, ConfigHints hints)
      throws IOException {
    long pools = layers.chars().filter(c -> c == 'M').count();
    TorchvisionFile torch = new TorchvisionFile(layers, true, 3, 4, side << pools, 5);
    Path file = torch.write(folder.resolve("torch.safetensors"), Map.of());
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      return InferredConfig.of(file, new FileTensors(file, reader), hints);
    }
  }

  private String refused(String layers, ConfigHints hints) {
    return assertThrows(InvalidInputException.class, () -> infer(layers, 2, hints)).getMessage();
  }

  @Test
  void whatIsAssumedIsSaid() throws IOException {
    InferredConfig.Result result = infer(VGG11, 7, ConfigHints.NONE);
    assertEquals(224, result.config().imageSize());
    assertEquals(0, result.config().averagePool());
    assertEquals(2, result.notes().size());
    assertTrue(result.notes().get(0).contains("layers: those of vgg11 "), result.notes()::toString);
    assertTrue(result.notes().get(1).contains("image size: 224 "), result.notes()::toString);
  }

  @Test
  void aNetOfAnotherImageSizeHasAnAveragePool() throws IOException {
    VggConfig config = infer(VGG11, 7, new ConfigHints(null, 32)).config();
    assertEquals(32, config.imageSize());
    assertEquals(7, config.averagePool());
    assertEquals(7 * 7 * 8, config.classifierInputs());
    assertEquals(0, infer(VGG11, 7, new ConfigHints(null, 224)).config().averagePool());
  }

  @Test
  void gapsThatAreNoneOfThePapersAreAskedFor() throws IOException {
    // What a dropout behind the first convolution leaves: the place may be a pool or not.
    String message = refused("4,M,8,M", ConfigHints.NONE);
    assertTrue(message.startsWith("layers must be given, such as 4,M,8,M: "), message);
    InferredConfig.Result pooled = infer("4,M,8,M", 2, new ConfigHints("4,M,8,M", null));
    assertEquals(8, pooled.config().imageSize());
    InferredConfig.Result dropped = infer("4,M,8,M", 2, new ConfigHints("4,8,M", null));
    assertEquals(4, dropped.config().imageSize());
    assertEquals(Map.of(0, 0, 1, 1, 4, 3, 5, 4), dropped.modules());
    assertTrue(dropped.notes().get(0).contains("dropout"), dropped.notes()::toString);
    InferredConfig.Result bare = infer("4,M,8,M", 2, new ConfigHints("4,M,8", null));
    assertEquals(4, bare.config().imageSize(), "the last pool is not invented");
  }

  @Test
  void tensorsAreFoundPastADropout() throws IOException {
    TorchvisionFile torch = new TorchvisionFile("4,M,8,M", false, 3, 4, 8, 5);
    Path file = torch.write(folder.resolve("torch.safetensors"), Map.of());
    ConfigHints hints = new ConfigHints("4,8,M", null);
    try (Backend backend = Backends.open("reference").backend();
        ModelFile.Loaded loaded =
            ModelFile.load(file, hints, NetworkOptions.inference(1), backend)) {
      Parameter second = loaded.vgg().network().parameters().get(2);
      assertEquals("features.2.weight", second.name());
      float[] values = new float[second.shape().arrayLength()];
      second.value().download(values);
      assertArrayEquals(torch.floats("features.3.weight"), values);
    }
  }

  @Test
  void aModuleWithTensorsIsNoDropout() throws IOException {
    TorchvisionFile torch = new TorchvisionFile("4,M,8,M", false, 3, 4, 8, 5);
    torch.put("features.2.weight", 4); // a group norm's, where the second convolution would be
    torch.put("features.2.bias", 4);
    Path file = torch.write(folder.resolve("torch.safetensors"), Map.of());
    ConfigHints hints = new ConfigHints("4,8,M", null);
    try (Backend backend = Backends.open("reference").backend()) {
      String message =
          assertThrows(
                  InvalidInputException.class,
                  () -> ModelFile.load(file, hints, NetworkOptions.inference(1), backend))
              .getMessage();
      assertTrue(message.contains("a tensor features.2."), message);
    }
  }

  @Test
  void aPreprocessingSaysTheImageSize() throws IOException {
    TorchvisionFile torch = new TorchvisionFile(VGG11, false, 3, 4, 224, 5);
    String said = new ObjectMapper().writeValueAsString(Preprocessing.torchvision(32).toMap());
    Path file =
        torch.write(folder.resolve("torch.safetensors"), Map.of("vgg4j.preprocessing", said));
    try (Backend backend = Backends.open("reference").backend();
        ModelFile.Loaded loaded = ModelFile.load(file, NetworkOptions.inference(1), backend)) {
      assertEquals(32, loaded.vgg().config().imageSize());
      assertEquals(7, loaded.vgg().config().averagePool());
      assertEquals(Preprocessing.torchvision(32), loaded.preprocessing());
    }
  }

  @Test
  void hintsThatDoNotFitAreRefused() {
    String other = refused("4,M,8,M", new ConfigHints("4,M,9,M", null));
    assertTrue(other.startsWith("layers 4,M,9,M are not the convolutions of "), other);
    String kernel = refused("4,M,8,M", new ConfigHints("4,M,8c1,M", null));
    assertTrue(kernel.startsWith("layers "), kernel);
    String many = refused("4,8,M", new ConfigHints("4,M,8,M", null));
    assertTrue(many.contains("has 0 modules behind features.0"), many);
    String small = refused(VGG11, new ConfigHints(null, 16));
    assertTrue(small.startsWith("imageSize must be at least 32"), small);
    assertThrows(InvalidInputException.class, () -> new ConfigHints(null, 0));
  }
}
