package org.vgg4j.tensor;

/** A planned update of a whole slab of parameters by the gradients beside it. */
public interface OptimizerPlan extends Plan {
  /** Makes one update at the state's step and learning rate; the caller then advances the state. */
  void step();
}
