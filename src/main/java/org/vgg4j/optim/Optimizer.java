package org.vgg4j.optim;

import org.vgg4j.nn.Network;

/** Describes how parameters are updated from gradients; {@link #attach} applies it to one net. */
public interface Optimizer {
  /** Returns its name for {@code --optimizer}. */
  String name();

  /**
   * Returns how many slabs of the parameters' size its state needs, for {@code
   * MemoryPlan.totalBytes}.
   */
  int stateSlabs();

  /**
   * Allocates the state, zeroed, and plans the update.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   * @throws IllegalStateException when the net has no parameters or no gradients
   */
  default AttachedOptimizer attach(Network network) {
    return attach(network, 1);
  }

  /**
   * As {@link #attach(Network)}, with another learning rate for the net's last layer.
   *
   * @param headFactor the factor of the step's learning rate for the last layer
   */
  AttachedOptimizer attach(Network network, double headFactor);
}
