package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.HostProfiler;

/** Times primitives and Java loops, which return when they are done. */
final class OneDnnProfiler extends HostProfiler {
  private final Dnnl dnnl;

  OneDnnProfiler(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  @Override
  public void startStep() {
    super.startStep();
    dnnl.profile(this);
  }

  @Override
  public void forgetStep() {
    dnnl.profile(null);
    super.forgetStep();
  }

  /** Adds what began at {@code begin}, in {@link System#nanoTime}, and has just ended. */
  void ended(Cost cost, long begin) {
    add(cost.time(System.nanoTime() - begin));
  }
}
