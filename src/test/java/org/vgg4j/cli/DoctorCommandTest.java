package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import picocli.CommandLine;

/** The doctor on whatever machine this is, with a GPU or without. */
final class DoctorCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out.toString());
  }

  @Test
  void trainingWorksOnAnyMachineWhoseCpuEngineDoes() throws IOException {
    assertEquals(ExitCode.DONE, run("doctor", "--json"), err::toString);
    JsonNode report = json();
    assertTrue(report.get("trainingWorks").asBoolean());
    assertTrue(report.get("cpu").get("usable").asBoolean());
    assertFalse(report.get("cpu").get("instruction set").asText().isEmpty());
    boolean hasGpu = report.get("cuda").get("usable").asBoolean();
    assertEquals(hasGpu ? "cuda" : "cpu", report.get("device").asText());
    assertEquals(hasGpu, report.get("cuda").get("problem").isNull());
    assertTrue(report.get("cuda").get("libraries").size() > 5, report::toPrettyString);
  }

  @Test
  void gpuThatIsAskedForDecidesTheExitCode() throws IOException {
    int code = run("doctor", "--json", "--device", "cuda");
    boolean hasGpu = json().get("cuda").get("usable").asBoolean();
    assertEquals(hasGpu ? ExitCode.DONE : ExitCode.CHECK_FAILED, code);
  }

  @Test
  void textSaysWhatToInstall() {
    assertEquals(ExitCode.DONE, run("doctor", "--device", "cpu"), err::toString);
    String text = out.toString();
    assertTrue(text.contains("cpu: usable"), text);
    assertTrue(text.contains("training would work, on the cpu engine"), text);
    assertTrue(text.contains("cuda: usable") || text.contains("install "), text);
  }

  @Test
  void flagsAreChecked() {
    assertEquals(ExitCode.BAD_INPUT, run("doctor", "--device", "tpu"));
    assertEquals(ExitCode.BAD_INPUT, run("doctor", "--precision", "fp8"));
    assertEquals(ExitCode.BAD_INPUT, run("doctor", "--workspace-limit", "much"));
  }

  @Test
  void lostDeviceHasItsOwnExitCode() {
    CommandLine line = new CommandLine(new Main());
    line.setErr(new PrintWriter(err));
    DeviceLostException lost = new DeviceLostException("cudaLaunchKernel failed: restart");
    assertEquals(ExitCode.DEVICE_LOST, Failures.failed(lost, line, null));
    assertEquals("vgg: cudaLaunchKernel failed: restart", err.toString().strip());
  }

  @Test
  void advicesNameFlags() {
    CommandLine line = new CommandLine(new Main());
    line.setErr(new PrintWriter(err));
    Exception missing =
        new DeviceUnavailableException("cuda", "no cuDNN; name it with cudaLibraries");
    assertEquals(ExitCode.BAD_INPUT, Failures.failed(missing, line, null));
    Exception full = new OutOfDeviceMemoryException("the GPU", 2L << 20, 1L << 20);
    assertEquals(ExitCode.BAD_INPUT, Failures.failed(full, line, null));
    assertEquals(
        """
        vgg: --device cuda: no cuDNN; name it with --cuda-libs; or use --device cpu
        vgg: not enough memory on the GPU: 2 MiB needed, 1 MiB free; use a smaller --batch-size, \
        --width or --image-size
        """,
        err.toString().replace(System.lineSeparator(), "\n"));
  }

  /** An option is called by its flag where the command has that, else by its field. */
  @Test
  void refusalsNameFlags() {
    CommandLine main = Main.line("");
    main.setErr(new PrintWriter(err));
    Exception rate = InvalidInputException.of("learningRate", "must be positive, not 0.0");
    for (String command : new String[] {"train", "evaluate"}) {
      CommandLine line = main.getSubcommands().get(command);
      line.setErr(new PrintWriter(err));
      assertEquals(ExitCode.BAD_INPUT, Failures.failed(rate, line, null));
    }
    assertEquals(
        List.of(
            "vgg: --lr must be positive, not 0.0", "vgg: learningRate must be positive, not 0.0"),
        err.toString().lines().toList());
  }
}
