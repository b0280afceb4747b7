package org.vgg4j.data.loading;

import java.nio.ByteBuffer;

/** What the buffers of a loader's batches hold of the images. */
interface BatchContents {
  /** Writes images, on one thread. */
  interface Writer {
    /** Writes image {@code image} to {@code target} at {@code offset}. */
    void write(int image, ByteBuffer target, int offset);
  }

  /** Returns the bytes that any {@code count} images take at most, as a number of any size. */
  double bytes(int count);

  /** Returns the bytes of the table of {@code count} images, 0 where there is none. */
  int tableBytes(int count);

  /**
   * Finds the images' places and writes the table.
   *
   * @param images of the batch, in order
   * @param table null where there is none
   * @return where each image begins, and after the last one where it ends
   */
  int[] places(int[] images, ByteBuffer table);

  /** Returns a writer for a thread. */
  Writer writer();
}
