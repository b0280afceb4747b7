package org.vgg4j.backend.cuda.operations;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaOptions;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/** Algorithms: measured once, kept on disk, given again, or a fixed table. */
@OnStandIn
final class ConvAlgorithmsTest {
  private static final List<String> FIND =
      List.of(
          "cudnnFindConvolutionForwardAlgorithmEx",
          "cudnnFindConvolutionBackwardDataAlgorithmEx",
          "cudnnFindConvolutionBackwardFilterAlgorithmEx");
  private static final Conv2dSpec SPEC = new Conv2dSpec(3, 5, 3, 1, true, false);

  /** The first of the fixed table; ALGO_1 of both gradients has the same number. */
  private static final String PRECOMPUTED =
      cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM + " " + cudnn.CUDNN_FMA_MATH;

  private static final String WINOGRAD =
      cudnn.CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD + " " + cudnn.CUDNN_FMA_MATH;

  private static final String TENSOR_CORES =
      cudnn.CUDNN_CONVOLUTION_BWD_DATA_ALGO_1 + " " + cudnn.CUDNN_DEFAULT_MATH;

  @TempDir private Path folder;

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  /** Plans one convolution; returns what was chosen, measured that often in each direction. */
  private static Map<String, String> choose(CudaOptions options, int measurements) {
    StandIn.reset();
    try (CudaBackend backend = new CudaBackend(options)) {
      backend.conv2d(SPEC, CudaLayout.floats(Shape.of(2, 3, 6, 7)), null, Usage.TRAINING).close();
      FIND.forEach(find -> assertEquals(measurements, StandIn.calls(find), find));
      return backend.choices();
    }
  }

  @Test
  void measuredOnceAndKept() throws IOException {
    CudaOptions options = CudaUnderTest.measuring(folder, Map.of());
    Map<String, String> first = choose(options, 1);
    assertEquals(3, first.size());
    assertEquals(first, choose(options, 0));
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertTrue(names.stream().anyMatch(n -> n.startsWith("convolutions-")), names::toString);
      assertFalse(names.stream().anyMatch(n -> n.endsWith(".part")), names::toString);
    }
  }

  @Test
  void givenOnesComeFirst() {
    Map<String, String> given = new HashMap<>();
    choose(CudaUnderTest.measuring(null, Map.of()), 1)
        .forEach((problem, choice) -> given.put(problem, PRECOMPUTED));
    assertEquals(given, choose(CudaUnderTest.measuring(folder, given), 0));
  }

  @Test
  void uselessOnesAreMeasuredAgain() {
    Map<String, String> measured = choose(CudaUnderTest.measuring(null, Map.of()), 1);
    Map<String, String> given = new HashMap<>(measured);
    given.replaceAll((problem, choice) -> "nonsense");
    assertEquals(measured, choose(CudaUnderTest.measuring(null, given), 1));
    // Winograd is not strict, and TF32 neither.
    given.replaceAll((problem, choice) -> problem.startsWith("forward") ? WINOGRAD : TENSOR_CORES);
    assertEquals(3, given.size());
    assertEquals(measured, choose(CudaUnderTest.measuring(null, given), 1));
  }

  @Test
  void fixedTableMeasuresNothing() {
    Map<String, String> chosen = choose(CudaUnderTest.with(CudaOptions.STRICT), 0);
    assertEquals(3, chosen.size());
    chosen.forEach((problem, choice) -> assertEquals(PRECOMPUTED, choice, problem));
  }

  @Test
  void strictOnesOnly() {
    choose(CudaUnderTest.measuring(null, Map.of()), 1)
        .forEach(
            (problem, choice) ->
                assertTrue(choice.endsWith(" " + cudnn.CUDNN_FMA_MATH), problem + " " + choice));
  }
}
