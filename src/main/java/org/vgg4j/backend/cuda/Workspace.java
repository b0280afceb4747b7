package org.vgg4j.backend.cuda;

import org.bytedeco.javacpp.Pointer;

/**
 * The memory that all plans of an engine share for what does not outlive one call: as large as the
 * largest plan asks, given back when no plan is left. It grows before a run, never in one.
 */
final class Workspace implements AutoCloseable {
  private final CudaDevice device;
  private long neededBytes;
  private int users;
  private DeviceMemory memory; // null until it is needed

  Workspace(CudaDevice device) {
    this.device = device;
  }

  /** A plan's claim; closing it gives it up. */
  AutoCloseable claim(long bytes) {
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
  void allocate() {
    if (neededBytes > 0 && (memory == null || memory.bytes() < neededBytes)) {
      close();
      memory = new DeviceMemory(device, neededBytes);
    }
  }

  /** Returns the memory, null when no plan needs any. */
  Pointer pointer() {
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
