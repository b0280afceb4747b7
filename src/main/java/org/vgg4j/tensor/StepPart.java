package org.vgg4j.tensor;

import java.util.Locale;

/** The parts of a training step, in order. */
public enum StepPart {
  /** A batch's way to the engine, up to the net's input. */
  INPUT,
  /** From the input to the logits. */
  FORWARD,
  /** From the logits to their gradient. */
  LOSS,
  /** From the logits' gradient to those of the parameters. */
  BACKWARD,
  /** From gradients to parameters. */
  UPDATE;

  /** Returns the name: input, forward, loss, backward or update. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
