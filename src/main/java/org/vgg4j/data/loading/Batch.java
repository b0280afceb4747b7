package org.vgg4j.data.loading;

import org.vgg4j.tensor.HostBuffer;

/**
 * Images and labels ready for a step. All buffers are reused after the next call of {@link
 * BatchLoader#next}. N is the loader's batch size even when fewer images are left.
 *
 * @param images preprocessed for the net: (N, C, S, S), F32 in native order; from a loader of
 *     pixels: the images' bytes, one after another
 * @param labels (N), I32 in native order
 * @param table from a loader of pixels: a {@link org.vgg4j.tensor.ImageRow} for each image; else
 *     null
 * @param size how many of the N rows are filled
 * @param index the batch's number in its pass, from 0
 * @param bytes how many bytes of images there are
 */
public record Batch(
    HostBuffer images, HostBuffer labels, HostBuffer table, int size, int index, int bytes) {
  /** Returns the label of an image of the batch. */
  public int label(int row) {
    return labels.bytes().getInt(row * Integer.BYTES);
  }

  /** Waits until nothing reads the buffers any more. */
  void await() {
    images.await();
    labels.await();
    if (table != null) {
      table.await();
    }
  }
}
