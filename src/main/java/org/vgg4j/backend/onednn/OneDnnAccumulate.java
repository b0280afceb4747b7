package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;

/** into += from, over slabs. */
final class OneDnnAccumulate extends SlabSweep implements AccumulatePlan {
  OneDnnAccumulate(Dnnl dnnl, Arena from, Arena into) {
    super(dnnl, "accumulate", 1, into, from);
    if (into.bytes() != from.bytes()) {
      throw new IllegalArgumentException(
          "accumulation of " + from.bytes() + " bytes into " + into.bytes());
    }
  }

  @Override
  public void run() {
    sweep();
  }

  @Override
  void update(float[][] chunk, long at, int count) {
    add(chunk[0], chunk[1], count);
  }

  private static void add(float[] sums, float[] addends, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += addends[i];
    }
  }
}
