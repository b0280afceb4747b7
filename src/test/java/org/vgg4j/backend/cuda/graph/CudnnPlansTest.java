package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.graph.CudnnUnderTest.Mode;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The real cuDNN accepts what the engine asks of it: on every described GPU, every convolution of
 * every net of the paper has a plan, in each precision, deterministic or not, within the limit of
 * workspace.
 */
@OnCudnn
final class CudnnPlansTest {
  private static final List<Width> WIDTHS = List.of(Width.FULL, new Width(1, 8));
  private static final List<Integer> SIZES = List.of(224, 32);
  private static final List<Integer> BATCHES = List.of(1, 7, 64);

  /** What every engine needs, and a bias and ReLU behind the forward. */
  private static final List<ConvOperation> NEEDED =
      List.of(
          ConvOperation.FORWARD,
          ConvOperation.FORWARD_BIAS,
          ConvOperation.FORWARD_BIAS_RELU,
          ConvOperation.FILTER,
          ConvOperation.DATA);

  /** Compiled when they are planned, half a second to four each: only for some shapes. */
  private static final List<ConvOperation> FUSED =
      List.of(
          ConvOperation.FORWARD_STATISTICS,
          ConvOperation.NORM_FORWARD,
          ConvOperation.NORM_FORWARD_STATISTICS);

  private static final ConvShape LARGE = new ConvShape(64, 64, 224, 224, 64, 3, 1);
  private static final ConvShape SMALL = new ConvShape(7, 16, 14, 14, 32, 3, 1);

  @BeforeAll
  static void load() {
    CudnnUnderTest.load();
  }

  static Stream<String> devices() {
    return DeviceDescription.names().stream();
  }

  @ParameterizedTest
  @MethodSource("devices")
  void everyConvolutionHasAPlan(String name) {
    DeviceDescription device = DeviceDescription.of(name);
    List<String> wrong = new ArrayList<>();
    int count = 0;
    for (Mode mode : Mode.of(device)) {
      Set<ConvShape> shapes =
          CudnnUnderTest.shapes(
              List.copyOf(VggConfig.ARCHITECTURES.keySet()),
              SIZES,
              WIDTHS,
              BATCHES,
              CudnnUnderTest.stored(mode.type()));
      try (ConvPlans plans = mode.plans(device)) {
        for (ConvShape shape : shapes) {
          for (ConvOperation operation : NEEDED) {
            count++;
            check(device, mode, plans, new ConvProblem(operation, shape, mode.type()), wrong);
          }
        }
      }
    }
    assertEquals("", String.join("\n", wrong));
    assertTrue(count > 1000, "only " + count + " were asked");
  }

  private static void check(
      DeviceDescription device,
      Mode mode,
      ConvPlans plans,
      ConvProblem problem,
      List<String> wrong) {
    try {
      ConvPlan plan = plans.plan(problem);
      EngineNotes notes = plan.notes();
      boolean isWithin = plan.workspaceBytes() <= PlanPolicy.workspaceLimit(device.memoryBytes());
      boolean isRight =
          isWithin
              && !(mode.deterministic() && notes.isNondeterministic())
              && !(mode.strict() && notes.usesTensorCores())
              && !(mode.type() == DType.F32 && notes.addsInLess())
              && !(mode.type() == DType.BF16 && !notes.usesTensorCores())
              && !notes.text().contains("converted down");
      if (!isRight) {
        wrong.add(
            device.name()
                + " "
                + mode
                + " "
                + problem.text()
                + ": "
                + plan.choice()
                + " uses "
                + plan.workspaceBytes()
                + " bytes, "
                + notes.text());
      }
    } catch (RuntimeException e) {
      wrong.add(device.name() + " " + mode + " " + e.getMessage());
    }
  }

  /**
   * Where cuDNN has no fusion the engine needs none: the test above has the parts. An H100 is left
   * out, for its answers are an H200's.
   */
  @ParameterizedTest
  @ValueSource(strings = {"a100", "b200", "h200", "rtx4090", "t4"})
  void fusionsAreThereFromAmpereOn(String name) {
    DeviceDescription device = DeviceDescription.of(name);
    List<String> found = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (Mode mode : Mode.of(device)) {
      if (mode.deterministic()) {
        List<ConvShape> shapes = mode.type() == DType.BF16 ? List.of(LARGE, SMALL) : List.of(LARGE);
        try (ConvPlans plans = mode.plans(device)) {
          for (ConvOperation operation : FUSED) {
            for (ConvShape shape : shapes) {
              ConvProblem problem = new ConvProblem(operation, shape, mode.type());
              String line = mode.precision() + ": " + problem.text();
              if (isExpected(device, mode)) {
                expected.add(line);
              }
              if (plans.planOrNull(problem) != null) {
                found.add(line);
              }
            }
          }
        }
      }
    }
    assertEquals(String.join("\n", expected), String.join("\n", found));
  }

  /** cuDNN 9.24: with statistics or a norm only on tensor cores. */
  private static boolean isExpected(DeviceDescription device, Mode mode) {
    return !mode.strict() && device.tf32().isPresent();
  }

  @Test
  void t4HasNoBf16() {
    DeviceDescription t4 = DeviceDescription.of("t4");
    try (ConvPlans plans = new Mode("bf16", false).plans(t4)) {
      ConvProblem problem = new ConvProblem(ConvOperation.FORWARD, SMALL, DType.BF16);
      String message =
          assertThrows(InvalidInputException.class, () -> plans.planOrNull(problem)).getMessage();
      assertEquals(
          "precision bf16 needs a GPU of compute capability 8.0 or newer; Tesla T4 has 7.5: use"
              + " tf32 or fp32",
          message);
    }
  }

  /** More than 2^31 elements. */
  @ParameterizedTest
  @MethodSource("devices")
  void largeBatchesHavePlans(String name) {
    DeviceDescription device = DeviceDescription.of(name);
    ConvShape shape = new ConvShape(1024, 64, 224, 224, 64, 3, 1);
    List<String> wrong = new ArrayList<>();
    for (Mode mode : Mode.of(device)) {
      try (ConvPlans plans = mode.plans(device)) {
        for (ConvOperation operation : NEEDED) {
          check(device, mode, plans, new ConvProblem(operation, shape, mode.type()), wrong);
        }
      }
    }
    assertEquals("", String.join("\n", wrong));
  }
}
