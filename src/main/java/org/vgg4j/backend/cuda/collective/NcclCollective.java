package org.vgg4j.backend.cuda.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CapturedGraph;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.NcclCalls;
import org.vgg4j.backend.cuda.calls.Peers;
import org.vgg4j.backend.cuda.calls.Versions;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.collective.Collective;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Ranks with a GPU each, between which NCCL adds. Sums run on a stream of their own: it waits for
 * what the engine was given so far, and the engine's stream waits for it where a sum is awaited, so
 * all of it can be captured with a step.
 */
public final class NcclCollective implements Collective, Peers {
  private final CudaContext context;
  private final CudaMemory memory;
  private final int rank;
  private final int world;
  private final String pinned; // what is pinned, for the description
  private final Closing owned = new Closing();
  private final CUstream_st stream;
  private final CUevent_st
      reached; // the last place of the engine's stream that the other waits for
  private final Communicator communicator;
  private final Watch watch;
  private final HostExchange exchange;
  private final Deque<NcclSum.Events> unused = new ArrayDeque<>(); // of sums that were awaited
  private final Set<CapturedGraph> graphs = ConcurrentHashMap.newKeySet();
  private boolean closed;

  /**
   * Meets the other ranks, and waits for them.
   *
   * @param memory the engine's
   * @param id what rank 0 made, of {@link #newId}
   * @throws org.vgg4j.collective.PeerLostException when another rank does not come
   * @throws org.vgg4j.backend.cuda.calls.CudaException when NCCL refuses what it was given
   */
  public NcclCollective(
      CudaContext context, CudaMemory memory, byte[] id, int rank, int world, Settings settings) {
    this.context = context;
    this.memory = memory;
    this.rank = rank;
    this.world = world;
    pinned = NcclEnvironment.apply(settings);
    try {
      context.checkOpen();
      stream = context.cuda().cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
      owned.own(() -> context.cuda().cudaStreamDestroy(stream));
      reached = event(cudart.cudaEventDisableTiming);
      communicator = new Communicator(context, id, rank, world, settings);
      owned.own(this::endCommunicator);
      String thread = "vgg4j-nccl-watch-" + rank;
      watch = new Watch(owned, context, communicator, settings, thread);
      owned.own(watch::close);
      exchange = owned.own(new HostExchange(context, communicator, watch, stream));
      owned.own(this::closeGraphs);
    } catch (RuntimeException | Error e) {
      owned.abandon(e);
      throw e;
    }
    context.peers(this);
  }

  /**
   * Returns new bytes by which ranks find each other.
   *
   * @param network the only network interface to use, null to leave that to NCCL
   */
  public static byte[] newId(String network) {
    NcclEnvironment.useInterface(network);
    return NcclCalls.ncclGetUniqueId();
  }

  private CUevent_st event(int flags) {
    CUevent_st event = context.cuda().cudaEventCreateWithFlags(flags);
    owned.own(() -> context.cuda().cudaEventDestroy(event));
    return event;
  }

  private CUevent_st timingEvent() {
    return event(cudart.cudaEventDefault);
  }

  private NcclSum.Events events() {
    return unused.isEmpty()
        ? new NcclSum.Events(timingEvent(), timingEvent(), timingEvent())
        : unused.pop();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return world;
  }

  @Override
  public String description() {
    return "NCCL "
        + Versions.library(NcclCalls.ncclGetVersion())
        + " between "
        + world
        + (world == 1 ? " GPU" : " GPUs")
        + pinned;
  }

  @Override
  public Reduction begin(Arena slab, DType type, long from, long count) {
    Pointer elements = elements(slab, type, from, count);
    follow();
    NcclSum.Events events = events();
    if (!context.isCapturing()) {
      context.cuda().cudaEventRecord(events.begun(), stream);
    }
    communicator.enqueue(
        "ncclAllReduce", to -> NcclCalls.ncclAllReduce(elements, count, type, to, stream));
    context.cuda().cudaEventRecord(events.summed(), stream);
    if (!context.isCapturing()) {
      watch.mark(stream);
    }
    return new NcclSum(context, events, communicator::check, () -> unused.push(events));
  }

