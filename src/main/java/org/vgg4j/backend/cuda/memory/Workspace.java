package org.vgg4j.backend.cuda.memory;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/**
 * The memory that all plans of an engine share for what does not outlive one call: as large as the
 * largest plan asks, given back when no plan is left.
 *
 * <p>{@link #allocate} takes it before the first run. Where nobody calls that, a plan's very first
 * use does; no later use allocates, whatever other plans were made since.
 */
public final class Workspace implements AutoCloseable {
  private final CudaContext context;
  private long neededBytes;
  private int shares;
  private DeviceMemory memory; // null until it is needed

  Workspace(CudaContext context) {
    this.context = context;
  }

  /** A plan's part in the workspace; closing it gives it up. */
  public final class Share implements AutoCloseable {
    private final long bytes;
    private boolean used;

    private Share(long bytes) {
      this.bytes = bytes;
      neededBytes = Math.max(neededBytes, bytes);
      shares++;
    }

    /** Returns the bytes that the plan asked for. */
    public long bytes() {
      return bytes;
    }

    /** Returns the memory, null when the plan needs none. */
    public Pointer pointer() {
      if (!used) {
        allocate();
        used = true;
      }
      return bytes == 0 ? null : memory.pointer();
    }

    @Override
    public void close() {
      shares--;
      if (shares == 0) {
        neededBytes = 0;
        Workspace.this.close();
      }
    }
  }

  /** Returns a plan's share of {@code bytes} bytes. */
  public Share share(long bytes) {
    return new Share(bytes);
  }

  /** Takes the memory for all plans made so far. */
  public void allocate() {
    if (neededBytes > 0 && (memory == null || memory.bytes() < neededBytes)) {
      close();
      memory = new DeviceMemory(context, neededBytes);
    }
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
