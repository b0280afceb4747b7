package org.vgg4j.train;

import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * An allocation that is one run of elements.
 *
 * @param elementBytes what an element takes in this engine's memory
 */
record Slab(Arena arena, DType type, int elementBytes) {
  static Slab of(Backend backend, Arena arena, DType type) {
    return new Slab(arena, type, backend.plainLayout(Shape.of(1), type).elementBytes());
  }

  long elements() {
    return arena.bytes() / elementBytes;
  }

  /** Replaces all elements by those of rank 0. */
  void broadcast(Collective collective) {
    collective.broadcast(arena, type, 0, elements());
  }
}
