package org.vgg4j.spark.gloo;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Work;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Ranks in processes, whose slabs gloo adds up over TCP: in place in the CPU engine's memory in
 * f32, through a copy in f64 for the reference engine. gloo adds in a ring, whose order depends on
 * the number of ranks and elements alone.
 *
 * <p>A rank that is gone is noticed at once and one that hangs after 4 seconds, by a pulse between
 * rank 0 and every other. How long a rank computes before it comes to a sum does not matter: gloo
 * begins when all have come.
 */
public final class GlooCollective implements Collective {
  private final Peers peers;
  private final GlooGroup group;
  private final String description;
  private final Set<Sum> underWay = new HashSet<>();
  private boolean isClosed;

  private GlooCollective(Peers peers, InetAddress address) {
    this.peers = peers;
    try {
      group = GlooGroup.connect(peers, address.getHostAddress());
      description =
          "gloo of libtorch %s, TCP over %s"
              .formatted(GlooGroup.version(), address.getHostAddress());
    } catch (IOException e) {
      peers.fail("rank " + peers.rank() + ": " + e.getMessage());
      peers.close();
      throw new PeerLostException("cannot connect the ranks: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      peers.fail("rank " + peers.rank() + ": " + e.getMessage());
      PeerLostException told = told(e, 0);
      peers.close();
      throw told;
    }
  }

  /**
   * Becomes rank 0 and waits for the others.
   *
   * @param door that the others come to; it can be closed afterwards
   * @param world the number of ranks
   * @param address of the interface to listen on
   * @param patience how long to wait for them
   * @throws PeerLostException when one does not come, or is lost at once
   */
  public static GlooCollective host(Door door, int world, InetAddress address, Duration patience) {
    GlooGroup.load();
    return new GlooCollective(door.receive(world, patience), address);
  }

  /**
   * Becomes another rank.
   *
   * @param meeting what rank 0 told
   * @param rank from 1
   * @param world the number of ranks
   * @param address of the interface to listen on
   * @throws PeerLostException when rank 0 cannot be reached, or a rank is lost at once
   */
  public static GlooCollective join(Meeting meeting, int rank, int world, InetAddress address) {
    GlooGroup.load();
    return new GlooCollective(Door.join(meeting, rank, world, address), address);
  }

  /**
   * Unpacks libtorch where it is not yet, into JavaCPP's folder, without loading it.
   *
   * @throws IOException when it cannot be written
   */
  public static void unpack() throws IOException {
    GlooGroup.unpack();
  }

  @Override
  public int rank() {
    return peers.rank();
  }

  @Override
  public int world() {
    return peers.world();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Reduction begin(Arena slab, DType type, long from, long count) {
    Sum sum = new Sum(slab, type, from, count, false);
    underWay.add(sum);
    sum.begin();
    return sum;
  }

  @Override
  public void broadcast(Arena slab, DType type, long from, long count) {
    Sum sum = new Sum(slab, type, from, count, true);
    underWay.add(sum);
    sum.begin();
    sum.await();
  }

  /** A sum or a broadcast: first all ranks come, then gloo begins. */
  private final class Sum implements Reduction {
    private final Elements elements;
    private final DType type;
    private final long from;
    private final long count;
    private final boolean isBroadcast;
    private final Pointer memory;
    private CompletableFuture<Void> done;
    private long begun; // in System.nanoTime()
    private volatile long ended; // likewise, set before it is done

    Sum(Arena slab, DType type, long from, long count, boolean isBroadcast) {
      this.elements = slab.elements();
      this.type = elements instanceof Elements.Heap ? DType.F64 : type;
      this.from = from;
      this.count = count;
      this.isBroadcast = isBroadcast;
      memory = memory();
    }

    private Pointer memory() {
      if (type != DType.F32 && type != DType.F64) {
        throw new InvalidInputException("gloo adds f32 and f64, not " + type);
      }
      int size = type == DType.F64 ? Double.BYTES : Float.BYTES;
      if (elements instanceof Elements.Host host) {
        requireWithin(host.bytes() / size);
        return new HostMemory(host.address() + from * size);
      }
      if (elements instanceof Elements.Heap heap) {
        requireWithin(heap.values().length);
        return new DoublePointer(count).put(heap.values(), (int) from, (int) count);
      }
      throw new InvalidInputException(
          "gloo adds up what lies in main memory, not on a GPU: NCCL is for that");
    }

    private void requireWithin(long length) {
      if (from < 0 || count < 1 || from > length - count) {
        throw new IllegalArgumentException(
            "elements %d to %d of %d".formatted(from, from + count, length));
      }
    }

    void begin() {
      String what =
          "a %s of %d elements in %s".formatted(isBroadcast ? "broadcast" : "sum", count, type);
      begun = System.nanoTime();
      done =
          peers
              .exchange(Exchange.Kind.SYNC, what.getBytes(StandardCharsets.UTF_8))
              .thenApply(all -> start())
              .thenCompose(group::end)
              .thenAccept(nanos -> ended = nanos);
    }

    private Work start() {
      return isBroadcast ? group.broadcast(memory, type, count) : group.sum(memory, type, count);
    }

    @Override
    public void await() {
      if (!underWay.remove(this)) {
        return;
      }
      try {
        Rounds.await(done);
        if (elements instanceof Elements.Heap heap) {
          ((DoublePointer) memory).get(heap.values(), (int) from, (int) count);
        }
      } catch (RuntimeException e) {
        throw told(e, Peers.SILENCE_MILLIS / 2);
      } finally {
        // Frees the copy of a heap's elements, when gloo has let go of it, and nothing of an
        // engine's.
        done = done.whenComplete((nothing, error) -> memory.close());
      }
    }

    @Override
    public long nanosecondsSince(Reduction first) {
      return ended - ((Sum) first).begun;
    }
  }

  /** Returns which rank is lost rather than what gloo noticed of it. */
  private PeerLostException told(RuntimeException e, long millis) {
    if (e instanceof PeerLostException lost && !lost.getMessage().startsWith("gloo: ")) {
      return lost;
    }
    try {
      String who = peers.whoIsLost(millis);
      if (who != null) {
        return new PeerLostException(who, e);
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    PeerLostException failure = e instanceof PeerLostException own ? own : GlooGroup.failure(e);
    peers.fail("rank " + peers.rank() + ": " + failure.getMessage());
    return failure;
  }

  @Override
  public void sum(double[] values) {
    Rounds.sum(peers, values);
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    return Rounds.broadcast(peers, bytes);
  }

  @Override
  public byte[][] gather(byte[] bytes) {
    return Rounds.gather(peers, bytes).toArray(byte[][]::new);
  }

  @Override
  public void abort() {
    abort("rank " + rank() + " has given up");
  }

  /** Does as {@link #abort()} does, and tells the others why. */
  public void abort(String why) {
    peers.fail(why);
  }

  @Override
  public boolean reachesDevices() {
    return false;
  }

  @Override
  public void onLoss(Runnable action) {
    peers.onLoss(action);
  }

  /** Waits until gloo has let go of all memory, at most some seconds when a rank is lost. */
  @Override
  public void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    if (!underWay.isEmpty()) {
      abort();
    }
    for (Sum sum : Set.copyOf(underWay)) {
      try {
        sum.await();
      } catch (RuntimeException e) {
        // What was being added is given up.
      }
    }
    group.close();
    peers.close();
  }
}
