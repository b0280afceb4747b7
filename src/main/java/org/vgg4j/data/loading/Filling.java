package org.vgg4j.data.loading;

import java.nio.ByteBuffer;

/** A batch that is being prepared. The loader's lock guards it, but for the buffers. */
final class Filling {
  private final Batch buffers;
  private final int[] images; // of the batch, in order
  private final int[] places; // where each begins; the last is where they end
  private int claimed; // images that a thread has taken, from the first on
  private int open; // of those, the ones that are not done
  private int failedRow = Integer.MAX_VALUE;
  private Throwable failure; // of that row, the first one; null for none

  /** Starts a batch whose images have their places. */
  Filling(Batch buffers, int[] images, int[] places) {
    this.buffers = buffers;
    this.images = images;
    this.places = places;
  }

  /** Starts a batch that has failed already. */
  Filling(Throwable failure) {
    this(null, new int[0], new int[1]);
    this.failure = failure;
  }

  /** Images of it that a thread prepares: rows from {@code begin} to before {@code end}. */
  record Part(Filling of, int begin, int end) {
    /** Writes the images; returns the row that failed, with its failure, null for none. */
    Failure write(BatchContents.Writer writer) {
      ByteBuffer target = of.buffers.images().bytes().duplicate();
      for (int row = begin; row < end; row++) {
        try {
          writer.write(of.images[row], target, of.places[row]);
        } catch (RuntimeException | Error e) {
          return new Failure(row, of.images[row], e);
        }
      }
      return null;
    }
  }

  /** What went wrong with an image. */
  record Failure(int row, int image, Throwable cause) {}

  /** Takes the next images, at most so many; null when none are left. */
  Part claim(int most) {
    if (failure != null || claimed == images.length) {
      return null;
    }
    int begin = claimed;
    claimed = Math.min(images.length, begin + most);
    open += claimed - begin;
    return new Part(this, begin, claimed);
  }

  /**
   * Hands a part back. Of several failures the first row's counts: whoever fails in a later one,
   * all before it had been claimed.
   */
  void done(Part part, Failure failed, Throwable described) {
    open -= part.end - part.begin;
    if (failed != null && failed.row < failedRow) {
      failedRow = failed.row;
      failure = described;
    }
  }

  /** Returns whether nothing is left to wait for. */
  boolean isDone() {
    return open == 0 && (failure != null || claimed == images.length);
  }

  Throwable failure() {
    return failure;
  }

  Batch batch() {
    return buffers;
  }
}
