package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * Each operand of each operation is replaced by one that the plan was not made for, and must be
 * refused. An engine's test is a subclass that opens it.
 */
abstract class EngineRefusalTest {
  /** Opens the engine under test. */
  abstract Backend open();

  /** Opens an engine whose tensors and arenas are foreign to the one under test. */
  Backend openOther() {
    return new ReferenceBackend();
  }

  @TestFactory
  Stream<DynamicTest> operandsThatWereNotPlanned() {
    Bench bench = new Bench(open());
    Bench other = new Bench(openOther());
    return PlannedOperation.all(bench)
        .map(
            operation ->
                DynamicTest.dynamicTest(
                    operation.name() + " " + operation.method(),
                    () -> assertAll(new Trial(bench, other, operation).checks())))
        .onClose(bench::close)
        .onClose(other::close);
  }

  /** An operation on tensors of which one is replaced at a time. */
  private record Trial(Bench bench, Bench other, PlannedOperation operation) {
    List<Executable> checks() {
      List<Executable> checks = new ArrayList<>();
      for (int i = 0; i < operation.operands().size(); i++) {
        int at = i;
        PlannedOperation.Operand operand = operation.operands().get(i);
        Layout planned = operand.layout();
        if (planned == null) {
          Layout any = bench.plain(PlannedOperation.IMAGES);
          checks.add(() -> refused(at, bench.opaque(any), "was planned to be null and got " + any));
          continue;
        }
        checks.add(() -> refused(at, null, "is missing"));
        for (Layout wrong : unlike(planned)) {
          String words = "was planned for " + planned + " and got " + wrong;
          checks.add(() -> refused(at, bench.opaque(wrong), words));
        }
        Layout foreign = other.backend().plainLayout(planned.shape(), planned.dtype());
        checks.add(() -> refused(at, other.opaque(foreign), "got a tensor of another engine"));
        checks.add(() -> refusedOnceClosed(at, planned));
      }
      return checks;
    }

    /** Returns layouts of other shapes, of another type and of the engine's other orders. */
    private List<Layout> unlike(Layout planned) {
      Backend backend = bench.backend();
      Shape shape = planned.shape();
      List<Layout> others = new ArrayList<>();
      int axis = shape.rank() - 1;
      for (int extent : new int[] {Math.max(1, shape.dim(axis) - 1), shape.dim(axis) + 1}) {
        int[] dims = shape.toArray();
        dims[axis] = extent;
        others.add(backend.plainLayout(Shape.of(dims), planned.dtype()));
      }
      DType type = planned.dtype() == DType.I32 ? backend.types().activation() : DType.I32;
      others.add(backend.plainLayout(shape, type));
      others.add(backend.plainLayout(shape, planned.dtype()));
      if (shape.equals(PlannedOperation.IMAGES)) {
        others.add(PlannedOperation.images(bench));
      }
      others.removeIf(planned::equals);
      return others;
    }

    private Tensor[] tensors() {
      return operation.operands().stream()
          .map(operand -> bench.opaque(operand.layout()))
          .toArray(Tensor[]::new);
    }

    private void refused(int at, Tensor wrong, String words) {
      Tensor[] tensors = tensors();
      tensors[at] = wrong;
      PlannedOperation.Operand operand = operation.operands().get(at);
      if (wrong == null && operand.optional()) {
        operation.run().accept(tensors);
        return;
      }
      IllegalArgumentException thrown =
          assertThrows(
              IllegalArgumentException.class,
              () -> operation.run().accept(tensors),
              () -> operand.name() + " " + words);
      String subject = operation.name() + " " + operand.name() + " ";
      String message = thrown.getMessage();
      assertTrue(
          message.startsWith(subject) && message.endsWith(words),
          () -> subject + " " + words + ": " + message);
    }

    /** The memory is closed after a run, when the engine may still know the tensor. */
    private void refusedOnceClosed(int at, Layout layout) {
      Tensor[] tensors = tensors();
      try (Arena arena = bench.backend().allocate(Arena.align(layout.bytes()))) {
        tensors[at] = arena.tensor(0, layout);
        operation.run().accept(tensors);
      }
      assertThrows(
          IllegalStateException.class,
          () -> operation.run().accept(tensors),
          () -> operation.operands().get(at).name() + " in closed memory");
    }
  }

  @Test
  void slabsOfAnotherSizeOrEngine() {
    try (Bench bench = new Bench(open());
        Bench other = new Bench(openOther())) {
      StepState state = bench.state();
      Backend backend = bench.backend();
      refusedSlabs(
          bench,
          other,
          4,
          a ->
              backend.adam(
                  new AdamSpec(0.9, 0.999, 1e-8, 0),
                  new ParameterSlabs(a[0], a[1]),
                  a[2],
                  a[3],
                  state));
      refusedSlabs(
          bench,
          other,
          3,
          a -> backend.sgd(new SgdSpec(0.9, 0), new ParameterSlabs(a[0], a[1]), a[2], state));
    }
  }

  private static void refusedSlabs(
      Bench bench, Bench other, int count, Function<Arena[], OptimizerPlan> optimizer) {
    for (int i = 0; i < count; i++) {
      for (Arena wrong : new Arena[] {null, bench.arena(256), other.arena(1024)}) {
        Arena[] slabs = slabs(bench, count);
        slabs[i] = wrong;
        assertThrows(IllegalArgumentException.class, () -> optimizer.apply(slabs));
      }
      Arena[] slabs = slabs(bench, count);
      OptimizerPlan plan = bench.own(optimizer.apply(slabs));
      plan.step();
      slabs[i].close();
      assertThrows(IllegalStateException.class, plan::step);
    }
  }

  private static Arena[] slabs(Bench bench, int count) {
    return Stream.generate(() -> bench.arena(1024)).limit(count).toArray(Arena[]::new);
  }
}
