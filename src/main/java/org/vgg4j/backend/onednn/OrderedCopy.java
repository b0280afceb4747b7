package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;

/**
 * What stands between a tensor and a primitive: a copy in the workspace when their orders differ.
 */
final class OrderedCopy {
  private final Primitive copy; // null when the orders agree
  private final Scratch.Place place;
  private final boolean output;

  /**
   * Plans an input that comes in layout {@code given} and is read as {@code wanted}, or an output
   * that is written as {@code wanted} and goes out in layout {@code given}.
   */
  OrderedCopy(OneDnnPlan plan, OneDnnLayout given, memory.desc wanted, boolean output) {
    this.output = output;
    if (given.matches(wanted)) {
      copy = null;
      place = null;
      return;
    }
    OneDnnLayout inner = given.inOrder(wanted);
    place = plan.place(inner);
    copy =
        plan.own(
            output
                ? Reorder.create(plan.context(), inner, given)
                : Reorder.create(plan.context(), given, inner));
  }

  /** Returns what the primitive reads, copied if need be; or where it writes. */
  OneDnnTensor before(OneDnnTensor tensor) {
    if (copy == null) {
      return tensor;
    }
    if (!output) {
      copy.run(tensor, place.tensor());
    }
    return place.tensor();
  }

  /** Copies what the primitive wrote to its place, if need be. */
  void after(OneDnnTensor tensor) {
    if (copy != null && output) {
      copy.run(place.tensor(), tensor);
    }
  }
}
