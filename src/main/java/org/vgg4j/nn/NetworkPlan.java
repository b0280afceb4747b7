package org.vgg4j.nn;

import java.util.List;

/** A net whose operations and memory are planned but whose memory was not yet taken. */
public final class NetworkPlan implements AutoCloseable {
  private final Network network;
  private boolean handedOver;

  NetworkPlan(Network network) {
    this.network = network;
  }

  /** Returns the memory that {@link #allocate} will take. */
  public MemoryPlan memoryPlan() {
    return network.memoryPlan();
  }

  /** Returns the parameters, in forward order; they have no values yet. */
  public List<Parameter> parameters() {
    return network.parameters();
  }

  /**
   * Takes the memory and sets the starting values. The net then owns everything, and closing this
   * object does nothing.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough; nothing is kept
   */
  public Network allocate() {
    if (handedOver) {
      throw new IllegalStateException("the memory of this net was taken before");
    }
    network.allocate();
    handedOver = true;
    return network;
  }

  /** Releases the plans, unless a net was made of them. */
  @Override
  public void close() {
    if (!handedOver) {
      network.close();
    }
  }
}
