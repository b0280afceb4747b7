package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;

/** What the optimizers share: the slab of the parameters and the check of those beside it. */
abstract class ReferenceOptimizer extends ReferencePlan implements OptimizerPlan {
  final ReferenceArena p;
  private final String operation;

  ReferenceOptimizer(String operation, Arena p) {
    super(operation);
    this.operation = operation;
    this.p = own("p", p);
  }

  /** Returns a slab, which must be this engine's and of the parameters' size. */
  final ReferenceArena slab(String role, Arena arena) {
    ReferenceArena slab = own(role, arena);
    if (slab.bytes() != p.bytes()) {
      throw new IllegalArgumentException(
          operation + ": " + role + " has " + slab.bytes() + " bytes, p has " + p.bytes());
    }
    return slab;
  }

  private ReferenceArena own(String role, Arena arena) {
    if (!(arena instanceof ReferenceArena own)) {
      throw new IllegalArgumentException(
          operation
              + " "
              + role
              + (arena == null ? " is missing" : " got an arena of another engine"));
    }
    return own;
  }
}
