package org.vgg4j.data.loading;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.IntFunction;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One pass over an image source in batches, which a background thread prepares ahead of the step:
 * preprocessed for a net, or raw for an engine that preprocesses itself. Only one thread may take
 * the batches; any thread may call {@link #close}.
 */
public final class BatchLoader implements AutoCloseable {
  /** One in use, one ready, one being filled. */
  private static final int BUFFERS = 3;

  private final ImageSource data;
  private final BatchSchedule schedule;
  private final int[] order; // null for the source's own
  private final int imageBytes;
  private final ImageReader images;
  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BUFFERS);
  private final BlockingQueue<Object> ready = new ArrayBlockingQueue<>(BUFFERS + 1);
  private final Closing owned = new Closing(); // the buffers
  private final Thread thread;
  private Batch lent;
  private Object end; // what ended the pass: this, or the failure of the background thread
  private volatile boolean closed;

  /** Writes image {@code image} to {@code target} at {@code offset}. */
  private interface ImageReader {
    void read(int image, ByteBuffer target, int offset);
  }

  /** Prepares a pass over all images in the source's own order, in direct buffers. */
  public BatchLoader(ImageSource data, int batchSize, Preprocessing preprocessing) {
    this(
        data,
        preprocessing,
        new BatchSchedule(data.size(), batchSize, 1, Shard.WHOLE),
        null,
        0,
        HostBuffer::direct);
  }

  /**
   * Prepares a pass.
   *
   * @param preprocessing how an image becomes the net's input
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
      Preprocessing preprocessing,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers) {
    this(
        data,
        (double) preprocessing.channels()
            * preprocessing.crop()
            * preprocessing.crop()
            * Float.BYTES,
        new PreprocessedImages(data, preprocessing)::read,
        schedule,
        order,
        firstBatch,
        buffers);
  }

  /**
   * Prepares a pass over the raw images, which must have one shape. All else is as in the
   * constructor.
   */
  public static BatchLoader ofPixels(
      ImageSource data,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers) {
    int bytes = data.commonShape().bytes();
    return new BatchLoader(data, bytes, data::read, schedule, order, firstBatch, buffers);
  }

  private BatchLoader(
      ImageSource data,
      double imageBytes,
      ImageReader images,
      BatchSchedule schedule,
      int[] order,
      int firstBatch,
      IntFunction<HostBuffer> buffers) {
    this.data = data;
    this.images = images;
    this.schedule = schedule;
    this.order = order;
    int most = schedule.mostImages();
    if (most * imageBytes > ImageShape.MAX_BYTES) {
      throw new InvalidInputException(
          "a batch of %d images of %.0f bytes is too large; take fewer or smaller ones"
              .formatted(most, imageBytes));
    }
    this.imageBytes = (int) imageBytes;
    if (order != null && order.length != data.size()) {
      throw new IllegalArgumentException(
          "an order of %d images for %d".formatted(order.length, data.size()));
    }
    int batches = schedule.passes();
    if (firstBatch < 0 || firstBatch > batches) {
      throw new IllegalArgumentException("batch " + firstBatch + " of " + batches);
    }
    for (int i = 0; i < BUFFERS; i++) {
      HostBuffer pixels = owned.own(buffers.apply(most * this.imageBytes));
      HostBuffer labels = owned.own(buffers.apply(Math.multiplyExact(most, Integer.BYTES)));
      free.add(new Batch(pixels, labels, 0, 0));
    }
    thread = new Thread(() -> prepare(firstBatch, batches), "vgg4j-batches");
    thread.setDaemon(true);
    thread.start();
  }

  private void prepare(int firstBatch, int batches) {
    Object last = this;
    try {
      for (int index = firstBatch; index < batches; index++) {
        ready.put(fill(free.take(), index));
      }
    } catch (InterruptedException e) {
      // Only close() interrupts this thread, which ends here.
    } catch (RuntimeException | Error e) {
      last = e;
    }
    ready.add(last); // there is room for it besides all batches
  }

  private Batch fill(Batch buffer, int index) {
    int first = schedule.begin(index);
    int size = schedule.end(index) - first;
    buffer.images().await();
    buffer.labels().await();
    for (int i = 0; i < size; i++) {
      int image = order == null ? first + i : order[first + i];
      buffer.labels().bytes().putInt(i * Integer.BYTES, data.label(image));
      images.read(image, buffer.images().bytes(), i * imageBytes);
    }
    return new Batch(buffer.images(), buffer.labels(), size, index);
  }

  /**
   * Returns the next batch, or null at the end of the pass. The previous batch is taken back.
   *
   * @throws InvalidInputException when an image cannot be used
   * @throws IllegalStateException when the background thread failed for another reason, the loader
   *     is closed before or during the call, or the calling thread is interrupted
   */
  public Batch next() {
    requireOpen();
    if (lent != null) {
      free.add(lent);
      lent = null;
    }
    if (end == null) {
      Object item = take();
      requireOpen();
      if (item instanceof Batch batch) {
        lent = batch;
        return batch;
      }
      end = item;
    }
    if (end instanceof InvalidInputException refusal) {
      throw new InvalidInputException(refusal.getMessage(), refusal);
    }
    if (end instanceof Throwable failure) {
      throw new IllegalStateException("a batch could not be prepared: " + failure, failure);
    }
    return null;
  }

  private Object take() {
    try {
      return ready.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a batch", e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this batch loader is closed");
    }
  }

  /** Returns the thread that prepares the batches. */
  Thread thread() {
    return thread;
  }

  /**
   * Ends the background thread and releases the buffers; a {@link #next} waiting in another thread
   * fails.
   */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
    owned.close();
  }
}
