package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;

/** Connects a tensor to a primitive, through a copy in the workspace if their orders differ. */
final class OrderedCopy {
  private final Reorder copy; // null when the orders agree
  private final Scratch.Place place;
  private final boolean output;
  private final long bytes;

  /**
   * Plans an operand {@code role}: an input of layout {@code given} that the primitive reads as
   * {@code wanted}, or an output that it writes as {@code wanted} and that ends up in layout {@code
   * given}.
   */
  OrderedCopy(
      OneDnnPlan plan, String role, OneDnnLayout given, memory.desc wanted, boolean output) {
    this.output = output;
    bytes = wanted.get_size();
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
                ? new Reorder(plan.context(), role, inner, given)
                : new Reorder(plan.context(), role, given, inner));
  }

  /** Returns the bytes of the operand that the primitive reads or writes. */
  long bytes() {
    return bytes;
  }

  /** Returns the input to read, copied if necessary, or the output to write. */
  OneDnnTensor before(OneDnnTensor tensor) {
    if (copy == null) {
      return tensor;
    }
    if (!output) {
      copy.run(tensor, place.tensor());
    }
    return place.tensor();
  }

  /** Copies the primitive's output to its tensor, if necessary. */
  void after(OneDnnTensor tensor) {
    if (copy != null && output) {
      copy.run(place.tensor(), tensor);
    }
  }
}
