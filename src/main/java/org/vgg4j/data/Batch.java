package org.vgg4j.data;

import java.nio.ByteBuffer;

/**
 * Images and labels ready for a step. Both are reused after the next call of {@link
 * BatchLoader#next}. N is the loader's batch size even when fewer images are left.
 *
 * @param images preprocessed for the net: (N, C, S, S), F32 in native order; from a loader of
 *     pixels: (N, C0, H0, W0), unsigned bytes
 * @param labels (N)
 * @param size how many of the N rows are filled
 * @param index the batch's number in its pass, from 0
 */
public record Batch(ByteBuffer images, int[] labels, int size, int index) {}
