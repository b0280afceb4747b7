package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.TinyNets;

/** Every model file that is not what it should be is refused in one line that names it. */
final class ModelFileDamageTest {
  private static final String CONFIG =
      "{\"arch\":\"custom\",\"layers\":\"4,M,6,M\",\"batchNorm\":true,\"channels\":1,"
          + "\"classes\":3,\"imageSize\":8,\"width\":\"1\",\"dropout\":0.5,\"hidden\":5}";

  /** What the file of {@link #net} does not say without metadata. */
  private static final ConfigHints LAYERS = new ConfigHints("4,M,6,M", null);

  @TempDir private Path folder;
  private ConfigHints hints = ConfigHints.NONE; // for the file last written

  private static TorchvisionFile net() {
    return new TorchvisionFile("4,M,6,M", true, 1, 3, 8, 5);
  }

  private String refused(Path file) {
    try (Backend backend = Backends.open("reference").backend()) {
      InvalidInputException refused =
          assertThrows(
              InvalidInputException.class,
              () -> ModelFile.load(file, hints, NetworkOptions.inference(1), backend).close());
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
      assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
      return refused.getMessage();
    }
  }

  private Path written(TorchvisionFile torch, Map<String, String> metadata) throws IOException {
    hints = metadata.containsKey("vgg4j.config") ? ConfigHints.NONE : LAYERS;
    return torch.write(folder.resolve("model.safetensors"), metadata);
  }

  /** The intact file is loaded, with its metadata and without: the other tests prove something. */
  @Test
  void theIntactFileIsLoaded() throws IOException {
    for (Map<String, String> metadata : Arrays.asList(Map.<String, String>of(), metadata())) {
      Path file = written(net(), metadata);
      try (Backend backend = Backends.open("reference").backend();
          ModelFile.Loaded loaded =
              ModelFile.load(file, hints, NetworkOptions.inference(1), backend)) {
        assertEquals(metadata.isEmpty(), loaded.inferred());
        assertEquals(metadata.isEmpty() ? "0" : "a", loaded.classNames().get(0));
      }
    }
  }

