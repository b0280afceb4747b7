package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;

/** A net at shapes that it was not built for, each in its own memory. */
final class OtherShapes {
  private final long mostBytes;
  private final List<Execution> all = new ArrayList<>(); // least recently used first

  OtherShapes(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Returns the net at a shape, which counts as used, or null. */
  Execution find(Shape x) {
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).shape().equals(x)) {
        Execution found = all.remove(i);
        all.add(found);
        return found;
      }
    }
    return null;
  }

  boolean contains(Execution execution) {
    return all.contains(execution);
  }

  /**
   * Allocates one and takes it, closing the least recently used ones to make room.
   *
   * @throws OutOfDeviceMemoryException when there is not enough memory, or it needs more than may
   *     be taken
   */
  void add(Execution execution) {
    try {
      long room = mostBytes - execution.bytes();
      if (room < 0) {
        throw new OutOfDeviceMemoryException(
            "the limit for input shapes that a net was not built for",
            execution.bytes(),
            mostBytes);
      }
      while (all.stream().mapToLong(Execution::bytes).sum() > room) {
        all.remove(0).close();
      }
      execution.allocate();
      all.add(execution);
    } catch (RuntimeException | Error e) {
      try {
        execution.close();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /** Hands all over. */
  void leaveTo(Closing closing) {
    all.forEach(closing::own);
    all.clear();
  }
}
