package org.vgg4j.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * Memory for blocks in which every byte is 0xFF before they run: NaN in F32 and BF16, and no pixel
 * of a 2x2 window.
 */
final class PoisonedMemory implements MemoryPlanner {
  private final Bench bench;
  private final List<Slot> slots = new ArrayList<>();
  private final List<Tensor> all = new ArrayList<>();

  PoisonedMemory(Bench bench) {
    this.bench = bench;
  }

  private Slot slot(Layout layout) {
    Slot slot = new Slot(layout);
    slots.add(slot);
    return slot;
  }

  @Override
  public Slot activation(Layout layout) {
    return slot(layout);
  }

  @Override
  public Slot saved(Layout layout) {
    return layout == null ? null : slot(layout);
  }

  @Override
  public Slot gradient(Layout layout) {
    return slot(layout);
  }

  /** Takes the memory of all slots, poisoned. */
  void bind() {
    for (Slot slot : slots) {
      Layout layout = slot.layout();
      Arena arena = bench.arena(Arena.align(layout.bytes()));
      Layout bytes = bench.backend().plainLayout(Shape.of((int) layout.bytes()), DType.U8);
      if (bytes.bytes() == layout.bytes()) {
        all.add(arena.tensor(0, bytes));
      } // The reference's cells hold any type.
      slot.bind(arena.tensor(0, layout));
    }
    poison();
  }

  /** Poisons all memory again. */
  void poison() {
    for (Tensor tensor : all) {
      byte[] ones = new byte[tensor.shape().arrayLength()];
      Arrays.fill(ones, (byte) -1);
      tensor.upload(ones);
    }
  }
}
