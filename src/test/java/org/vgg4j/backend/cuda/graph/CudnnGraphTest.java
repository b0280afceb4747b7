package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;

/** What the search for plans relies on, asked of the real cuDNN. */
@OnCudnn
final class CudnnGraphTest {
  private static final DeviceDescription H200 = DeviceDescription.of("h200");
  private static final ConvShape SHAPE = new ConvShape(64, 64, 56, 56, 128, 3, 1);
  private static final PlanPolicy ANY = new PlanPolicy(false, false, Long.MAX_VALUE, Map.of());

  @TempDir private Path folder;

  @BeforeAll
  static void load() {
    CudnnUnderTest.load();
  }

  private static ConvProblem problem(ConvOperation operation) {
    return new ConvProblem(operation, SHAPE, DType.BF16);
  }

  /** Made from engine and knobs, a plan is the one that the heuristics meant, to the last byte. */
  @Test
  void aChoiceMakesTheOfferedPlan() {
    int count = 0;
    for (ConvOperation operation :
        List.of(ConvOperation.FORWARD, ConvOperation.DATA, ConvOperation.FILTER)) {
      try (Closing owner = new Closing()) {
        PlanTarget target = PlanTarget.of(owner, H200);
        PlanMaker maker = new PlanMaker(target, ANY, new CompiledPlans(null, "", 0));
        ConvProblem problem = problem(operation);
        List<Descriptor> configs = offered(owner, target, problem);
        List<EngineOffer> offers = EngineOffer.of(target, problem, cudnn.CUDNN_HEUR_MODE_A);
        assertEquals(configs.size(), offers.size());
        for (int i = 0; i < offers.size(); i++) {
          EngineOffer offer = offers.get(i);
          if (ANY.refusal(offer.notes(), DType.BF16) == null
              && !offer.notes().isCompiledAtRunTime()) {
            Descriptor plan =
                new Descriptor(
                        owner,
                        target.calls(),
                        cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
                        "as offered")
                    .part(cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configs.get(i));
            target.plan(plan);
            plan.finish();
            try (BuiltPlan made = maker.make(problem, EngineChoice.of(offer.choice().text()))) {
              assertArrayEquals(text(plan), text(made.plan()), offer.choice().text());
              assertEquals(offer.notes(), made.notes());
              count++;
            }
          }
        }
      }
    }
    assertTrue(count > 20, "only " + count);
  }

  private static byte[] text(Descriptor plan) {
    return plan.readText(cudnn.CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
  }

  private static List<Descriptor> offered(Closing owner, PlanTarget target, ConvProblem problem) {
    Descriptor heuristics =
        new Descriptor(
                owner, target.calls(), cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics")
            .part(
                cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                ConvGraph.build(owner, target, problem))
            .constant(
                cudnn.CUDNN_ATTR_ENGINEHEUR_MODE,
                cudnn.CUDNN_TYPE_HEUR_MODE,
                cudnn.CUDNN_HEUR_MODE_A);
    target.heuristics(heuristics);
    heuristics.finish();
    int count = heuristics.countParts(cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS);
    List<Descriptor> configs =
        Stream.generate(
                () ->
                    new Descriptor(
                        owner,
                        target.calls(),
                        cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
                        "an offer"))
            .limit(count)
            .toList();
    return configs.subList(0, heuristics.readParts(cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS, configs));
  }

  @Test
  void givenChoicesComeFirst() {
    String key = problem(ConvOperation.FORWARD).text();
    String third;
    try (Closing owner = new Closing()) {
      third =
          EngineOffer.of(
                  PlanTarget.of(owner, H200),
                  problem(ConvOperation.FORWARD),
                  cudnn.CUDNN_HEUR_MODE_A)
              .get(2)
              .choice()
              .text();
    }
    PlanPolicy policy = new PlanPolicy(false, false, 1L << 30, Map.of(key, third));
    try (ConvPlans plans = ConvPlans.on(H200, policy, null)) {
      assertEquals(third, plans.plan(problem(ConvOperation.FORWARD)).choice());
      assertEquals(Map.of(key, third), plans.chosen());
    }
    PlanPolicy other = new PlanPolicy(false, false, 1L << 30, Map.of(key, "engine 9999"));
    try (ConvPlans plans = ConvPlans.on(H200, other, null)) {
      assertEquals(62, plans.plan(problem(ConvOperation.FORWARD)).engine());
    }
  }

  @Test
  void refusalsSayWhatAndWhatToDo() {
    ConvProblem problem = new ConvProblem(ConvOperation.FILTER, SHAPE, DType.F32);
    try (ConvPlans plans = ConvPlans.on(H200, new PlanPolicy(true, true, -1, Map.of()), null)) {
      assertNull(plans.planOrNull(problem));
      String message =
          assertThrows(InvalidInputException.class, () -> plans.plan(problem)).getMessage();
      assertTrue(
          message.startsWith("cuDNN has no plan for filter f32 x 64x64x56x56 w 128x64x3x3 pad 1"),
          message);
      assertTrue(message.contains(" on NVIDIA H200 within -1 bytes of workspace: "), message);
      assertTrue(message.contains("over the limit of -1; use a smaller batch"), message);
      assertTrue(message.endsWith("--precision tf32, or leave out --deterministic"), message);
      assertTrue(message.indexOf('\n') < 0, message);
      assertEquals(Map.of(), plans.chosen());
    }
  }

  /** A filter larger than the padded image. */
  @Test
  void cudnnsOwnReasonIsPassedOn() {
    ConvProblem problem =
        new ConvProblem(ConvOperation.FORWARD, new ConvShape(1, 8, 2, 2, 8, 5, 0), DType.F32);
    try (ConvPlans plans = ConvPlans.on(H200, ANY, null)) {
      CudaException e = assertThrows(CudaException.class, () -> plans.plan(problem));
      assertNotNull(e.getCause(), e.getMessage());
      assertTrue(e.getMessage().contains("CUDNN_STATUS_BAD_PARAM"), e.getMessage());
    }
  }

  @Test
  void compiledPlansAreKept() throws IOException {
    ConvProblem problem = problem(ConvOperation.NORM_FORWARD);
    String choice = plan(problem);
    Path file = onlyFile();
    byte[] kept = Files.readAllBytes(file);
    // What is on disk is taken: with a text that cuDNN does not read it would be written again.
    assertEquals(choice, plan(problem));
    assertArrayEquals(kept, Files.readAllBytes(file));
    // cuDNN itself does not notice a changed byte in the code.
    byte[] damaged = kept.clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(file, damaged);
    assertEquals(choice, plan(problem));
    assertEquals(kept.length, Files.size(file));
    assertFalse(Arrays.equals(damaged, Files.readAllBytes(file)));
  }

  private String plan(ConvProblem problem) {
    try (ConvPlans plans = ConvPlans.on(H200, ANY, folder)) {
      ConvPlan plan = plans.plan(problem);
      assertTrue(plan.notes().isCompiledAtRunTime());
      try (PlanRun run = plan.newRun()) {
        assertThrows(IllegalStateException.class, () -> run.execute(null));
      }
      return plan.choice();
    }
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("compiled-plans"))) {
      List<Path> all = files.toList();
      assertEquals(1, all.size());
      return all.get(0);
    }
  }
}
