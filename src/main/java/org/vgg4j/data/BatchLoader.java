package org.vgg4j.data;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One pass over a data set in batches, prepared ahead of the step by a background thread: resized,
 * scaled to [0, 1], one grey channel repeated where the net has more; or as they are, for an engine
 * that does that itself. One thread takes the batches; {@link #close} may be called by any.
 */
public final class BatchLoader implements AutoCloseable {
  /** One being used, one ready, one being filled. */
  private static final int BUFFERS = 3;

  private final ImageDataset data;
  private final int batchSize;
  private final int[] order; // null for the data set's own
  private final BatchImages images;
  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BUFFERS);
  private final BlockingQueue<Object> ready = new ArrayBlockingQueue<>(BUFFERS + 1);
  private final Thread thread;
  private Batch lent;
  private Object end; // what ended the pass: this, or the failure of the background thread
  private volatile boolean closed;

  /** Prepares a pass over the whole data set. */
  public BatchLoader(ImageDataset data, int batchSize, int imageSize, int channels, int[] order) {
    this(data, batchSize, imageSize, channels, order, 0);
  }

  /**
   * Prepares a pass.
   *
   * @param batchSize images a batch; the last has what is left
   * @param imageSize S, the side of the net's images
   * @param channels C, of the net's images: the data set's, or any where the data set is grey
   * @param order the images in the order to take them, null for the data set's own
   * @param firstBatch how many batches to leave out at the start, at most all
   * @throws InvalidInputException when a size is below 1, the channels do not fit or a batch is too
   *     large for a Java array
   * @throws IllegalArgumentException when {@code order} is not as long as the data set or {@code
   *     firstBatch} is no batch of it
   */
  public BatchLoader(
      ImageDataset data, int batchSize, int imageSize, int channels, int[] order, int firstBatch) {
    this(data, batchSize, new ResizedImages(data, imageSize, channels), order, firstBatch);
  }

  /**
   * Prepares a pass whose batches hold the images as they are: {@link Batch#pixels}.
   *
   * @param batchSize images a batch; the last has what is left
   * @param order the images in the order to take them, null for the data set's own
   * @param firstBatch how many batches to leave out at the start, at most all
   * @throws InvalidInputException when the batch size is below 1 or a batch is too large for a Java
   *     array
   * @throws IllegalArgumentException as the constructor
   */
  public static BatchLoader ofPixels(
      ImageDataset data, int batchSize, int[] order, int firstBatch) {
    return new BatchLoader(data, batchSize, new PixelImages(data), order, firstBatch);
  }

  private BatchLoader(
      ImageDataset data, int batchSize, BatchImages images, int[] order, int firstBatch) {
    this.data = data;
    this.batchSize = batchSize;
    this.images = images;
    this.order = order;
    if (batchSize < 1) {
      throw new InvalidInputException("a batch of " + batchSize + " images has none");
    }
    if (order != null && order.length != data.size()) {
      throw new IllegalArgumentException(
          "an order of %d images for %d".formatted(order.length, data.size()));
    }
    int batches = (int) (((long) data.size() + batchSize - 1) / batchSize);
    if (firstBatch < 0 || firstBatch > batches) {
      throw new IllegalArgumentException("batch " + firstBatch + " of " + batches);
    }
    for (int i = 0; i < BUFFERS; i++) {
      free.add(images.buffer(batchSize));
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
    ready.add(last); // there is room for it beside all batches
  }

  private Batch fill(Batch buffer, int index) {
    int first = index * batchSize;
    int size = Math.min(batchSize, data.size() - first);
    for (int i = 0; i < size; i++) {
      int image = order == null ? first + i : order[first + i];
      buffer.labels()[i] = data.label(image);
      images.put(image, buffer, i);
    }
    return new Batch(buffer.x(), buffer.pixels(), buffer.labels(), size, index);
  }

  /**
   * Returns the next batch, or null at the end of the pass. The batch before it is taken back.
   *
   * @throws IllegalStateException when the background thread failed, the loader is closed, before
   *     or meanwhile, or the thread is interrupted
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
      throw new IllegalStateException("this loader of batches is closed");
    }
  }

  /** Returns the thread that prepares the batches. */
  Thread thread() {
    return thread;
  }

  /** Ends the background thread; a {@link #next} that waits in another thread fails. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
