package org.vgg4j.nn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Slot;

/**
 * The activations and activation gradients of one input shape. Training keeps every activation;
 * inference alternates between two halves, as gradients always do.
 */
final class ActivationMemory {
  private final boolean training;
  private final SlotLayout kept = new SlotLayout();
  private final SlotLayout[] activationHalves = {new SlotLayout(), new SlotLayout()};
  private final SlotLayout[] gradientHalves = {new SlotLayout(), new SlotLayout()};
  private int activationTurn;
  private int gradientTurn;

  ActivationMemory(boolean training) {
    this.training = training;
  }

  Slot activation(Layout layout) {
    return training ? kept.append(layout) : activationHalves[activationTurn++ % 2].overlay(layout);
  }

  Slot saved(Layout layout) {
    return kept.append(layout);
  }

  Slot gradient(Layout layout) {
    if (!training) {
      throw new IllegalStateException("a net built for inference has no gradients");
    }
    return gradientHalves[gradientTurn++ % 2].overlay(layout);
  }

  long activationBytes() {
    return kept.bytes() + activationHalves[0].bytes() + activationHalves[1].bytes();
  }

  long gradientBytes() {
    return gradientHalves[0].bytes() + gradientHalves[1].bytes();
  }

  /** Binds every slot to its tensor; this memory starts at offset 0 of both arenas. */
  void bind(Arena activations, Arena gradients) {
    kept.bind(activations, 0);
    activationHalves[0].bind(activations, kept.bytes());
    activationHalves[1].bind(activations, kept.bytes() + activationHalves[0].bytes());
    gradientHalves[0].bind(gradients, 0);
    gradientHalves[1].bind(gradients, gradientHalves[0].bytes());
  }
}
