package org.vgg4j.data.loading;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One pass over an image source in batches, which background threads prepare ahead of the step:
 * preprocessed for a net, or raw for an engine that preprocesses itself. The batches come in their
 * order, with the same bits for any number of threads. Only one thread may take the batches; any
 * thread may call {@link #close}.
 */
public final class BatchLoader implements AutoCloseable {
  /** One in use, and two ready or being filled. */
  private static final int BUFFERS = 3;

  /** More threads would wait for memory rather than compute. */
  private static final int MOST_THREADS = 8;

  /** How many images a thread takes at once at most: small ones are done in no time. */
  private static final int MOST_TAKEN = 32;

  private final ImageSource data;
  private final BatchContents contents;
  private final BatchSchedule schedule;
  private final int[] order; // null for the source's own
  private final int taken; // images that a thread takes at once
  private final Closing owned = new Closing(); // the buffers
  private final List<Thread> threads = new ArrayList<>();
  private final Object lock = new Object(); // guards all below, and the fillings
  private final Deque<Batch> free = new ArrayDeque<>();
  private final Deque<Filling> begun = new ArrayDeque<>(); // not yet taken, in order
  private int next; // the batch to begin next
  private boolean beginning; // a thread is about to add a batch to those begun
  private Batch lent;
  private Filling failed; // what ended the pass
  private boolean closed;

  /** Prepares a pass over all images in the source's own order, in direct buffers. */
  public BatchLoader(ImageSource data, int batchSize, Preprocessing preprocessing) {
    this(
        data,
        ImageViews.of(preprocessing),
        new BatchSchedule(data.size(), batchSize, 1, Shard.WHOLE),
        null,
        0,
        HostBuffer::direct);
  }

  /**
   * Prepares a pass.
   *
   * @param views how an image becomes the net's input
   * @param schedule how the images fall into batches
   * @param order the order of the images, null for the source's own
   * @param firstBatch how many batches to skip at the start, at most all
   * @param buffers allocates a buffer of the given number of bytes
   * @throws InvalidInputException when the channels do not fit or a batch is too large for a buffer
   * @throws IllegalArgumentException when {@code order} is not as long as the source or {@code
   *     firstBatch} is out of range
   */
  public BatchLoader(
      ImageSource data,
      ImageViews views,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers) {
    this(
        data, new FloatContents(data, views), schedule, order, firstBatch, buffers, usualThreads());
  }

  /**
   * Prepares a pass over the raw images, whose shapes must be known, with a table of what the net
   * sees of them. All else is as in the constructor.
   */
  public static BatchLoader ofPixels(
      ImageSource data,
      ImageViews views,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers) {
    BatchContents pixels = new PixelContents(data, views);
    return new BatchLoader(data, pixels, schedule, order, firstBatch, buffers, usualThreads());
  }

  private static int usualThreads() {
    return Math.min(MOST_THREADS, Runtime.getRuntime().availableProcessors());
  }

  BatchLoader(
      ImageSource data,
      BatchContents contents,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers,
      int threadCount) {
    this.data = data;
    this.contents = contents;
    this.schedule = schedule;
    this.order = order;
    int most = schedule.mostImages();
    double bytes = contents.bytes(most);
    if (bytes > ImageShape.MAX_BYTES) {
      throw new InvalidInputException(
          "a batch of %d images of %.0f bytes is too large; take fewer or smaller ones"
              .formatted(most, bytes / most));
    }
    if (order != null && order.length != data.size()) {
      throw new IllegalArgumentException(
          "an order of %d images for %d".formatted(order.length, data.size()));
    }
    int batches = schedule.passes();
    if (firstBatch < 0 || firstBatch > batches) {
      throw new IllegalArgumentException("batch " + firstBatch + " of " + batches);
    }
    next = schedule.withImages(firstBatch);
    try {
      for (int i = 0; i < BUFFERS; i++) {
        free.add(buffers((int) bytes, most, buffers));
      }
    } catch (RuntimeException | Error e) {
      owned.abandon(e);
      throw e;
    }
    int useful = Math.min(threadCount, data.size());
    taken = Math.max(1, Math.min(MOST_TAKEN, most / (4 * useful)));
    for (int i = 0; i < useful; i++) {
      Thread thread = new Thread(this::work, "vgg4j-batches-" + (i + 1));
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
  }

  private Batch buffers(int bytes, int most, IntFunction<HostBuffer> buffers) {
    int tableBytes = contents.tableBytes(most);
    return new Batch(
        owned.own(buffers.apply(bytes)),
        owned.own(buffers.apply(Math.multiplyExact(most, Integer.BYTES))),
        tableBytes == 0 ? null : owned.own(buffers.apply(tableBytes)),
        0,
        0,
        0);
  }

  /** What each thread does until the pass ends. */
  private void work() {
    BatchContents.Writer writer = contents.writer();
    for (Filling.Part part = claim(); part != null; part = claim()) {
      Filling.Failure failure = part.write(writer);
      synchronized (lock) {
        part.of().done(part, failure, failure == null ? null : described(failure));
        lock.notifyAll();
      }
    }
  }

  /** Takes images to prepare, of a new batch where all others are taken; null at the end. */
  private Filling.Part claim() {
    while (true) {
      Batch buffer;
      int index;
      synchronized (lock) {
        Filling last = begun.peekLast();
        if (closed || (last != null && last.failure() != null) || failed != null) {
          return null;
        }
        Filling.Part part = last == null ? null : last.claim(taken);
        if (part != null) {
          return part;
        }
        if (next == schedule.passes()) {
          return null;
        }
        if (beginning || free.isEmpty()) {
          try {
            lock.wait();
          } catch (InterruptedException e) {
            // Nobody interrupts these threads; what was waited for is looked at again.
          }
          continue;
        }
        beginning = true;
        index = next;
        next = schedule.withImages(next + 1);
        buffer = free.remove();
      }
      Filling begins = begin(buffer, index); // which may wait for the engine
      synchronized (lock) {
        begun.add(begins);
        beginning = false;
        lock.notifyAll();
      }
    }
  }

  private Filling begin(Batch buffer, int index) {
    try {
      buffer.await();
      int first = schedule.begin(index);
      int[] images =
          IntStream.range(first, schedule.end(index))
              .map(i -> order == null ? i : order[i])
              .toArray();
      for (int i = 0; i < images.length; i++) {
        buffer.labels().bytes().putInt(i * Integer.BYTES, data.label(images[i]));
      }
      int[] places =
          contents.places(images, buffer.table() == null ? null : buffer.table().bytes());
      return new Filling(
          new Batch(
              buffer.images(),
              buffer.labels(),
              buffer.table(),
              images.length,
              index,
              places[images.length]),
          images,
          places);
    } catch (RuntimeException | Error e) {
      return new Filling(
          e instanceof InvalidInputException
              ? e
              : new IllegalStateException("a batch could not be prepared: " + e, e));
    }
  }

  private Throwable described(Filling.Failure failure) {
    return failure.cause() instanceof InvalidInputException
        ? failure.cause()
        : new IllegalStateException(
            "image %d of %s could not be prepared: %s"
                .formatted(failure.image(), data.name(), failure.cause()),
            failure.cause());
  }

  /**
   * Returns the next batch, or null at the end of the pass. The previous batch is taken back.
   *
   * @throws InvalidInputException when an image cannot be used
   * @throws IllegalStateException when a background thread failed for another reason, the loader is
   *     closed before or during the call, or the calling thread is interrupted
   */
  public Batch next() {
    synchronized (lock) {
      requireOpen();
      if (lent != null) {
        free.add(lent);
        lent = null;
        lock.notifyAll();
      }
      while (failed == null && (Thread.currentThread().isInterrupted() || !isNextKnown())) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while waiting for a batch", e);
        }
        requireOpen();
      }
      if (failed == null && !begun.isEmpty()) {
        Filling done = begun.remove();
        if (done.failure() == null) {
          lent = done.batch();
          return lent;
        }
        failed = done;
        lock.notifyAll();
      }
    }
    if (failed == null) {
      return null;
    }
    if (failed.failure() instanceof InvalidInputException refusal) {
      throw new InvalidInputException(refusal.getMessage(), refusal);
    }
    Throwable failure = failed.failure();
    throw new IllegalStateException(failure.getMessage(), failure.getCause());
  }

  private boolean isNextKnown() {
    return begun.isEmpty() ? next == schedule.passes() && !beginning : begun.element().isDone();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this batch loader is closed");
    }
  }

  /** Returns the threads that prepare the batches. */
  List<Thread> threads() {
    return threads;
  }

  /**
   * Ends the background threads, each after the images it has begun, and releases the buffers; a
   * {@link #next} waiting in another thread fails.
   */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    boolean isInterrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          isInterrupted = true;
        }
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
    owned.close();
  }
}
