package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.MemoryOwner;

/**
 * Scratch memory that all plans of an engine share; nothing in it outlives one call. {@link
 * #memory} allocates it, once all plans exist or at the first run. A plan made later grows it at
 * once, so that it never moves during a run. It is freed when no plan is left, so that plans that
 * were only made to be counted leave nothing behind.
 */
final class Workspace implements AutoCloseable {
  private final Dnnl dnnl;
  private long neededBytes;
  private int plans; // that have something in it
  private NativeMemory memory;

  Workspace(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  /** Counts a plan that will have something in it. */
  void begin() {
    plans++;
  }

  /** Lets go of a plan's part. */
  void end() {
    plans--;
    if (plans == 0) {
      neededBytes = 0;
      close();
    }
  }

  /** Reserves this many bytes for a plan. */
  void reserve(long bytes) {
    if (bytes > neededBytes) {
      if (memory != null) {
        take(bytes);
      }
      neededBytes = bytes;
    }
  }

  /** Returns a tensor at the workspace's current address. */
  OneDnnTensor tensor(long offset, OneDnnLayout layout) {
    return new OneDnnTensor(dnnl, memory(), offset, layout);
  }

  /** Returns the memory, a new object each time the workspace grows. */
  NativeMemory memory() {
    if (memory == null) {
      take(neededBytes);
    }
    return memory;
  }

  private void take(long bytes) {
    NativeMemory taken = dnnl.take(bytes, MemoryOwner.WORKSPACE);
    close();
    memory = taken;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
