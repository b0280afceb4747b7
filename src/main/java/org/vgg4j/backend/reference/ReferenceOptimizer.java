package org.vgg4j.backend.reference;

import java.util.List;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SlabRate;
import org.vgg4j.tensor.Types;

/** What the optimizers share: the slab of parameters and the check of the other slabs. */
abstract class ReferenceOptimizer extends ReferencePlan implements OptimizerPlan {
  final ReferenceArena p;
  final ReferenceArena g;
  private final ReferenceArena copies; // null when plans read the masters
  private final ParameterSlabs slabs;
  private final String operation;
  private final Types types;

  ReferenceOptimizer(String operation, Types types, ParameterSlabs slabs) {
    super(operation);
    this.operation = operation;
    this.types = types;
    this.slabs = slabs;
    p = own("p", slabs.masters());
    g = own("g", slabs.gradients());
    if (g.bytes() > p.bytes()) {
      throw differs("g", g, "p", p);
    }
    copies = slabs.compute() == null ? null : own("compute", slabs.compute());
    if (copies != null && copies.bytes() != p.bytes()) {
      throw differs("compute", copies, "p", p);
    }
    if ((copies != null) != types.hasWeightCopies()) {
      throw new IllegalArgumentException(
          operation + ": this engine keeps " + (copies == null ? "" : "no ") + "copies of weights");
    }
  }

  @Override
  public final void step() {
    checkOpen();
    double[] ps = p.values();
    double[] gs = g.values();
    List<SlabRate> rates = slabs.rates();
    for (int part = 0; part < rates.size(); part++) {
      int first = (int) rates.get(part).first();
      update(ps, gs, first, (int) slabs.end(part, gs.length), rates.get(part).factor());
    }
    for (int i = 0; i < gs.length; i++) {
      ps[i] = types.master().round(ps[i]);
      if (copies != null) {
        copies.values()[i] = types.weight().round(ps[i]);
      }
    }
  }

  /** Updates parameters from their gradients, at a factor of the step's learning rate. */
  abstract void update(double[] ps, double[] gs, int first, int end, double factor);

  /** Returns a slab, which must belong to this engine and be as large as the gradients. */
  final ReferenceArena slab(String role, Arena arena) {
    ReferenceArena slab = own(role, arena);
    if (slab.bytes() != g.bytes()) {
      throw differs(role, slab, "g", g);
    }
    return slab;
  }

  private IllegalArgumentException differs(
      String role, ReferenceArena slab, String other, ReferenceArena than) {
    return new IllegalArgumentException(
        "%s: %s has %d bytes, %s has %d"
            .formatted(operation, role, slab.bytes(), other, than.bytes()));
  }

  private ReferenceArena own(String role, Arena arena) {
    return ReferenceArena.of(operation, role, arena);
  }
}
