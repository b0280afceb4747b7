package org.vgg4j.backend.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Plan;

/**
 * A sweep over whole slabs, in Java where {@link CpuLibrary} has none. Chunks are copied to the
 * heap and back, because the JIT compiler vectorizes loops over heap arrays. On Java 17 that costs
 * little more than the copies alone.
 */
abstract class SlabSweep implements Plan {
  /** Values per chunk: 16 kB, so that one worker's arrays stay in its L1 cache. */
  static final int CHUNK = 4096;

  private final Dnnl dnnl;
  private final OneDnnArena[] slabs;
  private final int readOnly;
  private final long elements;
  private final Cost cost;
  private final float[][][] chunks; // worker, slab, value

  /**
   * Takes the slabs in the order in which {@link #update} gets their chunks. The first may be
   * longer than the others: the rest of it is left alone.
   *
   * @param name what it computes, for a person
   * @param readOnly the index of the slab that is not written back, -1 for none
   */
  SlabSweep(Dnnl dnnl, String name, int readOnly, Arena... arenas) {
    this.dnnl = dnnl;
    this.readOnly = readOnly;
    slabs = new OneDnnArena[arenas.length];
    for (int i = 0; i < arenas.length; i++) {
      if (!(arenas[i] instanceof OneDnnArena own)) {
        throw new IllegalArgumentException("oneDNN got a slab of another engine");
      }
      slabs[i] = own;
    }
    long bytes = slabs[slabs.length - 1].bytes();
    for (int i = 0; i < slabs.length; i++) {
      OneDnnArena own = slabs[i];
      boolean fits = i == 0 ? own.bytes() >= bytes : own.bytes() == bytes;
      if (!fits || own.bytes() % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "slabs of different sizes: " + own.bytes() + " and " + bytes + " bytes");
      }
    }
    elements = bytes / Float.BYTES;
    cost = Cost.loop(name, (2L * slabs.length - (readOnly < 0 ? 0 : 1)) * bytes);
    chunks = new float[dnnl.workers().count()][slabs.length][CHUNK];
  }

  /**
   * Updates the first {@code count} values of the chunks, which begin at the element {@code at} of
   * the slabs.
   */
  abstract void update(float[][] chunk, long at, int count);

  /**
   * Updates values in native memory with {@link CpuLibrary}, to the same bits; returns false where
   * it does not do that.
   *
   * @param addresses of the first value in each slab
   */
  boolean update(long[] addresses, long count) {
    return false;
  }

  /** Returns how many values are updated. */
  final long elements() {
    return elements;
  }

  /** Runs the update over the whole slabs. */
  final void sweep() {
    sweep(0, elements);
  }

  /** Runs the update over a part of the slabs. */
  final void sweep(long first, long end) {
    dnnl.checkThread();
    long begun = dnnl.begin();
    boolean isDone = CpuLibrary.isLoaded() && update(addresses(first), end - first);
    if (!isDone) {
      dnnl.workers()
          .run(end - first, CHUNK, (worker, from, to) -> sweep(worker, first + from, first + to));
    }
    dnnl.end(isDone ? cost.inCpp() : cost, begun);
  }

  private long[] addresses(long first) {
    long[] addresses = new long[slabs.length];
    for (int s = 0; s < slabs.length; s++) {
      addresses[s] = slabs[s].memory().address(first * Float.BYTES);
    }
    return addresses;
  }

  private void sweep(int worker, long begin, long end) {
    float[][] mine = chunks[worker];
    FloatPointer[] pointers = new FloatPointer[slabs.length];
    for (int s = 0; s < slabs.length; s++) {
      pointers[s] = new FloatPointer(new NativeMemory.Address(slabs[s].memory().address(0)));
    }
    for (long at = begin; at < end; at += CHUNK) {
      int count = (int) Math.min(CHUNK, end - at);
      for (int s = 0; s < slabs.length; s++) {
        pointers[s].position(at).get(mine[s], 0, count);
      }
      update(mine, at, count);
      for (int s = 0; s < slabs.length; s++) {
        if (s != readOnly) {
          pointers[s].position(at).put(mine[s], 0, count);
        }
      }
    }
  }

  @Override
  public final long workspaceBytes() {
    return 0;
  }

  @Override
  public final void close() {
    // There is no native memory to free.
  }
}
