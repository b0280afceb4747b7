package org.vgg4j.data;

/**
 * Images and labels ready for a step. The arrays are used again after the next call of {@link
 * BatchLoader#next}.
 *
 * @param x (N, C, S, S) in [0, 1]; N is the loader's batch size even when fewer images are left
 * @param labels (N)
 * @param size how many of the N are images of this batch
 * @param index the batch's number in its pass, from 0
 */
public record Batch(float[] x, int[] labels, int size, int index) {}
