package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.testing.ErrorLines;

/**
 * A step's graph takes device memory when it is made, and where there is too little, steps go on.
 */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class CudaGraphMemoryTest {
  private static final long ALL = 4L << 30;
  private static final int STEPS = 4;

  private static final String NO_BRANCHES =
      "Steps run without branches: no CUDA graph could be made with them (not enough memory on the"
          + " GPU (%s): %s free; this engine holds ";
  private static final String NO_GRAPH =
      "Steps run call by call: none could be made a CUDA graph (not enough memory on the GPU (%s):"
          + " %s free; this engine holds ";

  private static CudaOptions decided; // nothing of it is timed but the form of a step
  private static List<Double> callByCall; // the bits
  private static long graphBytes; // that a graph of a step takes beside all else

  private final List<Double> bits = new ArrayList<>();
  private Map<String, String> choices;
  private Long graphs; // null for none
  private long held; // by graphs

  @BeforeAll
  static void measure() {
    CudaOptions options = EngineLife.decided(true, true).options();
    Map<String, String> choices = new TreeMap<>(options.choices());
    choices.remove("step graph");
    decided = CudaUnderTest.measuring(options.precision(), options.activations(), choices, null);
    CudaGraphMemoryTest plain = new CudaGraphMemoryTest();
    plain.train(decided.withGraph(false), ALL);
    callByCall = plain.bits;
    CudaGraphMemoryTest serial = new CudaGraphMemoryTest();
    serial.train(form("serial"), ALL);
    graphBytes = serial.held;
    assertTrue(graphBytes > 0);
  }

  /** Returns the bytes that a training takes. */
  private static long peak(String form) {
    StandIn.reset();
    new CudaGraphMemoryTest().train(form(form), ALL);
    return StandIn.peakBytes();
  }

  @AfterEach
  void hasAllItsMemory() {
    StandIn.capacity(ALL);
    StandIn.reset();
  }

  /** Returns options with a form of steps, or that time both forms. */
  private static CudaOptions form(String form) {
    Map<String, String> choices = new TreeMap<>(decided.choices());
    if (!form.equals("timed")) {
      choices.put("step graph", form);
    }
    return CudaUnderTest.measuring(decided.precision(), decided.activations(), choices, null);
  }

  /** Trains; once the net is there the device has just so many bytes. */
  private void train(CudaOptions options, long capacity) {
    try (CudaBackend backend = CudaUnderTest.open(options);
        TinyTraining training = new TinyTraining(backend)) {
      StandIn.capacity(capacity);
      for (int i = 0; i < STEPS; i++) {
        training.step();
      }
      bits.addAll(training.bits());
      choices = backend.choices();
      graphs = StandIn.live().get("executable graphs");
      held = StandIn.graphBytes();
    }
  }

  private static void assertLines(List<String> lines, String call, String free, String... begins) {
    assertEquals(begins.length, lines.size(), lines::toString);
    for (int i = 0; i < begins.length; i++) {
      String begin = begins[i].formatted(call, free);
      String line = lines.get(i);
      assertTrue(line.contains(begin), line);
    }
  }

  /** In eighths of a graph: one that does not fit beside all else gives way to a simpler form. */
  @ParameterizedTest
  @CsvSource({
    "serial, 8, 1",
    "serial, 7, 0",
    "branched, 8, 1",
    "branched, 7, 0",
    "timed, 15, 1",
    "timed, 7, 0"
  })
  void tooLittleMemoryForAGraph(String form, int eighths, int left) {
    long places =
        peak(form.equals("serial") ? form : "branched") - graphBytes; // branches have more
    long capacity = places + graphBytes * eighths / 8;
    List<String> lines = ErrorLines.of(() -> train(form(form), capacity));
    assertEquals(callByCall, bits);
    assertEquals(left == 0 ? null : Long.valueOf(left), graphs);
    String call = "cudaGraphUpload";
    if (eighths == 8) {
      assertLines(lines, call, "");
    } else if (left == 1) {
      assertLines(lines, call, "1 MiB", NO_BRANCHES);
      assertEquals("serial", choices.get("step graph"));
    } else if (form.equals("branched")) {
      assertLines(lines, call, "1 MiB", NO_BRANCHES, NO_GRAPH);
    } else {
      assertLines(lines, call, "1 MiB", NO_GRAPH);
    }
  }

  /** Both calls that may take a graph's memory say so in the same words. */
  @ParameterizedTest
  @ValueSource(strings = {"cudaGraphInstantiate", "cudaGraphUpload"})
  void eitherCallFindsTooLittle(String call) {
    StandIn.faults(call + "@0=2");
    List<String> lines = ErrorLines.of(() -> train(form("serial"), ALL));
    assertLines(lines, call, "4092 MiB", NO_GRAPH);
    assertEquals(callByCall, bits);
    assertEquals(null, graphs);
  }

  /** Launches find the memory that the upload took. */
  @Test
  void launchesTakeNoMore() {
    try (CudaBackend backend = CudaUnderTest.open(form("serial"));
        TinyTraining training = new TinyTraining(backend)) {
      training.step();
      assertEquals(1, StandIn.calls("cudaGraphUpload"));
      assertEquals(0, StandIn.calls("cudaGraphLaunch"));
      assertEquals(graphBytes, StandIn.graphBytes());
      for (int i = 1; i < STEPS; i++) {
        training.step();
      }
      assertEquals(STEPS - 1, StandIn.calls("cudaGraphLaunch"));
      assertEquals(graphBytes, StandIn.graphBytes());
      assertEquals(callByCall, training.bits());
    }
  }
}
