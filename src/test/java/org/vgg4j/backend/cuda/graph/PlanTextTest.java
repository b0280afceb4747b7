package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.Set;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.DType;

/** Keys and values that are kept on disk, and what a policy allows. */
final class PlanTextTest {
  private static final ConvShape SHAPE = new ConvShape(64, 8, 224, 200, 32, 3, 1);

  @Test
  void problems() {
    ConvProblem problem = new ConvProblem(ConvOperation.FORWARD, SHAPE, DType.BF16);
    assertEquals("forward bf16 x 64x8x224x200 w 32x8x3x3 pad 1", problem.text());
    assertEquals(64L * 8 * 224 * 200 * 2, problem.operands().get(0).bytes());
    assertEquals(32L * 8 * 9 * 2, problem.operands().get(1).bytes());
    assertEquals(64L * 32 * 224 * 200 * 2, problem.operands().get(2).bytes());
    ConvProblem fused = new ConvProblem(ConvOperation.NORM_FORWARD_STATISTICS, SHAPE, DType.F32);
    assertEquals("norm forward statistics f32 x 64x8x224x200 w 32x8x3x3 pad 1", fused.text());
    assertEquals(7, fused.operands().size());
    assertThrows(
        IllegalArgumentException.class,
        () -> new ConvProblem(ConvOperation.DATA, SHAPE, DType.F64));
    // Without padding the output is smaller, and more than 2^31 elements have their bytes.
    ConvShape large = new ConvShape(1024, 64, 224, 224, 64, 3, 0);
    assertEquals(222, large.outHeight());
    assertEquals(
        1024L * 64 * 222 * 222 * 4,
        new ConvProblem(ConvOperation.FORWARD, large, DType.F32).operands().get(2).bytes());
  }

  @Test
  void choices() {
    EngineChoice choice = new EngineChoice(62, Map.of(7, 3L, 2, -1L));
    assertEquals("engine 62 knobs 2=-1 7=3", choice.text());
    assertEquals(choice, EngineChoice.of(choice.text()));
    assertEquals(new EngineChoice(0, Map.of()), EngineChoice.of("engine 0"));
    assertNull(EngineChoice.of(null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1 3",
        "engine",
        "engine x",
        "engine 1 knobs",
        "engine 1 knobs 2",
        "engine 1 knobs 2=3 ",
        "engine 99999999999999999999",
        "engine 1 knobs 2=99999999999999999999"
      })
  void nonsenseIsNoChoice(String text) {
    assertNull(EngineChoice.of(text));
  }

  @Test
  void policies() {
    EngineNotes none = notes();
    EngineNotes tensor = notes(cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    EngineNotes winograd = notes(cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4);
    EngineNotes random = notes(cudnn.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
    EngineNotes narrow = notes(cudnn.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
    EngineNotes less =
        notes(
            cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
            cudnn.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
    PlanPolicy strict = new PlanPolicy(true, false, 0, Map.of());
    PlanPolicy fast = new PlanPolicy(false, false, 0, Map.of());
    PlanPolicy fixed = new PlanPolicy(false, true, 0, Map.of());
    for (PlanPolicy each : new PlanPolicy[] {strict, fast, fixed}) {
      assertNull(each.refusal(none, DType.F32));
      assertNotNull(each.refusal(narrow, DType.F32));
      assertNotNull(each.refusal(narrow, DType.BF16));
      assertNotNull(each.refusal(less, DType.F32));
      assertNull(each.refusal(less, DType.BF16));
    }
    assertNotNull(strict.refusal(tensor, DType.F32));
    assertNotNull(strict.refusal(winograd, DType.F32));
    assertNull(strict.refusal(tensor, DType.BF16));
    assertNull(strict.refusal(random, DType.F32));
    assertNull(fast.refusal(tensor, DType.F32));
    assertNull(fast.refusal(winograd, DType.F32));
    assertNull(fast.refusal(random, DType.F32));
    assertNotNull(fixed.refusal(random, DType.F32));
    assertEquals(0, PlanPolicy.rank(tensor, DType.BF16));
    assertEquals(1, PlanPolicy.rank(less, DType.BF16));
    assertEquals(2, PlanPolicy.rank(none, DType.BF16));
    assertEquals(0, PlanPolicy.rank(none, DType.F32));
    assertEquals(1L << 30, PlanPolicy.workspaceLimit(8L << 30));
    assertEquals(2L << 30, PlanPolicy.workspaceLimit(24L << 30));
  }

  private static EngineNotes notes(Integer... numerical) {
    return new EngineNotes(Set.of(numerical), Set.of());
  }
}
