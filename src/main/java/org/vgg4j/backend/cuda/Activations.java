package org.vgg4j.backend.cuda;

import org.vgg4j.tensor.Choice;

/** What becomes of a batch norm's output that only the next convolution reads. */
public enum Activations {
  /** What this GPU does faster; with deterministic plans, they are kept. */
  AUTO,
  /** It is stored, and the backward reads it again. */
  KEEP,
  /**
   * The convolution computes it from the norm's input, in the forward and again in the backward:
   * about a third less memory.
   */
  RECOMPUTE;

  /**
   * Returns the choice with a name.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the name is unknown
   */
  public static Activations of(String name) {
    return Choice.of("activations", Activations.class, name);
  }

  /** Returns whether they are computed again, null to leave it to a timing. */
  Boolean recomputed() {
    return this == AUTO ? null : (Boolean) (this == RECOMPUTE);
  }

  /** Returns the name: auto, keep or recompute. */
  public String text() {
    return Choice.name(this);
  }
}
