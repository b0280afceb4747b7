package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.DeviceLostException;
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
    assertEquals(1L << 29, Bytes.parse("--workspace-limit", "512M"));
    assertEquals(3L << 30, Bytes.parse("--workspace-limit", "3g"));
    assertEquals(4096, Bytes.parse("--workspace-limit", "4096"));
  }

  @Test
  void lostDeviceHasItsOwnExitCode() {
    CommandLine line = new CommandLine(new Main());
    line.setErr(new PrintWriter(err));
    DeviceLostException lost = new DeviceLostException("cudaLaunchKernel failed: restart");
    assertEquals(ExitCode.DEVICE_LOST, Failures.failed(lost, line, null));
    assertEquals("vgg: cudaLaunchKernel failed: restart", err.toString().strip());
  }
}
