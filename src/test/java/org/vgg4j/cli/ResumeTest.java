package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./vgg train --resume}, in this process. */
class ResumeTest {
  @TempDir Path folder;

  private String err = "";

  private int vgg(String... arguments) {
    StringWriter text = new StringWriter();
    int code = Main.run(new PrintWriter(new StringWriter()), new PrintWriter(text), arguments);
    err = text.toString();
    return code;
  }

  private Path trained() {
    Path run = folder.resolve("run");
    List<String> arguments = new ArrayList<>(TinyRun.FLAGS);
    arguments.addAll(List.of("--epochs", "2", "--checkpoint-every", "1", "--out", run.toString()));
    assertEquals(0, vgg(arguments.toArray(String[]::new)), () -> err);
    return run;
  }

  private int resume(Path run, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--resume", run.toString()));
    arguments.addAll(List.of(more));
    return vgg(arguments.toArray(String[]::new));
  }

  /** Takes away the checkpoints from a number on and what an earlier end would not have. */
  private static void forget(Path run, int from) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      for (Path file : files.toList()) {
        if (Integer.parseInt(file.getFileName().toString().substring(11, 17)) >= from) {
          Files.delete(file);
        }
      }
    }
    Files.delete(run.resolve("model.safetensors"));
    if (from == 0) {
      Files.delete(run.resolve("metrics.jsonl"));
    }
  }

  @Test
  void aFinishedRunSaysSo() {
    Path run = trained();
    assertEquals(0, resume(run));
    assertTrue(err.contains("is finished: it has its 2 epochs"), err);
  }

  @Test
  void aBrokenCheckpointIsNamedAndTheRunEndsTheSame() throws IOException {
    Path run = trained();
    byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
    List<String> metrics = TinyRun.metrics(run);
    int last = TinyRun.newest(run);
    Files.delete(run.resolve("model.safetensors"));
    Path broken = run.resolve("checkpoints/checkpoint-%06d.model.safetensors".formatted(last));
    byte[] bytes = Files.readAllBytes(broken);
    bytes[bytes.length - 1] ^= 4;
    Files.write(broken, bytes);
    assertEquals(0, resume(run), () -> err);
    String label = "checkpoint-%06d".formatted(last);
    assertTrue(err.contains(label + " is broken: " + label + ".model.safetensors does not"), err);
    assertTrue(err.contains("resuming from checkpoint-"), err);
    assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(metrics, TinyRun.metrics(run));
  }

  @Test
  void beforeAFirstCheckpointItStartsAtTheBeginning() throws IOException {
    Path run = trained();
    byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
    List<String> metrics = TinyRun.metrics(run);
    forget(run, 0);
    assertEquals(0, resume(run), () -> err);
    assertTrue(err.contains("there is no checkpoint yet: starting at the beginning"), err);
    assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(metrics, TinyRun.metrics(run));
  }

  @Test
  void otherHyperParametersAreRefusedUnlessSaid() throws IOException {
    Path run = trained();
    forget(run, TinyRun.newest(run));
    assertEquals(2, resume(run, "--recipe", "blog"));
    assertTrue(err.contains("--arch vgg16 (the run: custom), which cannot change in a run"), err);
    assertTrue(err.contains("--image-size 224 (the run: 8)"), err);
    assertTrue(err.contains("--epochs 5 (the run: 2);"), err);
    Path config = run.resolve("config.json");
    String edited =
        Files.readString(config)
            .replace("\"learningRate\" : 0.001", "\"learningRate\" : 0.002")
            .replace("\"weightDecay\" : 0.0", "\"weightDecay\" : 0.5");
    Files.writeString(config, edited);
    assertEquals(2, resume(run, "--weight-decay", "0.5"));
    assertTrue(err.contains("the run's: --lr 0.002 (the run: 0.001); leave"), err);
    assertEquals(0, resume(run, "--weight-decay", "0.5", "--lr", "0.002"), () -> err);
    assertTrue(err.contains("changed: --lr 0.002 (the run: 0.001)"), err);
  }

  private static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertTrue(text.contains(from), text);
    Files.writeString(file, text.replace(from, to));
  }

  @Test
  void thePreprocessingCannotChangeInARun() throws IOException {
    Path run = trained();
    forget(run, TinyRun.newest(run));
    edit(run.resolve("config.json"), "\"mean\" : [ 0.0 ]", "\"mean\" : [ 0.5 ]");
    assertEquals(2, resume(run));
    assertTrue(err.contains("preprocessing {channels=1, resize=8"), err);
    assertTrue(err.contains("mean=[0.0], deviation=[1.0]}), which cannot change"), err);
  }

  /** From the run's configuration into the training, the model file, and its evaluation. */
  @Test
  void anotherPreprocessingGoesWithTheRunAndItsModel() throws IOException {
    Path run = trained();
    String usual = Files.readString(run.resolve("metrics.jsonl"));
    forget(run, 0);
    edit(run.resolve("config.json"), "\"resize\" : 8", "\"resize\" : 12");
    edit(run.resolve("config.json"), "\"mean\" : [ 0.0 ]", "\"mean\" : [ 0.5 ]");
    assertEquals(0, resume(run), () -> err);
    Path model = run.resolve("model.safetensors");
    assertTrue(Files.readString(model, StandardCharsets.ISO_8859_1).contains("\\\"resize\\\":12"));
    List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertNotEquals(usual.lines().toList(), metrics);
    String accuracy = metrics.get(1).replaceAll(".*\"testAccuracy\":([0-9.]+).*", "$1");
    StringWriter out = new StringWriter();
    String[] evaluate = {"evaluate", "--data=sample", "--test-limit=50", model.toString()};
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    assertEquals(0, Main.run(new PrintWriter(out), nowhere, evaluate));
    String expected = String.format(Locale.ROOT, "%.4f", Double.parseDouble(accuracy));
    assertTrue(out.toString().contains(expected), () -> expected + " is not in " + out);
  }

  /** A key that nothing knows may mean anything, as one of the net's does. */
  @ParameterizedTest
  @ValueSource(strings = {"\"seed\"", "\"channels\""})
  void aKeyThatIsNotKnownIsRefused(String beside) throws IOException {
    Path run = trained();
    forget(run, TinyRun.newest(run));
    Path config = run.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace(beside, "\"mixUp\" : 0.1, " + beside));
    assertEquals(2, resume(run), () -> err);
    assertTrue(err.startsWith("vgg: " + config + " has the key '"), err);
    assertTrue(err.contains("mixUp', which this version of vgg4j does not know"), err);
    Files.writeString(config, text);
    assertEquals(0, resume(run), () -> err);
  }

  @Test
  void unusableFlagsAreRefused() throws IOException {
    assertEquals(2, resume(folder.resolve("none")));
    assertTrue(err.contains("holds no run"), err);
    assertEquals(2, vgg("train", "--keep-checkpoints", "0"));
    assertEquals(2, vgg("train", "--checkpoint-every", "soon"));
    assertEquals(2, vgg("train", "--on-nan", "hope"));
    Path run = trained();
    assertEquals(2, resume(run, "--out", "x"));
    assertTrue(err.contains("leave out --out"), err);
  }
}
