package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** The number of threads is what OpenMP runs, whatever the environment says. */
final class ThreadCountTest {
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path folder;

  @BeforeAll
  static void requireARuntimeThatCanBeAsked() {
    Assumptions.assumeTrue(OpenMp.instance() != null, "this OpenMP runtime cannot be asked");
  }

  /** Runs a batch norm, which waits for every thread, and says how many there are. */
  static final class Step {
    private Step() {}

    public static void main(String[] arguments) {
      Integer asked = arguments[0].equals("none") ? null : Integer.valueOf(arguments[0]);
      try (OneDnnBackend engine = new OneDnnBackend(OneDnnOptions.DEFAULT.withThreads(asked))) {
        Shape shape = Shape.of(8, 16, 32, 32);
        OneDnnLayout x = OneDnnLayout.plain(shape, DType.F32);
        try (BatchNorm2dPlan plan =
                engine.batchNorm2d(BatchNorm2dSpec.of(16, false), x, Usage.TRAINING);
            Arena arena = engine.allocate(64 << 20)) {
          Tensor values = arena.tensor(0, x);
          Tensor y = arena.tensor(16 << 20, x);
          Tensor saved = arena.tensor(32 << 20, plan.saved());
          Tensor[] channels = new Tensor[4];
          for (int i = 0; i < 4; i++) {
            channels[i] =
                arena.tensor((48L << 20) + 4096L * i, OneDnnLayout.plain(Shape.of(16), DType.F32));
          }
          plan.forwardTraining(
              values, channels[0], channels[1], channels[2], channels[3], y, saved);
        }
        System.out.println(engine.description().replaceFirst(".*, ", ""));
      } catch (InvalidInputException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  private String step(Map<String, String> environment, String asked, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Step.class.getName(), asked));
    Path out = folder.resolve("out");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().keySet().removeIf(name -> name.startsWith("OMP_"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return "hangs";
    }
    return Files.readString(out, StandardCharsets.UTF_8).strip();
  }

  @ParameterizedTest
  @CsvSource(
      ignoreLeadingAndTrailingWhitespace = false,
      delimiter = '|',
      value = {
        "OMP_NUM_THREADS|2|none|2 threads",
        "OMP_NUM_THREADS|4,2|none|4 threads",
        "OMP_NUM_THREADS| 3|none|3 threads",
        "OMP_NUM_THREADS|1|2|2 threads",
        "OMP_NUM_THREADS|3|1|1 thread",
        "OMP_DYNAMIC|true|2|2 threads",
        "OMP_THREAD_LIMIT|1|none|1 thread",
        "OMP_THREAD_LIMIT|1|2|refused: threads 2 cannot be had: OpenMP runs 1 (OMP_THREAD_LIMIT=1);"
            + " use 1",
        "OMP_NUM_THREADS|1000000|none|refused: OMP_NUM_THREADS=1000000 in the environment is too"
            + " many: at most 256 here"
      })
  void theNumberIsThatOfOpenMp(String variable, String value, String asked, String answer)
      throws Exception {
    assertEquals(answer, step(Map.of(variable, value), asked, "-XX:ActiveProcessorCount=2"));
  }

  /** As under a CPU quota of one, of which OpenMP does not know. */
  @Test
  void aQuotaIsTheUsualNumber() throws Exception {
    assertEquals("1 thread", step(Map.of(), "none", "-XX:ActiveProcessorCount=1"));
  }

  @Test
  void tooManyAreRefusedBeforeTheSystemFails() {
    for (int bad : new int[] {0, -1, 1_000_000}) {
      InvalidInputException e =
          assertThrows(InvalidInputException.class, () -> ThreadCount.set(bad));
      assertTrue(e.getMessage().startsWith("threads must be at "), e.getMessage());
    }
  }

  /** OpenMP keeps the number by thread, and an engine may change its thread. */
  @Test
  void enginesKeepTheirNumbersOnEveryThread() throws InterruptedException {
    try (Dnnl one = new Dnnl(OneDnnOptions.DEFAULT.withThreads(1));
        Dnnl three = new Dnnl(OneDnnOptions.DEFAULT.withThreads(3))) {
      for (int round = 0; round < 2; round++) {
        one.stream();
        assertEquals(1, OpenMp.instance().team());
        three.stream();
        assertEquals(3, OpenMp.instance().team());
      }
      three.release();
      one.release();
      AtomicInteger team = new AtomicInteger();
      Thread other =
          new Thread(
              () -> {
                three.stream();
                team.set(OpenMp.instance().team());
              });
      other.start();
      other.join();
      assertEquals(3, team.get());
    }
  }
}
