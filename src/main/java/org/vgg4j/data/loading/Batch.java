package org.vgg4j.data.loading;

import org.vgg4j.tensor.HostBuffer;

/**
 * Images and labels ready for a step. Both are reused after the next call of {@link
 * BatchLoader#next}. N is the loader's batch size even when fewer images are left.
 *
 * @param images preprocessed for the net: (N, C, S, S), F32 in native order; from a loader of
 *     pixels: (N, C0, H0, W0), unsigned bytes
 * @param labels (N), I32 in native order
 * @param size how many of the N rows are filled
 * @param index the batch's number in its pass, from 0
 */
public record Batch(HostBuffer images, HostBuffer labels, int size, int index) {
  /** Returns the label of an image of the batch. */
  public int label(int row) {
    return labels.bytes().getInt(row * Integer.BYTES);
  }
}
