package org.vgg4j.backend.onednn;

import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SlabRate;

/** An optimizer's sweep, part by part where parts have learning rates of their own. */
abstract class RatedSweep extends SlabSweep implements OptimizerPlan {
  private final ParameterSlabs slabs;
  private float factor; // of the step's learning rate, for the present part

  RatedSweep(Dnnl dnnl, String name, ParameterSlabs slabs, Arena... own) {
    super(dnnl, name, 1, of(slabs, own));
    this.slabs = slabs;
  }

  /** Returns the slabs of an optimizer: parameters, gradients, then its moments. */
  private static Arena[] of(ParameterSlabs slabs, Arena... own) {
    if (slabs.compute() != null) {
      throw new IllegalArgumentException("the CPU engine keeps no copies of weights");
    }
    Arena[] all = new Arena[2 + own.length];
    all[0] = slabs.masters();
    all[1] = slabs.gradients();
    System.arraycopy(own, 0, all, 2, own.length);
    return all;
  }

  /** Returns what the present part's learning rate is to be multiplied by. */
  final float factor() {
    return factor;
  }

  @Override
  public void step() {
    List<SlabRate> rates = slabs.rates();
    for (int part = 0; part < rates.size(); part++) {
      factor = (float) rates.get(part).factor();
      sweep(rates.get(part).first(), slabs.end(part, elements()));
    }
  }
}
