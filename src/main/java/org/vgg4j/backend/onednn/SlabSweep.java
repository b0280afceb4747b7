package org.vgg4j.backend.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Plan;

/**
 * A sweep over whole slabs in Java. Chunks are copied to the heap and back, because the JIT
 * compiler vectorizes loops over heap arrays. On Java 17 that costs little more than the copies
 * alone.
 */
abstract class SlabSweep implements Plan {
  /** Values per chunk: 16 kB, so that one worker's arrays stay in its L1 cache. */
  private static final int CHUNK = 4096;

  private final Dnnl dnnl;
  private final OneDnnArena[] slabs;
  private final long elements;
  private final Cost cost;
  private final float[][][] chunks; // worker, slab, value

  /**
   * Takes the slabs in the order in which {@link #update} gets their chunks. The second slab,
   * gradients, is only read.
   *
   * @param name what it computes, for a person
   */
  SlabSweep(Dnnl dnnl, String name, Arena... arenas) {
    this.dnnl = dnnl;
    slabs = new OneDnnArena[arenas.length];
    for (int i = 0; i < arenas.length; i++) {
      if (!(arenas[i] instanceof OneDnnArena own)) {
        throw new IllegalArgumentException("oneDNN got a slab of another engine");
      }
      if (own.bytes() != arenas[0].bytes() || own.bytes() % Float.BYTES != 0) {
        throw new IllegalArgumentException(
            "slabs of different sizes: " + own.bytes() + " and " + arenas[0].bytes() + " bytes");
      }
      slabs[i] = own;
    }
    elements = arenas[0].bytes() / Float.BYTES;
    cost = Cost.loop(name, (2L * slabs.length - 1) * arenas[0].bytes());
    chunks = new float[dnnl.workers().count()][slabs.length][CHUNK];
  }

  /** Updates the first {@code count} values of the chunks. All but the second are written back. */
  abstract void update(float[][] chunk, int count);

  /** Returns the slabs of an optimizer: parameters, gradients, then its moments. */
  static Arena[] of(ParameterSlabs slabs, Arena... own) {
    if (slabs.compute() != null) {
      throw new IllegalArgumentException("the CPU engine keeps no copies of weights");
    }
    Arena[] all = new Arena[2 + own.length];
    all[0] = slabs.masters();
    all[1] = slabs.gradients();
    System.arraycopy(own, 0, all, 2, own.length);
    return all;
  }

  /** Runs the update over the whole slabs. */
  final void sweep() {
    long begun = dnnl.begin();
    dnnl.workers().run(elements, CHUNK, this::sweep);
    dnnl.end(cost, begun);
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
      update(mine, count);
      for (int s = 0; s < slabs.length; s++) {
        if (s != 1) {
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
