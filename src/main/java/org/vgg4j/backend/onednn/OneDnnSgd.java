package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.StepState;

/** SGD over slabs, with or without momentum. */
final class OneDnnSgd extends RatedSweep {
  private final SgdSpec spec;
  private final StepState state;

  OneDnnSgd(Dnnl dnnl, SgdSpec spec, StepState state, ParameterSlabs slabs, Arena v) {
    super(dnnl, "sgd", slabs, v == null ? new Arena[0] : new Arena[] {v});
    this.spec = spec;
    this.state = state;
    if ((v == null) != (spec.momentum() == 0)) {
      throw new IllegalArgumentException(
          "SGD takes a momentum buffer if and only if it has momentum");
    }
  }

  @Override
  void update(float[][] chunk, long at, int count) {
    float lr = (float) state.learningRate() * factor();
    float decay = (float) spec.weightDecay();
    if (chunk.length == 2) {
      plain(chunk[0], chunk[1], count, lr, decay);
    } else {
      // The buffer starts at zero, so the first step makes it the gradient itself.
      momentum(chunk[0], chunk[1], chunk[2], count, lr, decay, (float) spec.momentum());
    }
  }

  @Override
  boolean update(long[] addresses, long count) {
    float lr = (float) state.learningRate() * factor();
    float decay = (float) spec.weightDecay();
    if (addresses.length == 2) {
      CpuLibrary.sgd(addresses[0], addresses[1], count, lr, decay);
    } else {
      float momentum = (float) spec.momentum();
      CpuLibrary.momentum(addresses[0], addresses[1], addresses[2], count, lr, decay, momentum);
    }
    return true;
  }

  static void plain(float[] p, float[] g, int count, float lr, float decay) {
    for (int i = 0; i < count; i++) {
      p[i] -= lr * (g[i] + decay * p[i]);
    }
  }

  static void momentum(
      float[] p, float[] g, float[] v, int count, float lr, float decay, float momentum) {
    for (int i = 0; i < count; i++) {
      float velocity = momentum * v[i] + (g[i] + decay * p[i]);
      v[i] = velocity;
      p[i] -= lr * velocity;
    }
  }
}
