package org.vgg4j.backend.cuda.kernels;

import org.vgg4j.tensor.DType;

/**
 * How the kernels of native/kernels split sums over the rows of a (rows, channels) matrix: into
 * parts of the rows and groups of channels, a block each. Every part leaves partial sums, which a
 * second kernel adds up in order.
 *
 * @param parts into how many parts the rows are split
 * @param groups into how many groups the channels are split
 */
public record ChannelGrid(int parts, int groups) {
  private static final int THREADS = 256;

  /** What a thread of a kernel reads or writes at once. */
  public static final int VECTOR_BYTES = 16;

  /** Enough loads in flight to reach the memory's bandwidth. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  /** How often a block's threads go over their rows at least. */
  private static final int PASSES = 8;

  static ChannelGrid of(long rows, int channels, DType type, int multiprocessors) {
    int vector = VECTOR_BYTES / type.bytes();
    int lanes = channels % vector == 0 ? channels / vector : channels;
    int width = Integer.highestOneBit(Math.min(lanes, THREADS));
    int groups = (lanes + width - 1) / width;
    long rowsPerPart = (long) THREADS / width * PASSES;
    long useful = (rows + rowsPerPart - 1) / rowsPerPart;
    int most = Math.max(1, BLOCKS_PER_MULTIPROCESSOR * multiprocessors / groups);
    return new ChannelGrid((int) Math.min(useful, most), groups);
  }

  int blocks() {
    return parts * groups;
  }

  /** Returns the bytes of {@code sums} partial sums of every part and channel. */
  public long partialBytes(int sums, int channels) {
    return (long) parts * sums * channels * Float.BYTES;
  }
}
