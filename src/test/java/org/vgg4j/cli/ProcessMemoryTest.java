package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
  @ParameterizedTest
  @CsvSource({"64, 100", "512, 25"})
  void ofManyStepsIsWithinFivePercent(int batchSize, int steps) throws Exception {
    assertClose(benchmark("vgg11", 32, batchSize, steps, 10, "--batch-norm"));
  }

  /** Copies of checkpoints soon are garbage; they must not fill a heap sized by the machine. */
  @Test
  void ofManyEpochsStaysFlat(@TempDir Path folder) throws Exception {
    List<String> command =
        VggProcess.command("train", "--device", "cpu", "--data", "sample", "--no-report");
    command.addAll(List.of("--arch", "vgg11", "--width", "1/4", "--image-size", "32"));
    command.addAll(List.of("--train-limit", "64", "--test-limit", "16", "--epochs", "20"));
    command.addAll(List.of("--out", folder.resolve("run").toString()));
    String said = VggProcess.output(new ProcessBuilder(command).redirectErrorStream(true));
    double expected = mebibytes("about ([\\d,]+) MiB for the whole process", said);
    double held = mebibytes("the process held ([\\d,]+) MiB", said);
    assertTrue(Math.abs(expected / held - 1) <= 0.12, said);
  }

  private static double mebibytes(String pattern, String said) {
    Matcher number = Pattern.compile(pattern).matcher(said);
    assertTrue(number.find(), said);
    return Double.parseDouble(number.group(1).replace(",", ""));
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
    List<String> command =
        VggProcess.command("benchmark", "--device", "cpu", "--arch", arch, "--width", "1/8");
    command.addAll(List.of("--image-size", Integer.toString(imageSize)));
    command.addAll(List.of("--batch-size", Integer.toString(batchSize), "--warm-up", "1"));
    command.addAll(List.of("--steps", Integer.toString(steps)));
    command.addAll(List.of("--repeats", Integer.toString(repeats), "--json", kind));
    ProcessBuilder process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    return new ObjectMapper().readTree(VggProcess.output(process));
  }
}
