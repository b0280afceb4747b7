package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.tensor.Closing;

/**
 * One side of a primitive whose layout may differ from the tensor's: then a copy in the workspace
 * stands between.
 */
final class Operand {
  private final OneDnnLayout given;
  private final Primitive copy; // null when the layouts agree
  private final Scratch.Place place;
  private final String operation;
  private final boolean output;

  private Operand(
      String operation, OneDnnLayout given, Primitive copy, Scratch.Place place, boolean output) {
    this.operation = operation;
    this.given = given;
    this.copy = copy;
    this.place = place;
    this.output = output;
  }

  /** Plans an input that comes in layout {@code given} and is read as {@code wanted}. */
  static Operand input(
      Dnnl dnnl,
      String operation,
      OneDnnLayout given,
      memory.desc wanted,
      Scratch scratch,
      Closing closing) {
    return plan(dnnl, operation, given, wanted, scratch, closing, false);
  }

  /** Plans an output that is written as {@code wanted} and goes out in layout {@code given}. */
  static Operand output(
      Dnnl dnnl,
      String operation,
      OneDnnLayout given,
      memory.desc wanted,
      Scratch scratch,
      Closing closing) {
    return plan(dnnl, operation, given, wanted, scratch, closing, true);
  }

  private static Operand plan(
      Dnnl dnnl,
      String operation,
      OneDnnLayout given,
      memory.desc wanted,
      Scratch scratch,
      Closing closing,
      boolean output) {
    if (given.matches(wanted)) {
      return new Operand(operation, given, null, null, output);
    }
    OneDnnLayout inner = given.inOrder(wanted);
    Scratch.Place place = closing.own(scratch.place(inner));
    Primitive copy =
        closing.own(
            output ? Reorder.create(dnnl, inner, given) : Reorder.create(dnnl, given, inner));
    return new Operand(operation, given, copy, place, output);
  }

  /** Returns what the primitive reads, copied if need be; or where it writes. */
  OneDnnTensor before(OneDnnTensor tensor) {
    tensor.expect(given, operation);
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
    if (copy != null) {
      copy.run(place.tensor(), tensor);
    }
  }
}
