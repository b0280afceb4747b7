package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C and SIGTERM, sent to a real process. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(120)
final class SignalTest {
  @TempDir private Path folder;
  private Process process;

  @AfterEach
  void end() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  /** Starts {@code train} in a JVM of its own, far longer than the test. */
  private Path start(String... more) throws IOException {
    Path run = folder.resolve("run");
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
    command.addAll(List.of("-cp", classPath, Main.class.getName()));
    command.addAll(List.of("train", "--data", "sample", "--out", run.toString()));
    command.addAll(Cli.TINY);
    command.addAll(List.of("--device", "cpu", "--epochs", "1000000", "--test-limit", "50"));
    command.addAll(List.of(more));
    process = new ProcessBuilder(command).redirectError(folder.resolve("stderr").toFile()).start();
    return run;
  }

  private void signal(String name) throws IOException, InterruptedException {
    assumeFalse(isIgnored(name), "whatever started the tests ignores SIG" + name);
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start();
    assertEquals(0, kill.waitFor());
  }

  /** A process started in the background may have to ignore SIGINT, and its children with it. */
  private static boolean isIgnored(String name) throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    String mask =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .findFirst()
            .orElse("SigIgn: 0");
    long bits = Long.parseUnsignedLong(mask.substring("SigIgn:".length()).strip(), 16);
    return (bits >> (name.equals("INT") ? 1 : 14) & 1) == 1;
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void theLastCompleteModelIsKept(String name, int code) throws Exception {
    Path run = start("--train-limit", "100");
    List<String> lines = new ArrayList<>();
    try (BufferedReader out = process.inputReader()) {
      while (lines.size() < 3) {
        lines.add(String.valueOf(out.readLine()));
      }
      signal(name);
      out.lines().forEach(lines::add);
    }
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(code, process.exitValue());
    Path model = run.resolve("model.safetensors");
    int epochs = lines.size();
    assertTrue(lines.get(epochs - 1).startsWith("epoch " + epochs + ", loss "), lines.toString());
    List<String> errors = Files.readAllLines(folder.resolve("stderr"));
    assertTrue(
        errors.contains("stopped; " + model + " is the model after epoch " + epochs),
        errors.toString());
    assertFalse(errors.toString().contains("Exception"), errors.toString());
    assertEquals(
        List.of(
            ".lock",
            "checkpoints",
            "config.json",
            "metrics.jsonl",
            "model.safetensors",
            "report.html"),
        Cli.names(run));
    List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertEquals(epochs, metrics.size());
    double last =
        new ObjectMapper().readTree(metrics.get(epochs - 1)).get("testAccuracy").doubleValue();
    Cli.Result evaluated =
        Cli.run("evaluate", model.toString(), "--data", "sample", "--test-limit", "50");
    assertEquals(0, evaluated.code(), evaluated.err());
    assertTrue(
        evaluated.out().startsWith(String.format(Locale.ROOT, "test acc %.4f, top-5 ", last)),
        evaluated.out());
  }

  /** The epoch would take minutes: 6,000 images one by one, each a step. */
  @Test
  void beforeTheFirstEpochIsDoneThereIsNoModel() throws Exception {
    Path run = start("--batch-size", "1");
    Path stderr = folder.resolve("stderr");
    while (!Files.readString(stderr).contains("run folder")) {
      assertTrue(process.isAlive());
      Thread.sleep(20);
    }
    signal("TERM");
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(143, process.exitValue());
    assertEquals(List.of(".lock", "checkpoints", "config.json"), Cli.names(run));
    assertFalse(Files.readString(stderr).contains("defect"), Files.readString(stderr));
  }
}
