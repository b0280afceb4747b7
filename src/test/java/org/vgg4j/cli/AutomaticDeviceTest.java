package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;

/** What {@code auto} says, in processes of their own, on a machine whose GPU is not usable. */
final class AutomaticDeviceTest {
  /** What is wrong, and after the semicolon what to do. */
  private static final String WHY =
      "\\[INFO\\] Using the CPU: no usable NVIDIA GPU \\([^;]+; .+\\); run ./vgg doctor for"
          + " details";

  @TempDir private Path folder;

  @BeforeEach
  void needNoGpu() {
    assumeFalse(
        Backends.reports(EngineOptions.of("cuda")).get(0).usable(), "this machine has a GPU");
  }

  private List<String> said(Class<?> program, List<String> arguments) throws Exception {
    Path log = folder.resolve("stderr");
    Process process = TinyRun.start(program, log, arguments);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS));
    List<String> lines = Files.readAllLines(log);
    assertEquals(0, process.exitValue(), lines::toString);
    return lines;
  }

  @Test
  void causeAndRemedyAreLoggedOnceHoweverOftenItIsOpened() throws Exception {
    List<String> lines = said(OpensThrice.class, List.of("info"));
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.get(0).matches(WHY), lines::toString);
  }

  @Test
  void levelDebugShowsTheException() throws Exception {
    List<String> lines = said(OpensThrice.class, List.of("debug"));
    assertEquals(1, lines.stream().filter(line -> line.matches(WHY)).count(), lines::toString);
    assertEquals(
        1,
        lines.stream()
            .filter(line -> line.startsWith("org.vgg4j.tensor.DeviceUnavailableException"))
            .count(),
        lines::toString);
  }

  @Test
  void trainSaysItInOneLine() throws Exception {
    List<String> arguments = new ArrayList<>(TinyRun.FLAGS);
    arguments.set(arguments.indexOf("cpu"), "auto");
    arguments.addAll(List.of("--epochs", "1", "--out", folder.resolve("run").toString()));
    List<String> lines = said(Main.class, arguments);
    assertEquals(1, lines.stream().filter(line -> line.matches(WHY)).count(), lines::toString);
    assertTrue(lines.get(0).matches(WHY), lines::toString);
    assertEquals(
        1,
        lines.stream()
            .filter(line -> line.startsWith("CPU engine: "))
            .filter(line -> line.endsWith("(auto: no usable NVIDIA GPU)"))
            .count(),
        lines::toString);
  }

  /** Opens auto three times, logging as the command line does. */
  static final class OpensThrice {
    private OpensThrice() {}

    public static void main(String[] arguments) {
      System.setProperty("org.slf4j.simpleLogger.log.org.vgg4j", arguments[0]);
      Logging.configure();
      for (int i = 0; i < 3; i++) {
        Backends.open("auto").backend().close();
      }
    }
  }
}
