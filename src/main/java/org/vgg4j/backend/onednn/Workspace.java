package org.vgg4j.backend.onednn;

/**
 * The memory that all plans of an engine share for what does not outlive one call. It grows before
 * a run, never in one.
 */
final class Workspace implements AutoCloseable {
  private final Dnnl dnnl;
  private long neededBytes;
  private NativeMemory memory;

  Workspace(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  /** Says that a plan will need this many bytes. */
  void reserve(long bytes) {
    neededBytes = Math.max(neededBytes, bytes);
  }

  /** Returns a tensor at the workspace's present place. */
  OneDnnTensor tensor(long offset, OneDnnLayout layout) {
    return new OneDnnTensor(dnnl, memory(), offset, layout);
  }

  /** Returns the memory, which is another object after the workspace has grown. */
  NativeMemory memory() {
    if (memory == null || memory.bytes() < neededBytes) {
      close();
      memory = new NativeMemory(neededBytes);
    }
    return memory;
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
