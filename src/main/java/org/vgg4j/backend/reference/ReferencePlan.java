package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Tensor;

/** What all plans share: a name for messages, closing, and the checks of arguments. */
abstract class ReferencePlan implements Plan {
  private final String operation;
  private boolean closed;

  ReferencePlan(String operation) {
    this.operation = operation;
  }

  @Override
  public final long workspaceBytes() {
    return 0;
  }

  @Override
  public final void close() {
    closed = true;
  }

  final void checkOpen() {
    if (closed) {
      throw new IllegalStateException(operation + ": this plan is closed");
    }
  }

  /** Throws unless the plan was made for this call. */
  final void checkPlanned(boolean planned, String what) {
    if (!planned) {
      throw new IllegalStateException(operation + ": planned without " + what);
    }
  }

  /** Returns the tensor given as {@code role}, which must have the planned layout and be open. */
  final ReferenceTensor use(String role, Tensor tensor, ReferenceLayout planned) {
    checkOpen();
    String operand = operation + " " + role;
    if (!(tensor instanceof ReferenceTensor own)) {
      throw new IllegalArgumentException(
          operand + (tensor == null ? " is missing" : " got a tensor of another engine"));
    }
    if (!own.layout().equals(planned)) {
      throw new IllegalArgumentException(
          operand + " was planned for " + planned + " and got " + own.layout());
    }
    if (planned.dtype().isFloating()) {
      own.values(); // Throws when the arena is closed.
    } else {
      own.integers();
    }
    return own;
  }

  /** Rounds the results of an operation to their storage types. */
  static void written(ReferenceTensor... outputs) {
    for (ReferenceTensor output : outputs) {
      if (output != null) {
        output.round();
      }
    }
  }

  /** Throws unless a tensor that the plan does not use is null. */
  final void checkAbsent(String role, Tensor tensor) {
    if (tensor != null) {
      throw new IllegalArgumentException(
          operation + " " + role + " was planned to be null and got " + tensor.layout());
    }
  }

  /** Throws unless existing weights have the layout that this plan needs. */
  static void checkWeights(String operation, Layout given, ReferenceLayout wanted) {
    if (given != null && !given.equals(wanted)) {
      throw new IllegalArgumentException(operation + ": w is " + given + ", needed is " + wanted);
    }
  }
}
