package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.Arena;

/** into += from, over slabs. */
final class OneDnnAccumulate extends SlabSweep implements AccumulatePlan {
  OneDnnAccumulate(Dnnl dnnl, Arena from, Arena into) {
    super(dnnl, "accumulate", into, from);
  }

  @Override
  public void run() {
    sweep();
  }

  @Override
  void update(float[][] chunk, int count) {
    add(chunk[0], chunk[1], count);
  }

  private static void add(float[] sums, float[] addends, int count) {
    for (int i = 0; i < count; i++) {
      sums[i] += addends[i];
    }
  }
}
