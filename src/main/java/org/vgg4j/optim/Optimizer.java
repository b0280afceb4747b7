package org.vgg4j.optim;

import org.vgg4j.nn.Network;

/**
 * How a net's parameters follow its gradients: a description, which {@link #attach} puts to work on
 * one net.
 */
public interface Optimizer {
  /** Returns the name that {@code --optimizer} knows. */
  String name();

  /**
   * Returns how many slabs of the parameters' size its state takes, for {@code
   * MemoryPlan.totalBytes}.
   */
  int stateSlabs();

  /**
   * Takes the memory of the state, zeroed, and plans the update.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   * @throws IllegalStateException when the net has no parameters or no gradients
   */
  AttachedOptimizer attach(Network network);
}
