package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a process is expected to hold, beside the most that it held: in processes of their own. */
@EnabledOnOs(OS.LINUX)
final class ProcessMemoryTest {
  @Test
  void ofATrainingIsWithinFivePercent() throws Exception {
    JsonNode said = benchmark("vgg16", 224, 24, 1, 1, "--batch-norm");
    assertTrue(said.path("planned_bytes").asLong() > 200L << 20, said.toString());
    assertClose(said);
  }

  @Test
  void ofAForwardPassIsWithinFivePercent() throws Exception {
    assertClose(benchmark("vgg16", 224, 64, 1, 1, "--inference"));
  }

  /** Java compiles more the longer it runs, and the order of many images is long. */
  @Test
  void ofManyStepsIsWithinFivePercent() throws Exception {
    assertClose(benchmark("vgg11", 32, 512, 25, 10, "--batch-norm"));
  }

  private static void assertClose(JsonNode said) {
    double expected = said.path("expected_process_bytes").asDouble();
    double peak = said.path("peak_process_bytes").asDouble();
    assertTrue(peak > 0 && Math.abs(expected / peak - 1) <= 0.05, said.toString());
  }

  /** Returns what steps of a net of width 1/8 say of themselves. */
  private static JsonNode benchmark(
      String arch, int imageSize, int batchSize, int steps, int repeats, String kind)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // As ./vgg starts it.
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmn16m"));
    command.add("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of("benchmark", "--device", "cpu", "--arch", arch, "--width", "1/8"));
    command.addAll(List.of("--image-size", Integer.toString(imageSize)));
    command.addAll(List.of("--batch-size", Integer.toString(batchSize), "--warm-up", "1"));
    command.addAll(List.of("--steps", Integer.toString(steps)));
    command.addAll(List.of("--repeats", Integer.toString(repeats), "--json", kind));
    Process child =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, child.exitValue(), said);
    return new ObjectMapper().readTree(said);
  }
}
