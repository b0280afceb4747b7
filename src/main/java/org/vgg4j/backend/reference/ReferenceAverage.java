package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;

/** A running average. Source: PyTorch {@code torch.optim.swa_utils.get_ema_multi_avg_fn}. */
final class ReferenceAverage extends ReferencePlan implements AveragePlan {
  private final double decay;
  private final ReferenceArena values;
  private final ReferenceArena average;

  ReferenceAverage(double decay, Arena values, Arena average) {
    super("average");
    this.decay = decay;
    this.values = ReferenceArena.of("average", "values", values);
    this.average = ReferenceArena.of("average", "average", average);
    if (average.bytes() > values.bytes()) {
      throw new IllegalArgumentException(
          "an average of " + average.bytes() + " bytes of values of " + values.bytes());
    }
  }

  @Override
  public void run() {
    run(0, average.values().length);
  }

  @Override
  public void run(long first, long end) {
    checkOpen();
    double[] from = values.values();
    double[] into = average.values();
    for (int i = (int) first; i < end; i++) {
      into[i] += (1 - decay) * (from[i] - into[i]);
    }
  }

  @Override
  public void exchange() {
    checkOpen();
    double[] a = values.values();
    double[] b = average.values();
    for (int i = 0; i < b.length; i++) {
      double other = a[i];
      a[i] = b[i];
      b[i] = other;
    }
  }
}
