package org.vgg4j.nn;

import java.util.List;

/** A planned net whose memory is not yet allocated. */
public final class NetworkPlan implements AutoCloseable {
  private final Network network;
  private boolean handedOver;

  NetworkPlan(Network network) {
    this.network = network;
  }

  /** Returns the memory that {@link #allocate} will allocate. */
  public MemoryPlan memoryPlan() {
    return network.memoryPlan();
  }

  /**
   * Returns the ways to train this net with the norms as planned, from that of the least arithmetic
   * to that of the least memory; each takes less memory than those before.
   */
  public List<MemoryWay> ways() {
    return MemoryWays.of(network);
  }

  /** Returns the parameters, in forward order; they have no values yet. */
  public List<Parameter> parameters() {
    return network.parameters();
  }

  /**
   * Allocates the memory and sets the initial values. The net then owns everything, and closing
   * this object does nothing.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough; nothing is kept
   */
  public Network allocate() {
    if (handedOver) {
      throw new IllegalStateException("this net's memory is already allocated");
    }
    network.allocate();
    handedOver = true;
    return network;
  }

  /** Releases the plans unless {@link #allocate} handed them to the net. */
  @Override
  public void close() {
    if (!handedOver) {
      network.close();
    }
  }
}
