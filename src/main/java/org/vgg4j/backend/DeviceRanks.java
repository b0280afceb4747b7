package org.vgg4j.backend;

import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;

/**
 * Ranks with a GPU each: what lies there is added up between the GPUs, and what the host knows over
 * the way by which the ranks found each other. That way also notices first that a rank is gone or
 * hangs, and then ends what waits on the GPU.
 *
 * @param host stays open when this is closed
 * @param device belongs to this
 */
record DeviceRanks(Collective host, Collective device) implements Collective {
  DeviceRanks {
    host.onLoss(device::abort);
  }

  @Override
  public int rank() {
    return host.rank();
  }

  @Override
  public int world() {
    return host.world();
  }

  @Override
  public String description() {
    return device.description() + "; " + host.description();
  }

  @Override
  public Reduction begin(Arena slab, DType type, long from, long count) {
    return device.begin(slab, type, from, count);
  }

  @Override
  public void broadcast(Arena slab, DType type, long from, long count) {
    device.broadcast(slab, type, from, count);
  }

  @Override
  public void sum(double[] values) {
    host.sum(values);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    return host.broadcast(bytes);
  }

  @Override
  public byte[][] gather(byte[] bytes) {
    return host.gather(bytes);
  }

  @Override
  public void abort() {
    host.abort();
    device.abort();
  }

  @Override
  public void close() {
    device.close();
  }
}
