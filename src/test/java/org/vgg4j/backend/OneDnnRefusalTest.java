package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** What the CPU engine refuses. */
final class OneDnnRefusalTest extends EngineRefusalTest {
  private static final Shape SHAPE = Shape.of(3);

  @Override
  Backend open() {
    return new OneDnnBackend();
  }

  /** Tensors of two CPU engines of one thread go together, as long as both are open. */
  @Test
  void tensorsOfAnotherCpuEngine() {
    try (Bench bench = new Bench(open());
        Bench second = new Bench(open())) {
      ReluPlan plan = bench.own(bench.backend().relu(bench.plain(SHAPE), Usage.INFERENCE));
      Tensor x = second.tensor(SHAPE, new double[] {-1, 0, 2});
      Tensor fresh = second.tensor(SHAPE, new double[] {-1, 0, 2});
      Tensor y = bench.output(bench.plain(SHAPE));
      plan.forward(x, y);
      assertArrayEquals(new double[] {0, 0, 2}, Bench.values(y));
      second.backend().close();
      assertThrows(IllegalStateException.class, () -> plan.forward(x, y));
      assertThrows(IllegalStateException.class, () -> plan.forward(fresh, y));
    }
  }

  @Test
  void closedEngine() {
    try (Bench bench = new Bench(open())) {
      ReluPlan plan = bench.own(bench.backend().relu(bench.plain(SHAPE), Usage.INFERENCE));
      Tensor x = bench.output(bench.plain(SHAPE));
      Tensor y = bench.output(bench.plain(SHAPE));
      plan.forward(x, y);
      bench.backend().close();
      assertThrows(IllegalStateException.class, () -> plan.forward(x, y));
    }
  }
}
