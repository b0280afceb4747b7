package org.vgg4j.backend.onednn;

/**
 * The memory that all plans of an engine share for what does not outlive one call. It is taken by
 * {@link #memory}, once all plans are made or else by the first run; a plan made later grows it as
 * it is made, so that it never moves in a run.
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
    if (bytes > neededBytes) {
      if (memory != null) {
        take(bytes);
      }
      neededBytes = bytes;
    }
  }

  /** Returns a tensor at the workspace's present place. */
  OneDnnTensor tensor(long offset, OneDnnLayout layout) {
    return new OneDnnTensor(dnnl, memory(), offset, layout);
  }

  /** Returns the memory, which is another object after the workspace has grown. */
  NativeMemory memory() {
    if (memory == null) {
      take(neededBytes);
    }
    return memory;
  }

  private void take(long bytes) {
    NativeMemory taken = new NativeMemory(bytes);
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
