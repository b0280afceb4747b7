package org.vgg4j.backend.onednn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** Tensors of zeros, or of uniform values in [-1, 1). */
final class Memory implements AutoCloseable {
  private final OneDnnBackend backend;
  private final List<Arena> arenas = new ArrayList<>();

  Memory(OneDnnBackend backend) {
    this.backend = backend;
  }

  Tensor zeros(Layout layout) {
    Arena arena = backend.allocate(Arena.align(layout.bytes()), "test");
    arenas.add(arena);
    return arena.tensor(0, layout);
  }

  Tensor random(Layout layout, long seed) {
    Tensor tensor = zeros(layout);
    long bits = CounterRandom.key(seed, 1, 1);
    tensor.fill(i -> 2 * CounterRandom.uniform(bits, i) - 1);
    return tensor;
  }

  @Override
  public void close() {
    arenas.forEach(Arena::close);
  }
}
