package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;

final class ReferenceBackendTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final ReferenceBackend backend = fixture.backend;

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void introducesItself() {
    assertEquals("reference", backend.name());
    assertEquals("reference engine: plain Java, double precision, 1 thread", backend.description());
    assertEquals(Types.F64, backend.types());
  }

  @Test
  void computesInDoubleOnlyAndWithItsOwnLayouts() {
    Layout single = backend.plainLayout(Shape.of(2), DType.F32);
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> backend.relu(single, Usage.TRAINING));
    assertEquals("this reference engine computes in F64, not in F32", thrown.getMessage());
    Layout foreign = new Foreign(Shape.of(2), DType.F64, 16);
    assertThrows(IllegalArgumentException.class, () -> backend.relu(foreign, Usage.TRAINING));
    assertThrows(IllegalArgumentException.class, () -> fixture.arena(256).tensor(0, foreign));
  }

  @Test
  void refusesToWorkOnAClosedArena() {
    Layout layout = fixture.layout(2);
    ReluPlan plan = fixture.own(backend.relu(layout, Usage.TRAINING));
    Tensor alive = fixture.tensor(layout, 1, 2);
    Arena arena = fixture.arena(layout.bytes());
    Tensor dead = arena.tensor(0, layout);
    arena.close();
    assertThrows(IllegalStateException.class, () -> plan.forward(alive, dead));
    assertThrows(IllegalStateException.class, () -> plan.forward(dead, alive));
    assertArrayEquals(new double[] {1, 2}, ReferenceFixture.read(alive));
  }

  @Test
  void saysSoWhenClosed() {
    Layout layout = fixture.layout(2);
    ReferenceBackend closed = new ReferenceBackend();
    StepState state = closed.newStepState();
    closed.close();
    List<Runnable> uses =
        List.of(
            () -> closed.allocate(8),
            closed::newStepState,
            closed::synchronize,
            () -> closed.relu(layout, Usage.TRAINING),
            () -> closed.conv2d(null, layout, null, Usage.TRAINING),
            () -> closed.batchNorm2d(null, layout, Usage.TRAINING),
            () -> closed.maxPool2d(null, layout, Usage.TRAINING),
            () -> closed.linear(null, layout, null, Usage.TRAINING),
            () -> closed.dropout(null, layout, state),
            () -> closed.localResponseNorm(null, layout, Usage.TRAINING),
            () -> closed.crossEntropy(layout, state, new HostLossAccumulator()),
            () -> closed.adam(null, null, null, null, state),
            () -> closed.sgd(null, null, null, state),
            () -> closed.accumulate(null, null));
    for (Runnable use : uses) {
      IllegalStateException thrown = assertThrows(IllegalStateException.class, use::run);
      assertEquals("the reference engine is closed", thrown.getMessage());
    }
  }

  private record Foreign(Shape shape, DType dtype, long bytes) implements Layout {
    @Override
    public Layout as(DType other) {
      return this;
    }
  }
}
