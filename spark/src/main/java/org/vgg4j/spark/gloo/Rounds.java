package org.vgg4j.spark.gloo;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.vgg4j.collective.PeerLostException;

/** Exchanges that are waited for. */
final class Rounds {
  private Rounds() {}

  /** Returns what each rank gives, in their order. */
  static List<byte[]> gather(Peers peers, byte[] bytes) {
    ByteBuffer all = ByteBuffer.wrap(await(peers.exchange(Exchange.Kind.GATHER, bytes)));
    List<byte[]> parts = new ArrayList<>();
    while (all.hasRemaining()) {
      byte[] part = new byte[all.getInt()];
      all.get(part);
      parts.add(part);
    }
    return parts;
  }

  /** Returns what rank 0 gives. */
  static byte[] broadcast(Peers peers, byte[] bytes) {
    return await(peers.exchange(Exchange.Kind.BROADCAST, peers.rank() == 0 ? bytes : new byte[0]));
  }

  /** Replaces values by their sums in the order of the ranks. */
  static void sum(Peers peers, double[] values) {
    ByteBuffer own = ByteBuffer.allocate(values.length * Double.BYTES);
    own.asDoubleBuffer().put(values);
    byte[] sums = await(peers.exchange(Exchange.Kind.SUM, own.array()));
    ByteBuffer.wrap(sums).asDoubleBuffer().get(values);
  }

  /**
   * Waits.
   *
   * @throws PeerLostException when a rank is lost
   */
  static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof PeerLostException lost
          ? new PeerLostException(lost.getMessage(), lost)
          : GlooGroup.failure(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new PeerLostException("this rank was interrupted while it waited for the others", e);
    }
  }
}
