package org.vgg4j.tensor;

/** A planned addition of one slab to another of its size and type. */
public interface AccumulatePlan extends Plan {
  /** Adds: into += from, element by element. */
  void run();
}
