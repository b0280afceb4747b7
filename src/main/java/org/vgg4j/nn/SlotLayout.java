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

  /** Places a slot after all others. */
  Slot append(Layout layout) {
    return place(layout, bytes);
  }

  /** Places a slot at the beginning, overlapping the others. */
  Slot overlay(Layout layout) {
    return place(layout, 0);
  }

  private Slot place(Layout layout, long offset) {
    Slot slot = new Slot(layout);
    places.add(new Place(slot, offset));
    bytes = Math.max(bytes, offset + Arena.align(layout.bytes()));
    return slot;
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
