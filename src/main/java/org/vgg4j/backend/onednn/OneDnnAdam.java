package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.StepState;

/** Adam over slabs. */
final class OneDnnAdam extends RatedSweep {
  private final AdamSpec spec;
  private final StepState state;
  private final float beta1;
  private final float oneMinusBeta1;
  private final float beta2;
  private final float oneMinusBeta2;
  private final float epsilon;
  private final float weightDecay;
  private float stepSize; // lr / (1 - b1^t)
  private float rootCorrection; // 1 / sqrt(1 - b2^t)

  OneDnnAdam(Dnnl dnnl, AdamSpec spec, StepState state, ParameterSlabs slabs, Arena m, Arena v) {
    super(dnnl, "adam", slabs, m, v);
    this.spec = spec;
    this.state = state;
    beta1 = (float) spec.beta1();
    oneMinusBeta1 = (float) (1 - spec.beta1());
    beta2 = (float) spec.beta2();
    oneMinusBeta2 = (float) (1 - spec.beta2());
    epsilon = (float) spec.epsilon();
    weightDecay = (float) spec.weightDecay();
  }

  @Override
  public void step() {
    double t = state.step() + 1.0;
    stepSize = (float) (state.learningRate() / (1 - Math.pow(spec.beta1(), t)));
    rootCorrection = (float) (1 / Math.sqrt(1 - Math.pow(spec.beta2(), t)));
    super.step();
  }

  @Override
  void update(float[][] chunk, long at, int count) {
    update(
        chunk[0],
        chunk[1],
        chunk[2],
        chunk[3],
        count,
        beta1,
        oneMinusBeta1,
        beta2,
        oneMinusBeta2,
        epsilon,
        weightDecay,
        stepSize * factor(),
        rootCorrection);
  }

  @Override
  boolean update(long[] addresses, long count) {
    CpuLibrary.adam(
        addresses[0],
        addresses[1],
        addresses[2],
        addresses[3],
        count,
        beta1,
        oneMinusBeta1,
        beta2,
        oneMinusBeta2,
        epsilon,
        weightDecay,
        stepSize * factor(),
        rootCorrection);
    return true;
  }

  static void update(
      float[] p,
      float[] g,
      float[] m,
      float[] v,
      int count,
      float b1,
      float oneMinusB1,
      float b2,
      float oneMinusB2,
      float epsilon,
      float weightDecay,
      float stepSize,
      float rootCorrection) {
    for (int i = 0; i < count; i++) {
      float gradient = g[i] + weightDecay * p[i];
      float first = b1 * m[i] + oneMinusB1 * gradient;
      float second = b2 * v[i] + oneMinusB2 * gradient * gradient;
      m[i] = first;
      v[i] = second;
      p[i] -= stepSize * first / ((float) Math.sqrt(second) * rootCorrection + epsilon);
    }
  }
}
