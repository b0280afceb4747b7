package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.graph.CudnnUnderTest.Mode;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.tensor.DType;

/** A machine with cuDNN and without a driver, such as a laptop, can plan. */
@OnCudnn
final class CudnnWithoutDriverTest {
  private static final String CACHE = "org.bytedeco.javacpp.cachedir";

  /** Run in a process of its own, which has loaded nothing. */
  static final class Planning {
    public static void main(String[] arguments) throws IOException {
      CudaLibraries.loadForPlanning(List.of(Path.of(arguments[0])));
      ConvShape shape = new ConvShape(64, 64, 224, 224, 64, 3, 1);
      try (ConvPlans plans = new Mode("bf16", true).plans(DeviceDescription.of("h200"))) {
        ConvPlan plan = plans.plan(new ConvProblem(ConvOperation.FORWARD, shape, DType.BF16));
        Files.writeString(Path.of(arguments[1]), "engine " + plan.engine());
      }
    }
  }

  @TempDir private Path folder;

  @Test
  void plans() throws IOException, InterruptedException {
    Path answer = folder.resolve("answer");
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + CACHE + "=" + System.getProperty(CACHE) + "-without-driver",
                "-cp",
                System.getProperty("java.class.path"),
                Planning.class.getName(),
                System.getProperty("vgg4j.cuda.libraries"),
                answer.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
    assertEquals("engine 62", Files.readString(answer));
  }
}
