package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/**
 * The gradient of a bias: the sums of dy (rows, channels) over its rows, in two stages of fixed
 * order. Blocks of 256 threads sum parts of the rows for groups of channels, as the kernels'
 * comments say; a second kernel adds the parts.
 */
final class ChannelSums {
  private static final int THREADS = 256;

  /** Fewer rows than this for a thread are not worth a part of their own. */
  private static final int ROWS_PER_THREAD = 8;

  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;
  private static final int CHANNELS_PER_BLOCK = 8; // of the second kernel

  private final KernelLaunch first;
  private final KernelLaunch second;
  private final long partialBytes;

  /** Plans the sums; {@code owned} closes the parts. */
  ChannelSums(
      Closing owned, Kernels kernels, int multiprocessors, DType type, long rows, int channels) {
    int perAccess = Vectors.perAccess(type, channels);
    int lanes = channels / perAccess;
    int perPass = Math.min(Integer.highestOneBit(lanes), THREADS);
    int groups = (lanes + perPass - 1) / perPass;
    int rowsPerPass = THREADS / perPass;
    long useful = Math.max(1, rows / ((long) rowsPerPass * ROWS_PER_THREAD));
    long most = Math.max(1, (long) BLOCKS_PER_MULTIPROCESSOR * multiprocessors / groups);
    int parts = (int) Math.min(useful, most);
    partialBytes = (long) parts * channels * Float.BYTES;
    first =
        owned
            .own(
                kernels.grid(
                    Vectors.kernel("vgg4j_bias_backward", type), parts * groups, THREADS, 7))
            .set(4, rows)
            .set(5, channels)
            .set(6, parts);
    int blocks = (channels + CHANNELS_PER_BLOCK - 1) / CHANNELS_PER_BLOCK;
    second =
        owned
            .own(kernels.grid("vgg4j_sum_parts", blocks, THREADS, 4))
            .set(1, parts)
            .set(2, channels);
  }

  /** Returns the size of the first stage's sums. */
  long partialBytes() {
    return partialBytes;
  }

  /**
   * Enqueues the sums.
   *
   * @param partial memory for the first stage's sums
   * @param db the sums (channels), of F32
   */
  void run(Pointer dy, Pointer partial, Pointer db) {
    first.set(0, dy).set(3, partial).launch();
    second.set(0, partial).set(3, db).launch();
  }
}
