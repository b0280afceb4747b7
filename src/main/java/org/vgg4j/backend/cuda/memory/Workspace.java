package org.vgg4j.backend.cuda.memory;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/**
 * The memory that all plans of an engine share for what does not outlive one call: as large as the
 * largest plan asks, given back when no plan is left. It grows before a run, never in one.
 */
public final class Workspace implements AutoCloseable {
  private final CudaContext context;
  private long neededBytes;
  private int users;
  private DeviceMemory memory; // null until it is needed

  Workspace(CudaContext context) {
    this.context = context;
  }

  /** A plan's claim; closing it gives it up. */
  public AutoCloseable claim(long bytes) {
    neededBytes = Math.max(neededBytes, bytes);
    users++;
    return this::giveUp;
  }

  private void giveUp() {
    users--;
    if (users == 0) {
      neededBytes = 0;
      close();
    }
  }

  /** Takes the memory for all plans made so far. */
  public void allocate() {
    if (neededBytes > 0 && (memory == null || memory.bytes() < neededBytes)) {
      close();
      memory = new DeviceMemory(context, neededBytes);
    }
  }

  /** Returns the memory, null when no plan needs any. */
  public Pointer pointer() {
    allocate();
    return memory == null ? null : memory.pointer();
  }

  @Override
  public void close() {
    if (memory != null) {
      DeviceMemory old = memory;
      memory = null;
      old.close();
    }
  }
}
