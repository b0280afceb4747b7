package org.vgg4j.backend.cuda.memory;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Scratch memory that all plans of an engine share; nothing in it outlives one call. It is as large
 * as the largest plan needs, and freed when no plan is left.
 *
 * <p>{@link #allocate} allocates it before the first run, or else the first use of a plan does.
 * Later uses never allocate, even if more plans have been made since.
 */
public final class Workspace implements AutoCloseable {
  private final CudaContext context;
  private final List<Share> shares = new ArrayList<>();
  private DeviceMemory memory; // null until it is needed

  Workspace(CudaContext context) {
    this.context = context;
  }

  /** A plan's claim on the workspace; closing gives it up. */
  public final class Share implements AutoCloseable {
    private final long bytes;
    private boolean used;

    private Share(long bytes) {
      this.bytes = bytes;
      shares.add(this);
    }

    /** Returns how many bytes the plan requested. */
    public long bytes() {
      return bytes;
    }

    /** Returns the memory, null when the plan needs none. */
    public Pointer pointer() {
      boolean isGone = bytes > 0 && memory == null; // there was no room for a larger one
      if (!used || isGone) {
        allocate();
        used = true;
      }
      return bytes == 0 ? null : memory.pointer();
    }

    @Override
    public void close() {
      shares.remove(this);
      if (shares.isEmpty()) {
        Workspace.this.close();
      }
    }
  }

  /** Reserves {@code bytes} bytes for a plan. */
  public Share share(long bytes) {
    return new Share(bytes);
  }

  /** Allocates the memory for all plans made so far. */
  public void allocate() {
    long neededBytes = shares.stream().mapToLong(Share::bytes).max().orElse(0);
    if (neededBytes > 0 && (memory == null || memory.bytes() < neededBytes)) {
      close();
      memory = new DeviceMemory(context, neededBytes, MemoryOwner.WORKSPACE);
    }
  }

  /** Returns where the memory lies, 0 without any: what a graph holds is valid while it stays. */
  public long address() {
    return memory == null ? 0 : memory.pointer().address();
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
