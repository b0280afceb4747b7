package org.vgg4j.spark.gloo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch_gloo;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.tensor.DType;

/**
 * The one class that calls libtorch: gloo's connections between all ranks, and its sums.
 *
 * <p>libtorch's own store would listen on every interface and believe everybody. So each rank has a
 * store in a file of its own, and the one entry that gloo makes there, its addresses, goes to the
 * others through {@link Peers}.
 */
final class GlooGroup implements AutoCloseable {
  /** Threads that add: so many buckets at the same time. */
  private static final int THREADS = 2;

  /** What gloo calls a rank's addresses: the first context's, hence 0. */
  private static final String KEY = "0/";

  private final FileStore store;
  private final ProcessGroupGloo group;

  /** Waits for one sum after another, so that the end of each is known when it comes. */
  private final ExecutorService waiting = Executors.newSingleThreadExecutor(GlooGroup::thread);

  private GlooGroup(FileStore store, ProcessGroupGloo group) {
    this.store = store;
    this.group = group;
  }

  private static Thread thread(Runnable body) {
    Thread thread = new Thread(body, "vgg4j-gloo-sums");
    thread.setDaemon(true);
    return thread;
  }

  /** Loads libtorch, which takes seconds where it was not unpacked before. */
  static void load() {
    Loader.load(torch.class);
    Loader.load(torch_gloo.class);
  }

  static void unpack() throws IOException {
    String platform = Loader.getPlatform();
    Loader.cacheResources("/org/bytedeco/pytorch/" + platform + "/");
    Loader.cacheResources("/org/bytedeco/openblas/" + platform + "/");
  }

  /** Returns libtorch's version, with that of its bindings. */
  static String version() throws IOException {
    return Loader.getVersion("org.bytedeco", "pytorch");
  }

  /**
   * Connects every rank with every other.
   *
   * @param address of the interface that gloo listens on
   * @throws PeerLostException when a rank cannot be reached
   */
  static GlooGroup connect(Peers peers, String address) throws IOException {
    Path folder = Files.createTempDirectory("vgg4j-gloo");
    Path file = folder.resolve("store");
    FileStore store = new FileStore(file.toString(), peers.world());
    try (FileStore outside = new FileStore(file.toString(), peers.world())) {
      store.setTimeout(timeout());
      outside.setTimeout(timeout());
      // The constructor returns when all ranks are connected, so it waits for what comes below.
      CompletableFuture<ProcessGroupGloo> made =
          CompletableFuture.supplyAsync(
              () -> group(store, peers, address),
              body -> new Thread(body, "vgg4j-gloo-connect").start());
      try {
        List<byte[]> addresses = Rounds.gather(peers, outside.get(KEY + peers.rank()).get());
        for (int rank = 0; rank < peers.world(); rank++) {
          if (rank != peers.rank()) {
            outside.set(KEY + rank, new ByteVector(addresses.get(rank)));
          }
        }
      } catch (RuntimeException e) {
        made.handle((group, error) -> close(group)).join();
        throw e;
      }
      return new GlooGroup(store, made.join());
    } catch (RuntimeException e) {
      store.close();
      throw e instanceof PeerLostException ? e : failure(e);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    }
  }

  private static boolean close(ProcessGroupGloo group) {
    if (group != null) {
      group.close();
    }
    return true;
  }

  @SuppressWarnings("try") // the scope frees what is made in it
  private static ProcessGroupGloo group(FileStore store, Peers peers, String address) {
    try (PointerScope scope = new PointerScope()) {
      ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(timeout());
      options.devices(new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname(address)));
      options.threads(THREADS);
      ProcessGroupGloo made = new ProcessGroupGloo(store, peers.rank(), peers.world(), options);
      return made.retainReference();
    }
  }

  /** How long gloo waits for a part of a message, not for a whole sum. */
  private static Milliseconds timeout() {
    return new Milliseconds(Peers.SILENCE_MILLIS);
  }

  /** Begins to add up; all ranks do at the same time, in the same order. */
  @SuppressWarnings("try") // the scope frees what is made in it
  Work sum(Pointer memory, DType type, long count) {
    try (PointerScope scope = new PointerScope()) {
      return group.allreduce(tensors(memory, type, count)).retainReference();
    }
  }

  /** Begins to bring rank 0's values to all. */
  @SuppressWarnings("try") // the scope frees what is made in it
  Work broadcast(Pointer memory, DType type, long count) {
    try (PointerScope scope = new PointerScope()) {
      return group
          .broadcast(tensors(memory, type, count), new BroadcastOptions().rootRank(0))
          .retainReference();
    }
  }

  private static TensorVector tensors(Pointer memory, DType type, long count) {
    TensorOptions options =
        new TensorOptions(type == DType.F64 ? torch.ScalarType.Double : torch.ScalarType.Float);
    return new TensorVector(torch.from_blob(memory, new long[] {count}, options));
  }

  /**
   * Returns when a sum ended, in {@link System#nanoTime}, or with what libtorch said; then the sum
   * is freed. It ends within the timeout when a rank is lost.
   */
  CompletableFuture<Long> end(Work work) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            work._wait();
            return System.nanoTime();
          } finally {
            work.close();
          }
        },
        waiting);
  }

  /** Returns what libtorch said, without its stack. */
  static PeerLostException failure(Throwable e) {
    Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
    String said = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    String line = said.lines().findFirst().orElse(said);
    return new PeerLostException("gloo: " + line, cause);
  }

  /** Waits until what was begun has ended. */
  @Override
  public void close() {
    waiting.shutdown();
    try {
      waiting.awaitTermination(2 * Peers.SILENCE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    group.close();
    store.close();
  }
}
