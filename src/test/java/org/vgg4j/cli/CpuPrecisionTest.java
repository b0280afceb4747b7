package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.onednn.OnCpuBf16;

/** What {@code --precision} means on the CPU engine. */
final class CpuPrecisionTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private Cli.Result train(Path run, String... more) {
    List<String> arguments = new ArrayList<>(List.of("--data", "sample", "--epochs", "2"));
    arguments.addAll(List.of("--train-limit", "64", "--test-limit", "16", "--batch-size", "16"));
    arguments.addAll(Arrays.asList(more));
    return Cli.train(run, arguments.toArray(new String[0]));
  }

  private static String precision(Path run) throws IOException {
    return JSON.readTree(run.resolve("config.json").toFile()).path("precision").asText(null);
  }

  @Test
  void tf32IsRefused() {
    assertEquals(
        "vgg: --precision tf32 is for the GPU: the CPU engine computes in fp32 or bf16",
        Cli.refused(train(folder.resolve("run"), "--precision", "tf32")));
    assertFalse(Files.exists(folder.resolve("run")));
  }

  @Test
  void theUsualOneIsWrittenDown() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.DONE, train(run).code());
    assertEquals("fp32", precision(run));
  }

  @Test
  @OnCpuBf16
  void aRunStaysInBf16() throws IOException {
    Path run = folder.resolve("run");
    Cli.Result first = train(run, "--precision", "bf16", "--emulate-bf16");
    assertEquals(ExitCode.DONE, first.code(), first::err);
    assertEquals("bf16", precision(run));
    Cli.Result more = Cli.run("train", "--resume", run.toString(), "--epochs", "3", "--no-report");
    assertEquals(ExitCode.DONE, more.code(), more::err);
    assertTrue(more.err().contains(", bf16, "), more::err);
    assertEquals("bf16", precision(run));
  }

  @Test
  @OnCpuBf16
  void withoutAvx512ItIsRefusedEvenEmulated() throws Exception {
    String refusal = child("AVX2", "--precision", "bf16", "--emulate-bf16");
    assertTrue(refusal.startsWith("2 vgg: --precision bf16 needs AVX-512, and this"), refusal);
    assertFalse(Files.exists(folder.resolve("child")));
  }

  /** As on a processor without the instructions. */
  @Test
  @OnCpuBf16
  void withoutInstructionsItIsRefusedOrEmulated() throws Exception {
    String refusal = child("AVX512_CORE", "--precision", "bf16");
    assertTrue(refusal.startsWith("2 vgg: --precision bf16 needs AVX512_BF16 or AMX"), refusal);
    assertFalse(Files.exists(folder.resolve("child")));
    String emulated = child("AVX512_CORE", "--precision", "bf16", "--emulate-bf16");
    assertTrue(emulated.startsWith("0 "), emulated);
    assertEquals("bf16", precision(folder.resolve("child")));
  }

  /** Returns exit code and stderr of a training that uses no newer instructions. */
  private String child(String newest, String... more) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-Dvgg4j.home=" + System.getProperty("basedir", ".")));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(TinyRun.FLAGS);
    command.addAll(List.of("--epochs", "1", "--out", folder.resolve("child").toString()));
    command.addAll(Arrays.asList(more));
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(log.toFile());
    builder.environment().putAll(Map.of("ONEDNN_MAX_CPU_ISA", newest));
    Process process = builder.start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "hangs");
    return process.exitValue() + " " + Files.readString(log, StandardCharsets.UTF_8);
  }
}
