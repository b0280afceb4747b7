package org.vgg4j.backend.onednn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** Zeroed, page-aligned native memory that only {@link #close} frees, or a buffer's. */
final class NativeMemory implements AutoCloseable {
  private static final long PAGE = 4096;

  private static final long LARGE_PAGE = 2 << 20;

  /** Less is not worth the question. */
  private static final long SMALL = 16 << 20;

  private final Pointer block; // null when it is borrowed
  private final long address;
  private final long bytes;
  private final MemoryLedger.Entry entry; // null when it is borrowed
  private boolean closed;

  /**
   * Takes memory.
   *
   * @param owner what it is for
   * @param room tells how much there is; the system itself promises more than it has
   */
  NativeMemory(long bytes, String owner, MemoryLedger ledger, Supplier<HostMemory> room) {
    this.bytes = bytes;
    HostMemory left = bytes < SMALL ? null : room.get();
    block = left != null && bytes > left.freeBytes() ? null : Pointer.calloc(1, bytes + PAGE);
    if (block == null || block.isNull()) {
      HostMemory now = room.get();
      throw new OutOfDeviceMemoryException(
          "the CPU", bytes, now.freeBytes(), now.limit(), ledger.use());
    }
    address = (block.address() + PAGE - 1) / PAGE * PAGE;
    if (bytes >= LARGE_PAGE && CpuLibrary.isLoaded()) {
      CpuLibrary.preferLargePages(address, bytes);
    }
    entry = ledger.enter(owner, MemorySpace.DEVICE, bytes);
  }

  private NativeMemory(ByteBuffer direct) {
    bytes = direct.remaining();
    address = new Pointer(direct).address() + direct.position();
    block = null;
    entry = null;
  }

  /** Borrows the rest of a direct buffer, which must outlive the result. */
  static NativeMemory of(ByteBuffer direct) {
    return new NativeMemory(direct);
  }

  long bytes() {
    return bytes;
  }

  /** Returns the address at {@code offset} bytes. */
  long address(long offset) {
    checkOpen();
    return address + offset;
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this memory was closed");
    }
  }

  /** Returns a part of it as a buffer, which must not be used once this is closed. */
  ByteBuffer view(long offset, int length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IllegalArgumentException(
          "%d bytes at %d are not in memory of %d".formatted(length, offset, bytes));
    }
    return new BytePointer(new Address(address(offset)))
        .capacity(length)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  void zero() {
    Pointer.memset(new Address(address(0)), 0, bytes);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (block != null) {
        Pointer.free(block);
        entry.close();
      }
    }
  }

  /** A bare address as a JavaCPP pointer that owns no memory. */
  static final class Address extends Pointer {
    Address(long value) {
      super((Pointer) null);
      address = value;
    }
  }
}
