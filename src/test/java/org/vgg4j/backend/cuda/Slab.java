package org.vgg4j.backend.cuda;

import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Numbers of a rank in an engine's memory, to be summed. */
final class Slab implements AutoCloseable {
  private final Arena arena;
  private final Tensor tensor;
  private final DType type;
  private final int count;

  Slab(CudaBackend backend, DType type, int count) {
    this.type = type;
    this.count = count;
    arena = backend.allocate((long) count * type.bytes());
    tensor = arena.tensor(0, backend.plainLayout(Shape.of(count), type));
  }

  Arena arena() {
    return arena;
  }

  /** Sets every element to a value that tells it and its rank apart. */
  Slab fill(int rank) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = value(rank, i);
    }
    tensor.upload(values);
    return this;
  }

  static double value(int rank, int element) {
    return (rank + 1) * 1000 + element % 100;
  }

  double[] values() {
    double[] values = new double[count];
    tensor.download(values);
    return values;
  }

  Reduction begin(Collective collective, long from, long elements) {
    return collective.begin(arena, type, from, elements);
  }

  @Override
  public void close() {
    arena.close();
  }
}
