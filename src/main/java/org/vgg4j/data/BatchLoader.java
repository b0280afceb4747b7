package org.vgg4j.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.IntFunction;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One pass over an image source in batches, which a background thread prepares ahead of the step:
 * preprocessed for a net, or raw for an engine that preprocesses itself. Only one thread may take
 * the batches; any thread may call {@link #close}.
 */
public final class BatchLoader implements AutoCloseable {
  /** The most bytes of a batch or an image: the largest array that every JVM allows. */
  static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  /** One in use, one ready, one being filled. */
  private static final int BUFFERS = 3;

  private final ImageSource data;
  private final int batchSize;
  private final int[] order; // null for the source's own
  private final int imageBytes;
  private final ImageReader images;
  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BUFFERS);
  private final BlockingQueue<Object> ready = new ArrayBlockingQueue<>(BUFFERS + 1);
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
    this(data, batchSize, preprocessing, null, 0, ByteBuffer::allocateDirect);
  }

  /**
   * Prepares a pass.
   *
   * @param batchSize images per batch; the last batch has the rest
   * @param preprocessing how an image becomes the net's input
   * @param order the order of the images, null for the source's own
   * @param firstBatch how many batches to skip at the start, at most all
   * @param buffers allocates a buffer for a batch, of the given number of bytes
   * @throws InvalidInputException when the batch size is below 1, the channels do not fit or a
   *     batch is too large for a buffer
   * @throws IllegalArgumentException when {@code order} is not as long as the source or {@code
   *     firstBatch} is out of range
   */
  public BatchLoader(
      ImageSource data,
      int batchSize,
      Preprocessing preprocessing,
      int[] order,
      int firstBatch,
      IntFunction<ByteBuffer> buffers) {
    this(
        data,
        batchSize,
        (double) preprocessing.channels()
            * preprocessing.crop()
            * preprocessing.crop()
            * Float.BYTES,
        new PreprocessedImages(data, preprocessing)::read,
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
      int batchSize,
      int[] order,
      int firstBatch,
      IntFunction<ByteBuffer> buffers) {
    int bytes = data.commonShape().bytes();
    return new BatchLoader(data, batchSize, bytes, data::read, order, firstBatch, buffers);
  }

  private BatchLoader(
      ImageSource data,
      int batchSize,
      double imageBytes,
      ImageReader images,
      int[] order,
      int firstBatch,
      IntFunction<ByteBuffer> buffers) {
    this.data = data;
    this.batchSize = batchSize;
    this.images = images;
    this.order = order;
    if (batchSize < 1) {
      throw new InvalidInputException("batchSize must be at least 1, not " + batchSize);
    }
    if (batchSize * imageBytes > MAX_BYTES) {
      throw new InvalidInputException(
          "a batch of %d images of %.0f bytes is too large; take fewer or smaller ones"
              .formatted(batchSize, imageBytes));
    }
    this.imageBytes = (int) imageBytes;
    if (order != null && order.length != data.size()) {
      throw new IllegalArgumentException(
          "an order of %d images for %d".formatted(order.length, data.size()));
    }
    int batches = (int) (((long) data.size() + batchSize - 1) / batchSize);
    if (firstBatch < 0 || firstBatch > batches) {
      throw new IllegalArgumentException("batch " + firstBatch + " of " + batches);
    }
    for (int i = 0; i < BUFFERS; i++) {
      ByteBuffer buffer = buffers.apply(batchSize * this.imageBytes);
      free.add(new Batch(buffer.order(ByteOrder.nativeOrder()), new int[batchSize], 0, 0));
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
    int first = index * batchSize;
    int size = Math.min(batchSize, data.size() - first);
    for (int i = 0; i < size; i++) {
      int image = order == null ? first + i : order[first + i];
      buffer.labels()[i] = data.label(image);
      images.read(image, buffer.images(), i * imageBytes);
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

  /** Ends the background thread; a {@link #next} waiting in another thread fails. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
