package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Types;

/** What the optimizers share: the slab of parameters and the check of the other slabs. */
abstract class ReferenceOptimizer extends ReferencePlan implements OptimizerPlan {
  final ReferenceArena p;
  final ReferenceArena g;
  private final ReferenceArena copies; // null when plans read the masters
  private final String operation;
  private final Types types;

  ReferenceOptimizer(String operation, Types types, ParameterSlabs slabs) {
    super(operation);
    this.operation = operation;
    this.types = types;
    p = own("p", slabs.masters());
    g = slab("g", slabs.gradients());
    copies = slabs.compute() == null ? null : slab("compute", slabs.compute());
    if ((copies != null) != types.hasWeightCopies()) {
      throw new IllegalArgumentException(
          operation + ": this engine keeps " + (copies == null ? "" : "no ") + "copies of weights");
    }
  }

  @Override
  public final void step() {
    checkOpen();
    double[] ps = p.values();
    update(ps, g.values());
    for (int i = 0; i < ps.length; i++) {
      ps[i] = types.master().round(ps[i]);
      if (copies != null) {
        copies.values()[i] = types.weight().round(ps[i]);
      }
    }
  }

  /** Updates all parameters from their gradients. */
  abstract void update(double[] ps, double[] gs);

  /** Returns a slab, which must belong to this engine and be as large as the parameters. */
  final ReferenceArena slab(String role, Arena arena) {
    ReferenceArena slab = own(role, arena);
    if (slab.bytes() != p.bytes()) {
      throw new IllegalArgumentException(
          operation + ": " + role + " has " + slab.bytes() + " bytes, p has " + p.bytes());
    }
    return slab;
  }

  private ReferenceArena own(String role, Arena arena) {
    return ReferenceArena.of(operation, role, arena);
  }
}
