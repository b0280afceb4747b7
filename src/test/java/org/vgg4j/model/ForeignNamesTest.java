package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.TinyNets;

/** Names as wrappers and other libraries write them are those of torchvision's net. */
final class ForeignNamesTest {
  /** What the file of {@link #net} does not say. */
  private static final ConfigHints HINTS = new ConfigHints("4,M,6,M", 8);

  @TempDir private Path folder;

  private final Backend backend = Backends.open("reference").backend();

  private static TorchvisionFile net() {
    return new TorchvisionFile("4,M,6,M", true, 1, 3, 8, 5);
  }

  /** Loads a file; its state must be that of the plain file. Returns the notes. */
  private List<String> sameNet(TorchvisionFile other) throws IOException {
    Path file = other.write(folder.resolve("other.safetensors"), Map.of());
    Path plain = net().write(folder.resolve("plain.safetensors"), Map.of());
    NetworkOptions options = NetworkOptions.inference(1);
    try (ModelFile.Loaded expected = ModelFile.load(plain, HINTS, options, backend);
        ModelFile.Loaded loaded = ModelFile.load(file, HINTS, options, backend)) {
      assertEquals(List.of(), expected.notes());
      assertEquals(expected.vgg().config(), loaded.vgg().config());
      Map<String, double[]> state = TinyNets.state(loaded.vgg());
      TinyNets.state(expected.vgg())
          .forEach((name, values) -> assertArrayEquals(values, state.get(name), name));
      return loaded.notes();
    }
  }

  private String refused(TorchvisionFile net) throws IOException {
    Path file = net.write(folder.resolve("refused.safetensors"), Map.of());
    String message =
        assertThrows(
                InvalidInputException.class,
                () -> ModelFile.load(file, HINTS, NetworkOptions.inference(1), backend).close())
            .getMessage();
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  @ParameterizedTest
  @CsvSource({
    "module., module.",
    "model., model.",
    "_orig_mod., _orig_mod.",
    "_orig_mod.module., _orig_mod.module.",
    "model.module., model.module.",
    "student.net., student.net.",
    "'', features.module.",
    "model., features._orig_mod.",
  })
  void prefixesAreRemovedAndReported(String prefix, String features) throws IOException {
    UnaryOperator<String> names =
        name ->
            features.startsWith("features.")
                ? prefix + name.replaceFirst("^features\\.", features)
                : prefix + name;
    String note = sameNet(net().rename(names)).toString();
    assertTrue(
        note.contains(
            "names such as %s were taken as "
                .formatted(names.apply("features.1.num_batches_tracked"))),
        note);
  }

  @Test
  void timmsNamesAreTranslated() throws IOException {
    for (String prefix : List.of("", "model.")) {
      TorchvisionFile timm =
          net()
              .reshape("classifier.0.weight", 5, 6, 2, 2)
              .reshape("classifier.3.weight", 5, 5, 1, 1)
              .rename(
                  name ->
                      prefix
                          + name.replace("classifier.0", "pre_logits.fc1")
                              .replace("classifier.3", "pre_logits.fc2")
                              .replace("classifier.6", "head.fc"));
      String notes = sameNet(timm).toString();
      assertTrue(
          notes.contains(
              "timm's names such as " + prefix + "head.fc.bias were taken as classifier.6"),
          notes);
    }
  }

  @Test
  void whatIsNoPartOfAVggIsLeftAloneAndNamed() throws IOException {
    TorchvisionFile more = net();
    for (String name : List.of("mean", "std", "loss.weight", "total_ops", "features.0.total_ops")) {
      more.put(name, 3);
    }
    String notes = sameNet(more).toString();
    for (String name : List.of("mean", "std", "loss.weight", "total_ops", "features.0.total_ops")) {
      assertTrue(notes.contains(name), notes);
    }
    more.put("zzz", 1);
    notes = sameNet(more).toString();
    assertTrue(notes.contains(" and 1 more]"), notes);
    // A copy, such as a moving average, beside the net.
    TorchvisionFile twice = net();
    for (String name : net().names()) {
      twice.put("ema." + name, 2);
    }
    assertTrue(sameNet(twice).toString().contains("ema.classifier.0.bias"));
  }

  /** What would change the answers is not left alone. */
  @Test
  void twoNetsAndTwoNamesOfOneTensorAreRefused() throws IOException {
    TorchvisionFile two = net().rename(name -> "student." + name);
    two.put("teacher.features.0.weight", 4, 1, 3, 3);
    String message = refused(two);
    assertTrue(message.contains("several nets, under student. and teacher.;"), message);
    TorchvisionFile twice = net();
    twice.put("module.classifier.0.bias", 5);
    message = refused(twice);
    assertTrue(
        message.contains("has both classifier.0.bias and module.classifier.0.bias"), message);
  }

  @Test
  void countersOfOtherFormsAreTaken() throws IOException {
    String first = "features.1.num_batches_tracked";
    String second = "features.5.num_batches_tracked";
    assertEquals(
        List.of(), sameNet(net().put(first, new float[] {7}).put(second, new float[] {7}, 1)));
    assertEquals(List.of(), sameNet(net().reshape(first, 1)));
    for (float wrong : new float[] {7.5f, Float.NaN, Float.POSITIVE_INFINITY, 1e30f}) {
      String message = refused(net().put(first, new float[] {wrong}));
      assertTrue(message.contains(first + " is "), message);
    }
    refused(net().put(first, new float[] {7, 7}, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"module.features.99.weight", "features.module.2.weight"})
  void aTensorWithinThePartsStaysUnknown(String name) throws IOException {
    TorchvisionFile other = net();
    other.put(name, 2);
    assertTrue(refused(other).contains("which its net does not have"));
  }
}
