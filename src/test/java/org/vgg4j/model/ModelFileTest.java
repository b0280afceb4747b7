package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.TestTensors;
import org.vgg4j.io.Verification;
import org.vgg4j.nn.BatchNorm2d;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Conv2d;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Linear;
import org.vgg4j.nn.MaxPool2d;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Relu;
import org.vgg4j.nn.Sequential;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.TinyNets;

/** What a model file keeps, and that torchvision's files are read as they are meant. */
final class ModelFileTest {
  private static final List<String> NAMES = List.of("T-shirt/top", "\"quoted\"", "\u00e9\u4e2d");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "cpu, '4,M,6,M', true",
    "cpu, '4,M,6,M', false",
    "cpu, '4,L,M,5,M', false",
    "cpu, '4,M,20,6c1,M', true",
    "reference, '4,M,6,M', true",
    "reference, '4,M,6,M', false",
    "reference, '4,L,M,5,M', false",
    "reference, '4,M,20,6c1,M', true"
  })
  void whatIsSavedIsLoadedExactly(String device, String layers, boolean batchNorm)
      throws IOException {
    VggConfig config = TinyNets.config(layers, batchNorm, 3, 0.25);
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.training(4, 2), backend)) {
      ModelFile.save(vgg, NAMES, first);
      try (ModelFile.Loaded loaded = ModelFile.load(first, NetworkOptions.inference(3), backend)) {
        assertEquals(config, loaded.vgg().config());
        assertEquals(NAMES, loaded.classNames());
        assertEquals(Verification.VERIFIED, loaded.verification());
        assertFalse(loaded.inferred());
        assertSame(TinyNets.state(vgg), TinyNets.state(loaded.vgg()));
        ModelFile.save(loaded.vgg(), NAMES, second);
      }
      assertEquals(-1, Files.mismatch(first, second));
    }
  }

  /** Only another than the net's default is written, so that most files do not know of it. */
  @Test
  void aPreprocessingIsKept() throws IOException {
    VggConfig config = TinyNets.config("4,M,6,M", true, 3, 0.25);
    Preprocessing other = new Preprocessing(1, 10, 8, List.of(0.25), List.of(0.1));
    Path file = folder.resolve("model.safetensors");
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      for (Preprocessing one : List.of(Preprocessing.of(1, 8), other)) {
        ModelFile.save(vgg, one, NAMES, file);
        try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
          assertEquals(one.equals(other), reader.metadata().containsKey("vgg4j.preprocessing"));
        }
        try (ModelFile.Loaded loaded = ModelFile.load(file, NetworkOptions.inference(1), backend)) {
          assertEquals(one, loaded.preprocessing());
        }
      }
    }
  }

  /** Picture files follow from what the file says of itself, and from its classes. */
  @Test
  void aFileWithoutPreprocessingGetsThatOfItsOrigin() throws IOException {
    String config =
        "{\"arch\":\"custom\",\"layers\":\"4,M\",\"batchNorm\":false,\"channels\":3,\"classes\":10,"
            + "\"imageSize\":8,\"width\":\"1\",\"dropout\":0.5,\"hidden\":5}";
    String clothes = new ObjectMapper().writeValueAsString(FashionMnist.CLASS_NAMES);
    Map<String, String> own = Map.of("vgg4j.config", config);
    Map<String, String> fashion = Map.of("vgg4j.config", config, "vgg4j.classes", clothes);
    Preprocessing plain = Preprocessing.of(3, 8);
    assertEquals(Preprocessing.torchvision(8), preprocessing(3, Map.of(), 1));
    assertEquals(Preprocessing.of(1, 8), preprocessing(1, Map.of(), 0));
    assertEquals(Preprocessing.of(2, 8), preprocessing(2, Map.of(), 0));
    assertEquals(plain, preprocessing(3, own, 0));
    assertEquals(plain.withFit(PictureFit.FASHION), preprocessing(3, fashion, 0));
    String said = new ObjectMapper().writeValueAsString(plain.withResize(9).toMap());
    assertEquals(plain.withResize(9), preprocessing(3, Map.of("vgg4j.preprocessing", said), 0));
  }

  private Preprocessing preprocessing(int channels, Map<String, String> metadata, int notes)
      throws IOException {
    Path file = folder.resolve("model.safetensors");
    new TorchvisionFile("4,M", false, channels, 10, 8, 5).write(file, metadata);
    ConfigHints hints =
        metadata.containsKey("vgg4j.config") ? ConfigHints.NONE : new ConfigHints("4,M", 8);
    try (Backend backend = Backends.open("reference").backend();
        ModelFile.Loaded loaded =
            ModelFile.load(file, hints, NetworkOptions.inference(1), backend)) {
      assertEquals(notes, loaded.notes().size(), loaded.notes().toString());
      return loaded.preprocessing();
    }
  }

  private static void assertSame(Map<String, double[]> expected, Map<String, double[]> actual) {
    assertEquals(List.copyOf(expected.keySet()), List.copyOf(actual.keySet()));
    expected.forEach((name, values) -> assertArrayEquals(values, actual.get(name), name));
  }

  @Test
  void aFileOfTheReferenceIsRoundedOnTheCpu() throws IOException {
    VggConfig config = TinyNets.config("4,M,6,M", true, 3, 0.5);
    Path file = folder.resolve("model.safetensors");
    try (Backend reference = Backends.open("reference").backend();
        Backend cpu = Backends.open("cpu").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), reference)) {
      ModelFile.save(vgg, NAMES, file);
      try (ModelFile.Loaded loaded = ModelFile.load(file, NetworkOptions.inference(1), cpu)) {
        Map<String, double[]> rounded = TinyNets.state(vgg);
        rounded
            .values()
            .forEach(v -> IntStream.range(0, v.length).forEach(i -> v[i] = (float) v[i]));
        assertSame(rounded, TinyNets.state(loaded.vgg()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"cpu, F32", "reference, F64"})
  void tensorsAreTorchvisions(String device, SafeTensorType type) throws IOException {
    List<String> order = new TorchvisionFile("8,M,16,16,M", true, 1, 3, 8, 6).names();
    Path file = folder.resolve("model.safetensors");
    VggConfig config = TinyNets.config("8,M,16,16,M", true, 3, 0.5);
    try (Backend backend = Backends.open(device).backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      assertEquals(
          order,
          new ModelTensors(vgg)
              .toFile().stream().map(SafeTensor::spec).map(SafeTensorSpec::name).toList());
      ModelFile.save(vgg, NAMES, file);
      try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
        assertEquals("pt", reader.metadata().get("format"));
        assertEquals(
            java.util.Set.of("format", "vgg4j.classes", "vgg4j.config", "vgg4j.sha256"),
            reader.metadata().keySet());
        assertEquals(java.util.Set.copyOf(order), names(reader));
        for (SafeTensorSpec spec : reader.tensors()) {
          assertEquals(TensorShapes.of(config).get(spec.name()), spec.shape(), spec.name());
          boolean counter = spec.name().endsWith("num_batches_tracked");
          assertEquals(counter ? SafeTensorType.I64 : spec.type(), spec.type(), spec.name());
        }
        assertEquals(type, reader.tensor("features.4.weight").type());
        assertEquals(List.of(), reader.tensor("features.5.num_batches_tracked").shape());
        assertArrayEquals(
            new long[] {vgg.network().counters().get(1).value()},
            TestTensors.longs(reader, "features.5.num_batches_tracked"));
        assertEquals(List.of(16L), reader.tensor("features.7.bias").shape());
        assertArrayEquals(new float[16], TestTensors.floats(reader, "features.7.bias"));
        assertEquals(List.of(6L, 64L), reader.tensor("classifier.0.weight").shape());
      }
    }
  }

  private static java.util.Set<String> names(SafeTensorsReader reader) {
    return java.util.Set.copyOf(reader.tensors().stream().map(SafeTensorSpec::name).toList());
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void torchvisionsFileGivesTorchvisionsLogits(boolean batchNorm) throws IOException {
    TorchvisionFile torch = new TorchvisionFile("4,M,6,5,M", batchNorm, 2, 3, 8, 7);
    Path file = torch.write(folder.resolve("torch.safetensors"), Map.of());
    double[] images = new Random(3).doubles(5 * 2 * 8 * 8).toArray();
    try (Backend backend = Backends.open("reference").backend();
        Network explicit =
            Network.build(
                () -> explicit(batchNorm),
                Shape.of(2, 8, 8),
                NetworkOptions.inference(5),
                backend);
        ModelFile.Loaded loaded =
            ModelFile.load(
                file, new ConfigHints("4,M,6,5,M", null), NetworkOptions.inference(5), backend)) {
      assertEquals(Verification.UNVERIFIED, loaded.verification());
      assertTrue(loaded.inferred());
      assertEquals(List.of("0", "1", "2"), loaded.classNames());
      loaded.vgg().network().counters().forEach(counter -> assertEquals(7, counter.value()));
      for (Parameter parameter : explicit.parameters()) {
        parameter.value().upload(torch.floats(parameter.name()));
      }
      for (Buffer buffer : explicit.buffers()) {
        buffer.value().upload(torch.floats(buffer.name()));
      }
      double[] expected = logits(explicit, images);
      double[] actual = logits(loaded.vgg().network(), images);
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        if (!(Math.abs(expected[i] - actual[i]) <= 1e-12 * Math.max(1, Math.abs(expected[i])))) {
          fail("logit " + i + ": " + actual[i] + ", not " + expected[i]);
        }
      }
      assertTrue(largest > 0.1, "the logits are all but zero");
    }
  }

  /** Torchvision's modules one by one, every convolution with its bias. */
  private static Sequential explicit(boolean batchNorm) {
    Sequential features = new Sequential();
    int index = 0;
    int in = 2;
    for (String layer : List.of("4", "M", "6", "5", "M")) {
      if (layer.equals("M")) {
        features.add(Integer.toString(index++), new MaxPool2d(new MaxPool2dSpec(2, 2)));
        continue;
      }
      int out = Integer.parseInt(layer);
      Conv2dSpec conv = new Conv2dSpec(in, out, 3, 1, true, false);
      features.add(Integer.toString(index++), new Conv2d(conv, Initialization.PYTORCH));
      if (batchNorm) {
        features.add(Integer.toString(index++), new BatchNorm2d(BatchNorm2dSpec.of(out, false)));
      }
      features.add(Integer.toString(index++), new Relu());
      in = out;
    }
    Initialization any = Initialization.PYTORCH;
    Sequential classifier =
        new Sequential()
            .add("0", new Linear(new LinearSpec(5 * 2 * 2, 7, false), any))
            .add("1", new Relu())
            .add("3", new Linear(new LinearSpec(7, 7, false), any))
            .add("4", new Relu())
            .add("6", new Linear(new LinearSpec(7, 3, false), any));
    return new Sequential().add("features", features).add("classifier", classifier);
  }

  private static double[] logits(Network network, double[] images) {
    Tensor input = network.input(5);
    input.upload(images);
    return TinyNets.values(network.forward(input, false));
  }

  @Test
  void theConfigurationIsInferredFromTheShapes() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Map.Entry<String, String> arch : VggConfig.ARCHITECTURES.entrySet()) {
      for (boolean batchNorm : new boolean[] {true, false}) {
        for (int imageSize : new int[] {32, 64, 224}) {
          for (int channels : new int[] {1, 3}) {
            String narrow = narrowed(arch.getValue());
            Path file = folder.resolve("torch.safetensors");
            new TorchvisionFile(narrow, batchNorm, channels, 4, imageSize, 5).write(file, Map.of());
            VggConfig expected =
                VggConfig.builder()
                    .layers(narrow)
                    .batchNorm(batchNorm)
                    .channels(channels)
                    .classes(4)
                    .imageSize(imageSize)
                    .hidden(5)
                    .build();
            try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
              FileTensors tensors = new FileTensors(file, reader);
              VggConfig inferred = InferredConfig.of(file, tensors, ConfigHints.NONE).config();
              ModelTensors.check(file, inferred, tensors.tensors());
              if (!expected.equals(inferred)) {
                wrong.add(arch.getKey() + " " + expected + " was taken for " + inferred);
              }
            }
          }
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** Returns a list of layers with a 64th of the channels. */
  private static String narrowed(String layers) {
    List<String> narrow = new ArrayList<>();
    for (String layer : layers.split(",")) {
      boolean conv = Character.isDigit(layer.charAt(0));
      String kernel = layer.endsWith("c1") ? "c1" : "";
      narrow.add(conv ? Integer.parseInt(layer.replace("c1", "")) / 64 + kernel : layer);
    }
    return String.join(",", narrow);
  }

  @Test
  void whatCannotBeWrittenLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    Files.writeString(file, "the old model");
    // A folder with something in it stands where the temporary file would be.
    Files.createDirectories(folder.resolve("model.safetensors.tmp/in the way"));
    VggConfig config = TinyNets.config("4,M", true, 3, 0.5);
    try (Backend backend = Backends.open("reference").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.inference(1), backend)) {
      IOException refused = assertThrows(IOException.class, () -> ModelFile.save(vgg, NAMES, file));
      assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
      assertEquals("the old model", Files.readString(file));
      Path nowhere = folder.resolve("missing/model.safetensors");
      assertThrows(IOException.class, () -> ModelFile.save(vgg, NAMES, nowhere));
      assertFalse(Files.exists(nowhere.getParent()));
    }
  }
}
