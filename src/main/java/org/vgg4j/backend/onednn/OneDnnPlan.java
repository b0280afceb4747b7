package org.vgg4j.backend.onednn;

import java.util.function.Supplier;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Usage;

/** What plans made of primitives share: names for messages, and the resources they own. */
abstract class OneDnnPlan implements Plan {
  private final Dnnl context;
  private final String operation;
  private final String shapes;
  private final Closing closing = new Closing();
  private final Scratch scratch;

  OneDnnPlan(Dnnl context, String operation, String shapes) {
    this.context = context;
    this.operation = operation;
    this.shapes = shapes;
    scratch = closing.own(new Scratch(context));
  }

  final Dnnl context() {
    return context;
  }

  /** Returns what the plan computes, for messages. */
  final String operation() {
    return operation;
  }

  /** Returns on what, for messages. */
  final String shapes() {
    return shapes;
  }

  /** Returns the name of an operand for messages. */
  final String operand(String role) {
    return operation + " " + role;
  }

  /** Creates the descriptor of a primitive; {@code part} names it within the plan. */
  final <T extends primitive_desc> T describe(String part, Supplier<T> constructor) {
    return Dnnl.create(operation + part, shapes, constructor);
  }

  /** Begins the plan of a method that runs one primitive. */
  final Operation.Builder operation(String part, primitive_desc description) {
    scratch.beginOperation();
    return new Operation.Builder(this, part, description);
  }

  static dnnl.prop_kind forwardKind(Usage usage) {
    return usage.training() ? dnnl.prop_kind.forward_training : dnnl.prop_kind.forward_inference;
  }

  /**
   * Returns what a method needs, which is null if the usage did not ask for it.
   *
   * @throws IllegalStateException when it is null; {@code how} says how the plan was made
   */
  final <T> T planned(T wanted, String how) {
    if (wanted == null) {
      throw new IllegalStateException("this " + operation + " was planned " + how);
    }
    return wanted;
  }

  final <T extends AutoCloseable> T own(T resource) {
    return closing.own(resource);
  }

  /** Begins the plan of a method that leaves nothing in what it plans from now on. */
  final void beginOperation() {
    scratch.beginOperation();
  }

  /** Ends the plan that {@link #beginOperation} and {@link #operation} begin. */
  final void endOperation() {
    scratch.endOperation();
  }

  /** Plans a tensor in the shared workspace, of the operation that is being planned or of all. */
  final Scratch.Place place(OneDnnLayout layout) {
    return own(scratch.place(layout));
  }

  /** Closes everything made so far when a constructor fails. */
  final void abandon(Throwable cause) {
    closing.abandon(cause);
  }

  @Override
  public final long workspaceBytes() {
    return scratch.bytes();
  }

  @Override
  public final void close() {
    closing.close();
  }
}