  private Pointer elements(Arena slab, DType type, long from, long count) {
    if (!(slab.elements() instanceof Elements.Device)) {
      throw new InvalidInputException("NCCL adds in a GPU's memory, and this slab is the host's");
    }
    if (!type.isFloating()) {
      throw new InvalidInputException("sums over ranks are of floating-point numbers, not " + type);
    }
    long most = slab.bytes() / type.bytes();
    if (from < 0 || count < 1 || from > most - count) {
      throw new InvalidInputException(
          "%d elements from %d on are not within the %d of the slab".formatted(count, from, most));
    }
    return CudaArena.of(memory, slab).memory().at(from * type.bytes());
  }

  /** Has the sums' stream wait for what the engine was given so far. */
  private void follow() {
    communicator.check();
    context.cuda().cudaEventRecord(reached, context.stream());
    context.cuda().cudaStreamWaitEvent(stream, reached);
  }

  /** As {@link #follow}, for what the host waits for, which nothing can capture. */
  private void followNow() {
    context.checkOpen();
    if (context.isCapturing()) {
      throw new IllegalStateException("a step that is recorded cannot wait for other ranks");
    }
    follow();
  }

  @Override
  public void broadcast(Arena slab, DType type, long from, long count) {
    Pointer elements = elements(slab, type, from, count);
    followNow();
    communicator.enqueue(
        "ncclBroadcast", to -> NcclCalls.ncclBroadcast(elements, count, type, to, stream));
    watch.mark(stream);
    context.cuda().cudaStreamSynchronize(stream);
    communicator.check();
  }

  @Override
  public void sum(double[] values) {
    followNow();
    if (values.length == 0) {
      return;
    }
    byte[] own = new byte[Math.multiplyExact(values.length, Double.BYTES)];
    numbers(own).asDoubleBuffer().put(values);
    ByteBuffer all = exchange.gather(own, rank, world);
    Arrays.fill(values, 0);
    for (int other = 0; other < world; other++) {
      for (int i = 0; i < values.length; i++) {
        values[i] += all.getDouble((other * values.length + i) * Double.BYTES);
      }
    }
  }

  @Override
  public byte[] broadcast(byte[] bytes) {
    followNow();
    byte[] length = new byte[Integer.BYTES];
    numbers(length).putInt(rank == 0 ? bytes.length : 0);
    int count = exchange.gather(length, rank, world).getInt(0);
    byte[] all = new byte[count];
    if (count > 0) {
      exchange.broadcast(rank == 0 ? bytes : null, count).get(all);
    }
    return all;
  }

  @Override
  public byte[][] gather(byte[] bytes) {
    followNow();
    int[] lengths = new int[world];
    byte[] own = new byte[Integer.BYTES];
    numbers(own).putInt(bytes.length);
    exchange.gather(own, rank, world).asIntBuffer().get(lengths);
    int most = Arrays.stream(lengths).max().orElseThrow();
    byte[][] all = new byte[world][];
    ByteBuffer gathered =
        most == 0 ? null : exchange.gather(Arrays.copyOf(bytes, most), rank, world);
    for (int other = 0; other < world; other++) {
      all[other] = new byte[lengths[other]];
      if (gathered != null) {
        gathered.get(other * most, all[other]);
      }
    }
    return all;
  }

  /** Numbers in the machine's order: all ranks have the same kind of machine. */
  private static ByteBuffer numbers(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }

  @Override
  public void abort() {
    communicator.lose("it was aborted on this rank");
    watch.wake();
  }

  @Override
  public void check() {
    communicator.check();
  }

  @Override
  public void launch(Runnable enqueue) {
    communicator.whileAlive(
        () -> {
          enqueue.run();
          watch.mark(context.stream());
        });
  }

  @Override
  public void holds(CapturedGraph graph) {
    graphs.add(graph);
  }

  @Override
  public void forgets(CapturedGraph graph) {
    graphs.remove(graph);
  }

  /** NCCL would wait for them for ever. */
  private void closeGraphs() {
    try (Closing all = new Closing()) {
      List.copyOf(new ArrayList<>(graphs)).forEach(all::own);
    }
  }

  /** Where ranks are lost the watching thread has ended it. */
  private void endCommunicator() {
    if (!communicator.isLost()) {
      communicator.close();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.peers(Peers.NONE);
      owned.close();
    }
  }
}
