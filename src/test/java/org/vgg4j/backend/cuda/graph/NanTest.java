package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.PinnedMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** A NaN that a plan reads shows in what it writes, whatever is fused with the convolution. */
@OnCuda
final class NanTest {
  private static final ConvShape SHAPE = new ConvShape(2, 8, 6, 8, 16, 3, 1);
  private static final PlanPolicy ANY = new PlanPolicy(false, false, 1L << 24, Map.of());

  @BeforeAll
  static void load() {
    CudaLibraries.load(CudaUnderTest.libraries());
  }

  @ParameterizedTest
  @EnumSource
  void isNotLost(ConvOperation operation) {
    for (DType type : List.of(DType.F32, DType.BF16)) {
      ConvProblem problem = new ConvProblem(operation, SHAPE, type);
      try (Closing owner = new Closing()) {
        CudaContext context = owner.own(CudaContext.open(0));
        ConvPlan plan = owner.own(ConvPlans.on(context, ANY, null)).planOrNull(problem);
        assertNotNull(plan, problem.text());
        String read = operation == ConvOperation.DATA ? "dy" : "x";
        assertEquals(List.of(), lost(owner, context, plan, read), problem.text() + ", NaN in x");
        assertEquals(List.of(), lost(owner, context, plan, "w", "dy"), problem.text() + ", in w");
      }
    }
  }

  /** Runs the plan on zeros but for some operands, all NaN; returns what it wrote without NaN. */
  private static List<String> lost(
      Closing owner, CudaContext context, ConvPlan plan, String... nan) {
    List<Operand> operands = plan.problem().operands();
    List<DeviceMemory> memory = new ArrayList<>();
    PlanRun run = owner.own(plan.newRun());
    for (Operand operand : operands) {
      DeviceMemory place = owner.own(new DeviceMemory(context, operand.bytes()));
      int value = List.of(nan).contains(operand.name()) ? 0xff : 0; // all bits set: a NaN
      context.cuda().cudaMemsetAsync(place.pointer(), value, operand.bytes(), context.stream());
      run.set(memory.size(), place.pointer());
      memory.add(place);
    }
    DeviceMemory workspace = owner.own(new DeviceMemory(context, plan.workspaceBytes()));
    run.execute(workspace.pointer());
    List<String> lost = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      Operand operand = operands.get(i);
      if (ConvProblem.isWritten(operand) && !isAllNan(context, operand, memory.get(i))) {
        lost.add(operand.name());
      }
    }
    return lost;
  }

  private static boolean isAllNan(CudaContext context, Operand operand, DeviceMemory from) {
    try (PinnedMemory values =
        new PinnedMemory(context, Math.toIntExact(operand.bytes()), "a test")) {
      context
          .cuda()
          .cudaMemcpyAsync(
              values.pointer(),
              from.pointer(),
              operand.bytes(),
              cudart.cudaMemcpyDeviceToHost,
              context.stream());
      context.synchronize();
      int count = Math.toIntExact(operand.bytes() / operand.type().bytes());
      for (int i = 0; i < count; i++) {
        if (!Double.isNaN(operand.type().get(values.bytes(), i))) {
          return false;
        }
      }
      return count > 0;
    }
  }
}
