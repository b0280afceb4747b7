package org.vgg4j.collective;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;

/**
 * Ranks that are threads of one process, each with an engine of its own: the reference or the CPU
 * engine. Elements are added in the order of the ranks, by the thread that comes last.
 */
public final class LocalCollective implements Collective {
  /** How long a rank waits for another before it gives up. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final MeetingRoom room;
  private final int rank;

  private LocalCollective(MeetingRoom room, int rank) {
    this.room = room;
    this.rank = rank;
  }

  /** Returns the ranks of a training, to be given to a thread each, which closes its own. */
  public static List<Collective> of(int world) {
    return of(world, PATIENCE);
  }

  /**
   * Returns the ranks of a training.
   *
   * @param patience how long a rank waits for another before it throws {@link PeerLostException}
   */
  public static List<Collective> of(int world, Duration patience) {
    if (world < 1) {
      throw new IllegalArgumentException("a training of " + world + " ranks");
    }
    MeetingRoom room = new MeetingRoom(world, patience);
    return IntStream.range(0, world)
        .<Collective>mapToObj(rank -> new LocalCollective(room, rank))
        .toList();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return room.world();
  }

  @Override
  public String description() {
    return room.world() + " threads of one process";
  }

  @Override
  public Reduction begin(Arena slab, DType type, long from, long count) {
    LocalPart part = LocalPart.of(slab, type, from, count);
    long begun = System.nanoTime();
    Meeting meeting = room.enter(rank, "a sum of " + count + " " + type, part, LocalPart::sum);
    return new Sum(meeting, begun);
  }

  /** A sum under way, begun at a time of {@link System#nanoTime}. */
  private final class Sum implements Reduction {
    private final Meeting meeting;
    private final long begun;

    Sum(Meeting meeting, long begun) {
      this.meeting = meeting;
      this.begun = begun;
    }

    @Override
    public void await() {
      room.await(rank, meeting);
    }

    @Override
    public long nanosecondsSince(Reduction first) {
      return meeting.endNanos() - ((Sum) first).begun;
    }
  }

  @Override
  public void broadcast(Arena slab, DType type, long from, long count) {
    LocalPart part = LocalPart.of(slab, type, from, count);
    room.meet(rank, "a broadcast of " + count + " " + type, part, LocalPart::broadcast);
  }

  @Override
  public void sum(double[] values) {
    String what = "a sum of " + values.length + " values";
    double[] sum = (double[]) room.meet(rank, what, values.clone(), LocalCollective::sum);
    System.arraycopy(sum, 0, values, 0, sum.length);
  }

  private static double[] sum(Object[] all) {
    double[] sum = ((double[]) all[0]).clone();
    for (int r = 1; r < all.length; r++) {
      double[] next = (double[]) all[r];
      for (int i = 0; i < sum.length; i++) {
        sum[i] += next[i];
      }
    }
    return sum;
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    byte[] own = rank == 0 ? bytes.clone() : new byte[0];
    return ((byte[]) room.meet(rank, "a broadcast of bytes", own, all -> all[0])).clone();
  }

  @Override
  public byte[][] gather(byte[] bytes) {
    Object[] all = (Object[]) room.meet(rank, "a gathering of bytes", bytes.clone(), a -> a);
    byte[][] copies = new byte[all.length][];
    for (int r = 0; r < all.length; r++) {
      copies[r] = ((byte[]) all[r]).clone();
    }
    return copies;
  }

  @Override
  public void abort() {
    room.leave(rank, "was aborted");
  }

  @Override
  public void close() {
    room.leave(rank, "has left");
  }
}