  private static Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("vgg4j.config", CONFIG);
    metadata.put("vgg4j.classes", "[\"a\",\"b\",\"c\"]");
    return metadata;
  }

  @ParameterizedTest
  @CsvSource({
    "features.0.weight, '4,1,3,5'",
    "features.0.weight, '4,1,5,5'",
    "features.0.weight, '5,1,3,3'",
    "features.0.bias, '5'",
    "features.1.running_mean, '3'",
    "features.4.weight, '6,3,3,3'",
    "features.5.bias, '6,1'",
    "classifier.3.weight, '5,6'",
    "classifier.6.bias, '4'"
  })
  void aTensorOfAnotherShapeIsNamed(String name, String shape) throws IOException {
    long[] dims = Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
    for (Map<String, String> metadata : Arrays.asList(Map.<String, String>of(), metadata())) {
      TorchvisionFile torch = net();
      torch.put(name, dims);
      String message = refused(written(torch, metadata));
      // Where the configuration is inferred, another tensor may be the one that does not fit.
      assertTrue(
          message.contains(metadata.isEmpty() ? "features." : name)
              || message.contains("are not the convolutions of")
              || message.contains("classifier."),
          message);
      if (!metadata.isEmpty()) {
        assertTrue(message.contains(name + " has the shape "), message);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "features.0.weight",
        "features.1.weight",
        "features.1.bias",
        "features.1.running_var",
        "features.4.weight",
        "classifier.0.weight",
        "classifier.3.bias",
        "classifier.6.weight"
      })
  void aMissingTensorIsNamed(String name) throws IOException {
    TorchvisionFile torch = net();
    torch.remove(name);
    String message = refused(written(torch, metadata()));
    assertTrue(message.contains("lacks the tensor " + name + " "), message);
    torch = net();
    torch.remove(name);
    refused(written(torch, Map.of()));
  }

  /** PyTorch before 0.4.1 had no counters, and a convolution before batch norm needs no bias. */
  @ParameterizedTest
  @ValueSource(strings = {"features.1.num_batches_tracked", "features.4.bias"})
  void whatIsOfNoUseMayBeMissing(String name) throws IOException {
    TorchvisionFile torch = net();
    torch.remove(name);
    Path file = written(torch, Map.of());
    try (Backend backend = Backends.open("reference").backend();
        ModelFile.Loaded loaded =
            ModelFile.load(file, hints, NetworkOptions.inference(1), backend)) {
      assertEquals(
          name.endsWith("tracked") ? 0 : 7, loaded.vgg().network().counters().get(0).value());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"classifier.7.weight", "features.99.bias", "features.two\nlines\u001b[31m"})
  void anUnknownTensorIsNamed(String name) throws IOException {
    TorchvisionFile torch = net();
    torch.put(name, 2);
    String message = refused(written(torch, Map.of()));
    assertTrue(message.contains(name.replaceAll("\\p{Cntrl}", "?")), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        "{\"arch\":\"vgg16\"}",
        "CONFIG imageSize 7",
        "CONFIG imageSize 1e9",
        "CONFIG imageSize 2147483647",
        "CONFIG imageSize 1073741824",
        "CONFIG channels -1",
        "CONFIG channels null",
        "CONFIG channels {}",
        "CONFIG classes 0",
        "CONFIG classes 2147483647",
        "CONFIG hidden 2147483647",
        "CONFIG width \"0\"",
        "CONFIG width \"1/9\"",
        "CONFIG width \"999999\"",
        "CONFIG dropout 1",
        "CONFIG dropout \"NaN\"",
        "CONFIG batchNorm 1",
        "CONFIG batchNorm false",
        "CONFIG arch \"vgg16\"",
        "CONFIG layers \"M\"",
        "CONFIG layers \"4,M,6\"",
        "CONFIG layers \"4,M,\\n6,M,x\"",
        "CONFIG layers \"999999,999999\""
      })
  void aDamagedConfigurationIsRefused(String damage) throws IOException {
    String text = damage;
    if (damage.startsWith("CONFIG")) {
      String[] words = damage.split(" ", 3);
      String field = "\"" + words[1] + "\":(\"[^\"]*\"|[^,}]*)";
      text =
          CONFIG.replaceFirst(
              field, java.util.regex.Matcher.quoteReplacement("\"" + words[1] + "\":" + words[2]));
    }
    Map<String, String> metadata = metadata();
    metadata.put("vgg4j.config", text);
    refused(written(net(), metadata));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "{}",
        "3",
        "[\"a\",\"b\"]",
        "[\"a\",\"b\",\"c\",\"d\"]",
        "[\"a\",null,\"c\"]",
        "[[],[],[]]"
      })
  void wrongClassNamesAreRefused(String names) throws IOException {
    Map<String, String> metadata = metadata();
    metadata.put("vgg4j.classes", names);
    String message = refused(written(net(), metadata));
    assertTrue(message.contains("class"), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{'channels':1,'resize':9,'crop':9,'filter':'bilinear','mean':[0],'deviation':[1]}",
        "{'channels':1,'resize':9,'crop':8,'filter':'bicubic','mean':[0],'deviation':[1]}",
        "{'channels':1,'resize':9,'crop':8,'filter':'bilinear','mean':[0],'deviation':[0]}"
      })
  void anUnusablePreprocessingIsRefused(String text) throws IOException {
    Map<String, String> metadata = metadata();
    metadata.put("vgg4j.preprocessing", text.replace('\'', '"'));
    String message = refused(written(net(), metadata));
    assertTrue(message.contains("the preprocessing in its metadata cannot be used"), message);
  }

  @Test
  void aTruncatedFileIsRefusedAtEveryLength() throws IOException {
    byte[] whole = Files.readAllBytes(written(net(), metadata()));
    for (int length = 0; length < whole.length; length += 97) {
      Path file = folder.resolve("cut.safetensors");
      Files.write(file, Arrays.copyOf(whole, length));
      refused(file);
    }
  }

  @Test
  void aChangedByteIsNoticed() throws IOException {
    Path file = folder.resolve("model.safetensors");
    VggConfig config = TinyNets.config("4,M", true, 3, 0.5);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      ModelFile.save(vgg, java.util.List.of("a", "b", "c"), file);
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    assertTrue(refused(file).contains("SHA-256"));
  }

  /** Shapes that no VGG has, where the configuration must come from them. */
  @ParameterizedTest
  @CsvSource({
    "features.0.weight, '0,1,3,3'",
    "features.0.weight, '4,0,3,3'",
    "features.4.weight, '0,4,3,3'",
    "features.4.weight, '6,4,3,3,1'",
    "classifier.0.weight, '0,24'",
    "classifier.0.weight, '5,25'",
    "classifier.0.weight, '5,0'",
    "classifier.0.weight, '5'",
    "classifier.6.weight, '0,5'",
    "classifier.6.weight, ''"
  })
  void shapesOfNoVggAreRefused(String name, String shape) throws IOException {
    long[] dims =
        shape.isEmpty()
            ? new long[0]
            : Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
    TorchvisionFile torch = net();
    torch.put(name, dims);
    refused(written(torch, Map.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"features.7.weight", "features.999.weight", "features.00.weight"})
  void convolutionsInImpossiblePlacesAreRefused(String name) throws IOException {
    TorchvisionFile torch = net();
    torch.put(name, 2, 6, 3, 3);
    refused(written(torch, Map.of()));
  }

  @Test
  void missingFilesAndFoldersAreRefused() {
    refused(folder.resolve("missing.safetensors"));
    refused(folder);
  }
}
