package org.vgg4j.backend.onednn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Rewrite;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;

/**
 * Memory of a block that is only timed: each tensor has its own, written once so that it exists.
 */
final class TimingMemory implements MemoryPlanner, AutoCloseable {
  private final Backend backend;
  private final String owner;
  private final Closing closing = new Closing();
  private final List<Slot> slots = new ArrayList<>();
  private Runnable again = () -> {};

  TimingMemory(Backend backend, String owner) {
    this.backend = backend;
    this.owner = owner;
  }

  private Slot slot(Layout layout) {
    if (layout == null) {
      return null;
    }
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
    return slot(layout);
  }

  @Override
  public Slot gradient(Layout layout) {
    return slot(layout);
  }

  @Override
  public void leave(Rewrite output) {
    Slot passing = slots.get(slots.size() - 1);
    again = () -> output.into(passing.tensor());
  }

  /** Writes an output that was left again, as the backward of the next block would. */
  void writeAgain() {
    again.run();
  }

  /** Takes what was planned. */
  void take() {
    slots.forEach(slot -> slot.bind(tensor(slot.layout())));
  }

  /** Takes a tensor of zeros. */
  Tensor tensor(Layout layout) {
    Arena arena = closing.own(backend.allocate(Arena.align(layout.bytes()), owner));
    arena.zero();
    return arena.tensor(0, layout);
  }

  @Override
  public void close() {
    closing.close();
  }
}
