package org.vgg4j.data;

/**
 * Images and labels ready for a step. The arrays are used again after the next call of {@link
 * BatchLoader#next}. N is the loader's batch size even when fewer images are left.
 *
 * @param x (N, C, S, S) in [0, 1], resized for the net; null in a batch of pixels
 * @param pixels (N, C0, H0, W0), unsigned, as the data set has them; null in a batch of x
 * @param labels (N)
 * @param size how many of the N are images of this batch
 * @param index the batch's number in its pass, from 0
 */
public record Batch(float[] x, byte[] pixels, int[] labels, int size, int index) {}
