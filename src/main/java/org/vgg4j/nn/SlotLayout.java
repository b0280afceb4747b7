package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Slot;

/** Lays out slots in one region of memory, side by side or overlapping. */
final class SlotLayout {
  private record Place(Slot slot, long offset) {}

  private final List<Place> places = new ArrayList<>();
  private long bytes;

  /** Places a new slot after all others. */
  Slot append(Layout layout) {
    Slot slot = new Slot(layout);
    place(slot, bytes);
    return slot;
  }

  /** Places a new slot at the beginning, overlapping the others. */
  Slot overlay(Layout layout) {
    Slot slot = new Slot(layout);
    place(slot, 0);
    return slot;
  }

  /** Places a slot; returns where the next one may begin. */
  long place(Slot slot, long offset) {
    places.add(new Place(slot, offset));
    long end = offset + Arena.align(slot.layout().bytes());
    bytes = Math.max(bytes, end);
    return end;
  }

  /** Returns the size so far, a multiple of the alignment. */
  long bytes() {
    return bytes;
  }

  /**
   * Binds every slot to its tensor; the region begins at {@code base}. The arena may be null when
   * there are no slots.
   */
  void bind(Arena arena, long base) {
    for (Place place : places) {
      place.slot.bind(arena.tensor(base + place.offset, place.slot.layout()));
    }
  }
}
