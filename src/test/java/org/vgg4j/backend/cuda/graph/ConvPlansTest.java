package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.cuda.LeavesNothing;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.testing.ErrorLines;

/** Plans on an open GPU: timed once, kept on disk, given again, or the first deterministic one. */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class ConvPlansTest {
  private static final ConvShape SHAPE = new ConvShape(2, 8, 6, 7, 16, 3, 1);
  private static final ConvProblem FORWARD =
      new ConvProblem(ConvOperation.FORWARD, SHAPE, DType.F32);
  private static final String ELAPSED = "cudaEventElapsedTime";
  private static final long LIMIT = 1 << 20;

  @TempDir private Path folder;

  private static ConvProblem problem(ConvOperation operation, DType type) {
    return new ConvProblem(operation, SHAPE, type);
  }

  private static PlanPolicy timing(Map<String, String> choices) {
    return new PlanPolicy(true, false, LIMIT, choices);
  }

  private static PlanPolicy deterministic(boolean strict) {
    return new PlanPolicy(strict, true, LIMIT, Map.of());
  }

  /** Plans the three directions in fp32; returns what was chosen, and whether it was timed. */
  private static Map<String, String> choose(PlanPolicy policy, Path folder, boolean isTimed) {
    StandIn.reset();
    try (CudaContext context = CudaContext.open(0);
        ConvPlans plans = ConvPlans.on(context, policy, folder)) {
      for (ConvOperation operation :
          List.of(ConvOperation.FORWARD, ConvOperation.DATA, ConvOperation.FILTER)) {
        ConvPlan plan = plans.plan(problem(operation, DType.F32));
        assertEquals(isTimed, plan.millis().isPresent());
        assertTrue(plan.workspaceBytes() <= LIMIT);
        assertSame(plan, plans.plan(problem(operation, DType.F32)));
      }
      assertEquals(isTimed, StandIn.calls(ELAPSED) > 0);
      return plans.chosen();
    }
  }

  @Test
  void timedOnceAndKept() throws IOException {
    Map<String, String> first = choose(timing(Map.of()), folder, true);
    assertEquals(3, first.size());
    assertEquals(first, choose(timing(Map.of()), folder, false));
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertTrue(names.stream().anyMatch(n -> n.startsWith("convolution-plans-")), names::toString);
      assertFalse(names.stream().anyMatch(n -> n.endsWith(".part")), names::toString);
    }
  }

  @Test
  void givenOnesComeFirst() {
    Map<String, String> timed = choose(timing(Map.of()), folder, true);
    Map<String, String> given = choose(deterministic(true), null, false);
    assertEquals(given, choose(timing(given), folder, false));
    assertEquals(timed.keySet(), given.keySet());
  }

  @Test
  void uselessOnesAreTimedAgain() {
    Map<String, String> given = new HashMap<>(choose(timing(Map.of()), null, true));
    given.replaceAll((problem, choice) -> "nonsense");
    choose(timing(given), null, true);
    // Tensor cores, which fp32 refuses.
    Map<String, Integer> engines = Map.of("forward", 67, "data", 71, "filter", 68);
    given.replaceAll(
        (problem, choice) ->
            "engine " + engines.get(problem.split(" ")[0]) + " knobs 2=8 13=0 25=1");
    choose(timing(given), null, true);
  }

  @Test
  void aKeptPlanThatCannotBeMadeIsSaid() throws IOException {
    Map<String, String> timed = choose(timing(Map.of()), folder, true);
    List<String> lines =
        ErrorLines.of(
            () -> {
              Map<String, String> useless = new HashMap<>(timed);
              useless.replaceAll((problem, choice) -> "engine 9999");
              choose(timing(useless), null, true);
            });
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(lines.get(0).contains("a plan that was kept cannot be taken"), lines.get(0));
    assertTrue(lines.get(0).contains("engine 9999"), lines.get(0));
    assertEquals(List.of(), ErrorLines.of(() -> choose(timing(timed), folder, false)));
  }

  @Test
  void whatDoesNotRunIsNotTaken() {
    try (CudaContext context = CudaContext.open(0)) {
      List<String> tried = new ArrayList<>();
      try (ConvPlans plans = ConvPlans.on(context, timing(Map.of()), null);
          PlanSearch search =
              new PlanSearch(
                  new PlanMaker(
                      PlanTarget.of(context), timing(Map.of()), new CompiledPlans(null, "", 0)),
                  FORWARD)) {
        search.find(5, 2).forEach(plan -> tried.add(plan.choice().text()));
        assertEquals(5, tried.size(), tried::toString);
        String run = "cudnnBackendExecute@";
        StandIn.faults(run + "1;" + run + "2;" + run + "3;" + run + "4");
        ConvPlan plan = plans.plan(FORWARD);
        assertFalse(tried.subList(0, 4).contains(plan.choice()), plan.choice());
        assertTrue(plan.millis().isPresent());
      }
      try (ConvPlans plans = ConvPlans.on(context, timing(Map.of()), folder)) {
        StandIn.faults("cudnnBackendExecute@0");
        assertNull(plans.planOrNull(FORWARD));
        String message = assertThrows(CudaException.class, () -> plans.plan(FORWARD)).getMessage();
        assertTrue(message.startsWith("cuDNN has no plan for " + FORWARD.text()), message);
        assertTrue(message.contains("cudnnBackendExecute failed"), message);
        assertTrue(StandIn.calls("cudnnBackendExecute") > 4);
      }
      StandIn.reset();
      // Nothing of that is on disk.
      try (ConvPlans plans = ConvPlans.on(context, timing(Map.of()), folder)) {
        assertTrue(plans.plan(FORWARD).millis().isPresent());
      }
    }
  }

  @Test
  void withoutMemoryTheFirstIsTaken() {
    try (CudaContext context = CudaContext.open(0);
        ConvPlans plans = ConvPlans.on(context, timing(Map.of()), folder)) {
      StandIn.faults("cudaMalloc@0=2");
      ConvPlan plan = plans.plan(FORWARD);
      assertTrue(plan.millis().isEmpty());
      assertEquals(0, StandIn.calls("cudnnBackendExecute"));
      StandIn.reset();
    }
    choose(timing(Map.of()), folder, true);
  }

  @Test
  void engineIsWhatThePolicyAllows() {
    try (CudaContext context = CudaContext.open(0)) {
      try (ConvPlans plans = ConvPlans.on(context, deterministic(true), null)) {
        for (ConvOperation operation :
            List.of(ConvOperation.FORWARD, ConvOperation.DATA, ConvOperation.FILTER)) {
          EngineNotes notes = plans.plan(problem(operation, DType.F32)).notes();
          assertFalse(notes.usesTensorCores() || notes.isNondeterministic(), notes.text());
          assertFalse(notes.text().contains("Winograd"), notes.text());
        }
      }
      try (ConvPlans plans = ConvPlans.on(context, deterministic(false), null)) {
        assertTrue(plans.plan(problem(ConvOperation.FORWARD, DType.F32)).notes().usesTensorCores());
      }
    }
  }

  @Test
  void whatDoesNotExistIsRefused() {
    // In strict fp32 there is no plan with statistics.
    ConvProblem problem = problem(ConvOperation.FORWARD_STATISTICS, DType.F32);
    try (CudaContext context = CudaContext.open(0);
        ConvPlans plans = ConvPlans.on(context, deterministic(true), null)) {
      assertNull(plans.planOrNull(problem));
      String message = assertThrows(RuntimeException.class, () -> plans.plan(problem)).getMessage();
      assertTrue(message.contains("none allowed: engine 3"), message);
      assertTrue(message.contains("tensor cores"), message);
    }
  }

  /** Every operation runs in both types, whatever the number of its operands. */
  @ParameterizedTest
  @EnumSource
  void runs(ConvOperation operation) {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Closing owner = new Closing()) {
        CudaContext context = owner.own(CudaContext.open(0));
        ConvPlans plans = owner.own(ConvPlans.on(context, deterministic(false), null));
        ConvPlan plan = plans.plan(problem(operation, type));
        PlanRun run = owner.own(plan.newRun());
        assertThrows(IllegalStateException.class, () -> run.execute(null));
        List<Operand> operands = plan.problem().operands();
        for (int i = 0; i < operands.size(); i++) {
          DeviceMemory memory = owner.own(new DeviceMemory(context, operands.get(i).bytes()));
          memory.zero();
          run.set(i, memory.pointer());
        }
        DeviceMemory workspace = owner.own(new DeviceMemory(context, plan.workspaceBytes()));
        run.execute(workspace.pointer());
        context.synchronize();
        // The pack is kept: the same addresses make no new descriptor.
        StandIn.reset();
        run.execute(workspace.pointer());
        assertEquals(0, StandIn.calls("cudnnBackendCreateDescriptor"));
        assertEquals(1, StandIn.calls("cudnnBackendExecute"));
      }
    }
  }

  @Test
  void packsAreBounded() {
    try (Closing owner = new Closing()) {
      CudaContext context = owner.own(CudaContext.open(0));
      ConvPlans plans = owner.own(ConvPlans.on(context, deterministic(false), null));
      ConvPlan plan = plans.plan(problem(ConvOperation.FORWARD, DType.F32));
      PlanRun run = owner.own(plan.newRun());
      assertThrows(IllegalArgumentException.class, () -> run.set(0, null));
      List<Operand> operands = plan.problem().operands();
      long space = 256;
      int turns = 40;
      DeviceMemory workspace = owner.own(new DeviceMemory(context, plan.workspaceBytes()));
      DeviceMemory x =
          owner.own(new DeviceMemory(context, operands.get(0).bytes() + turns * space));
      x.zero();
      for (int i = 1; i < operands.size(); i++) {
        DeviceMemory memory = owner.own(new DeviceMemory(context, operands.get(i).bytes()));
        memory.zero();
        run.set(i, memory.pointer());
      }
      assertThrows(IllegalArgumentException.class, () -> run.set(0, x.at(4)));
      long without = descriptors();
      for (int turn = 0; turn < turns; turn++) {
        run.set(0, x.at(turn * space)).execute(workspace.pointer());
        assertEquals(Math.min(turn + 1, 8), descriptors() - without);
      }
      StandIn.reset();
      run.set(0, x.at((turns - 8) * space)).execute(workspace.pointer());
      assertEquals(0, StandIn.calls("cudnnBackendCreateDescriptor"));
    }
  }

  private static long descriptors() {
    return StandIn.live().getOrDefault("cuDNN descriptors", 0L);
  }

  @Test
  void plansAreSharedAndMadeAgain() {
    try (CudaContext context = CudaContext.open(0);
        ConvPlans plans = ConvPlans.on(context, deterministic(false), null)) {
      long nothing = descriptors();
      ConvPlan plan = plans.plan(problem(ConvOperation.DATA, DType.BF16));
      long one = descriptors();
      assertTrue(one > nothing);
      PlanRun first = plan.newRun();
      PlanRun second = plan.newRun();
      assertEquals(one, descriptors());
      first.close();
      first.close();
      assertEquals(one, descriptors());
      second.close();
      assertEquals(nothing, descriptors());
      try (PlanRun third = plan.newRun()) {
        assertNotNull(third);
        assertEquals(one, descriptors());
      }
      assertThrows(IllegalStateException.class, () -> first.execute(null));
    }
  }

  @Test
  void whatNobodyRunsIsFreed() {
    try (CudaContext context = CudaContext.open(0);
        ConvPlans plans = ConvPlans.on(context, timing(Map.of()), null)) {
      long nothing = descriptors();
      ConvPlan idle = plans.plan(FORWARD);
      try (PlanRun run = plans.plan(problem(ConvOperation.DATA, DType.F32)).newRun()) {
        long both = descriptors();
        plans.releaseUnused();
        long one = descriptors();
        assertTrue(one < both && one > nothing, () -> both + ", then " + one);
        try (PlanRun later = idle.newRun()) {
          plans.releaseUnused();
          assertEquals(both, descriptors());
          assertNotNull(later);
        }
        assertEquals(one, descriptors());
        assertNotNull(run);
      }
      assertEquals(nothing, descriptors());
    }
  }

  @Test
  void failuresLeaveNothing() {
    Map<String, Long> before = StandIn.live();
    for (String call :
        List.of(
            "cudnnBackendCreateDescriptor=3000",
            "cudnnBackendSetAttribute=2000",
            "cudnnBackendGetAttribute=4000",
            "cudnnBackendFinalize=3000",
            "cudnnBackendExecute=5000",
            "cudaEventCreateWithFlags=999",
            "cudaMalloc=2",
            "cudaMallocHost=2",
            "cudaMemcpyAsync=1")) {
      for (int n = 1; n < 200; n += n < 20 ? 3 : 37) {
        StandIn.reset();
        try (CudaContext context = CudaContext.open(0);
            ConvPlans plans = ConvPlans.on(context, timing(Map.of()), folder.resolve(call + n))) {
          StandIn.faults(call.replace("=", "@" + n + "="));
          try (PlanRun run = plans.plan(problem(ConvOperation.FILTER, DType.F32)).newRun()) {
            assertNotNull(run);
          }
        } catch (RuntimeException e) {
          assertNotNull(e.getMessage(), call);
        }
        StandIn.reset();
        assertEquals(before, StandIn.live(), call + " at " + n);
      }
    }
  }
}
