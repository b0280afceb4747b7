package org.vgg4j.data;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;

/**
 * One pass over a data set in batches, prepared ahead of the step by a background thread: resized,
 * scaled to [0, 1], one grey channel repeated where the net has more. To be used by one thread;
 * {@link #close} ends the other.
 */
public final class BatchLoader implements AutoCloseable {
  /** One being used, one ready, one being filled. */
  private static final int BUFFERS = 3;

  private final ImageDataset data;
  private final int batchSize;
  private final int imageSize;
  private final int channels;
  private final int[] order; // null for the data set's own
  private final BilinearResize resize;
  private final BlockingQueue<Batch> free = new ArrayBlockingQueue<>(BUFFERS);
  private final BlockingQueue<Object> ready = new ArrayBlockingQueue<>(BUFFERS + 1);
  private final Thread thread;
  private Batch lent;
  private boolean ended;
  private boolean closed;

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
   * @param firstBatch how many batches to leave out at the start
   * @throws InvalidInputException when the channels do not fit, or the extents no array
   */
  public BatchLoader(
      ImageDataset data, int batchSize, int imageSize, int channels, int[] order, int firstBatch) {
    this.data = data;
    this.batchSize = batchSize;
    this.imageSize = imageSize;
    this.channels = channels;
    this.order = order;
    if (data.channels() != channels && data.channels() != 1) {
      throw new InvalidInputException(
          "a net of "
              + channels
              + " channels cannot take "
              + data.name()
              + " with "
              + data.channels());
    }
    int values = Shape.of(batchSize, channels, imageSize, imageSize).arrayLength();
    resize = new BilinearResize(data.height(), data.width(), imageSize);
    for (int i = 0; i < BUFFERS; i++) {
      free.add(new Batch(new float[values], new int[batchSize], 0, 0));
    }
    thread = new Thread(() -> prepare(firstBatch), "vgg4j-batches");
    thread.setDaemon(true);
    thread.start();
  }

  private void prepare(int firstBatch) {
    try {
      int batches = (data.size() + batchSize - 1) / batchSize;
      for (int index = firstBatch; index < batches; index++) {
        ready.put(fill(free.take(), index));
      }
      ready.put(this); // anything that is no batch ends the pass
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      ready.add(e);
    }
  }

  private Batch fill(Batch buffer, int index) {
    int first = index * batchSize;
    int size = Math.min(batchSize, data.size() - first);
    int plane = data.height() * data.width();
    int outPlane = imageSize * imageSize;
    for (int i = 0; i < size; i++) {
      int image = order == null ? first + i : order[first + i];
      buffer.labels()[i] = data.label(image);
      for (int c = 0; c < channels; c++) {
        int from = (image * data.channels() + (data.channels() == 1 ? 0 : c)) * plane;
        int into = (i * channels + c) * outPlane;
        if (c > 0 && data.channels() == 1) {
          System.arraycopy(buffer.x(), into - outPlane, buffer.x(), into, outPlane);
        } else {
          resize.resize(data.pixels(), from, buffer.x(), into);
        }
      }
    }
    return new Batch(buffer.x(), buffer.labels(), size, index);
  }

  /**
   * Returns the next batch, or null at the end of the pass. The batch before it is taken back.
   *
   * @throws IllegalStateException when the background thread failed or the loader is closed
   */
  public Batch next() {
    if (closed) {
      throw new IllegalStateException("the batch loader is closed");
    }
    if (ended) {
      return null;
    }
    if (lent != null) {
      free.add(lent);
      lent = null;
    }
    Object item;
    try {
      item = ready.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a batch", e);
    }
    if (item instanceof Batch batch) {
      lent = batch;
      return batch;
    }
    ended = true;
    if (item instanceof Throwable failure) {
      throw new IllegalStateException("a batch could not be prepared: " + failure, failure);
    }
    return null;
  }

  /** Returns the thread that prepares the batches. */
  Thread thread() {
    return thread;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
