package org.vgg4j.backend.reference;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.ThreadOwner;

/**
 * Cells of 8 bytes: a double array for floating-point tensors and, once a tensor of integers is
 * created, a long array over the same offsets.
 */
final class ReferenceArena implements Arena {
  private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

  private final long bytes;
  private final ThreadOwner owner;
  private final MemoryLedger ledger;
  private final MemoryLedger.Entry entry;
  private double[] values; // null once closed
  private long[] integers; // null until needed, and once closed

  ReferenceArena(long bytes, ThreadOwner owner, MemoryLedger ledger, String name) {
    if (bytes < 0) {
      throw new IllegalArgumentException("an arena cannot have " + bytes + " bytes");
    }
    this.bytes = bytes;
    this.owner = owner;
    this.ledger = ledger;
    this.values = take(double[]::new);
    entry = ledger.enter(name, MemorySpace.DEVICE, bytes);
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public Tensor tensor(long offsetBytes, Layout layout) {
    checkOpen();
    if (!(layout instanceof ReferenceLayout own)) {
      throw new IllegalArgumentException(
          "a reference arena got another engine's layout: " + layout);
    }
    if (offsetBytes % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "a tensor at byte " + offsetBytes + " is not aligned to " + ALIGNMENT);
    }
    if (offsetBytes < 0 || own.bytes() > bytes - offsetBytes) {
      throw new IllegalArgumentException(
          "a tensor " + own + " at byte " + offsetBytes + " does not fit in an arena of " + bytes);
    }
    if (!own.dtype().isFloating() && integers == null) {
      integers = take(long[]::new);
    }
    return new ReferenceTensor(this, own, (int) (offsetBytes / ReferenceLayout.CELL_BYTES));
  }

  @Override
  public Elements elements() {
    return new Elements.Heap(values());
  }

  @Override
  public void zero() {
    Arrays.fill(values(), 0);
    if (integers != null) {
      Arrays.fill(integers, 0);
    }
  }

  @Override
  public void close() {
    values = null;
    integers = null;
    entry.close();
  }

  /** Casts an arena to this engine's type. */
  static ReferenceArena of(String operation, String role, Arena arena) {
    if (arena instanceof ReferenceArena own) {
      return own;
    }
    throw new IllegalArgumentException(
        operation
            + " "
            + role
            + (arena == null ? " is missing" : " got an arena of another engine"));
  }

  /** Returns the cells as floating-point values. */
  double[] values() {
    checkOpen();
    return values;
  }

  /** Returns the cells as integers; they exist once a tensor of integers has been created. */
  long[] integers() {
    checkOpen();
    return integers;
  }

  /** Returns what is left of the Java heap. */
  static HostMemory memory() {
    return memory(HostMemory.now(Long.MAX_VALUE));
  }

  /**
   * Returns by how many bytes the heap may still grow; uncollected garbage counts as used. What the
   * heap has not taken from the system yet must be there.
   */
  static HostMemory memory(HostMemory host) {
    Runtime runtime = Runtime.getRuntime();
    long taken = runtime.totalMemory();
    long growth = runtime.maxMemory() - taken;
    return growth <= host.freeBytes()
        ? new HostMemory(growth + runtime.freeMemory(), "the Java heap (-Xmx)")
        : new HostMemory(host.freeBytes() + runtime.freeMemory(), host.limit());
  }

  private void checkOpen() {
    if (values == null) {
      throw new IllegalStateException("this arena of the reference engine is closed");
    }
    owner.check();
  }

  private <T> T take(IntFunction<T> array) {
    long cells = bytes / ReferenceLayout.CELL_BYTES + (bytes % ReferenceLayout.CELL_BYTES + 7) / 8;
    if (cells <= MAX_ARRAY_LENGTH) {
      try {
        return array.apply((int) cells);
      } catch (OutOfMemoryError e) {
        // Reported below; nothing was allocated.
      }
    }
    HostMemory left = memory();
    throw new OutOfDeviceMemoryException(
        "the reference engine", bytes, left.freeBytes(), left.limit(), ledger.use());
  }
}
