package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;

/**
 * The gradient of a bias by custom kernels: the sum of dy over all positions, in a fixed order. On
 * the way a ReLU's gradient can be taken, and that of a max-pool behind it.
 */
final class BiasGradient {
  private final KernelLaunch sums;
  private final KernelLaunch pooledSums; // null without a max-pool
  private final KernelLaunch finish;
  private final long partialBytes;
  private final int channels;

  /**
   * Creates the launches.
   *
   * @param y the layout of the convolution's output or the linear layer's
   * @param pool whether dy may be the gradient of a 2x2 max-pool's output
   */
  BiasGradient(Closing owned, CudaDevice device, CudaLayout y, boolean pool) {
    Kernels kernels = device.kernels();
    channels = y.stored();
    ChannelGrid grid = kernels.channelGrid(y.positions(), channels, y.dtype());
    sums =
        owned
            .own(kernels.sums(Kernels.typed("vgg4j_bias_backward", y.dtype()), grid, 7))
            .set(4, y.positions())
            .set(5, channels)
            .set(6, grid.parts());
    pooledSums =
        pool
            ? owned
                .own(kernels.sums(Kernels.typed("vgg4j_bias_backward_pool", y.dtype()), grid, 9))
                .set(4, y.shape().dim(0))
                .set(5, y.shape().dim(2))
                .set(6, y.shape().dim(3))
                .set(7, channels)
                .set(8, grid.parts())
            : null;
    finish =
        owned
            .own(kernels.finish("vgg4j_sum_parts", channels, 4))
            .set(1, grid.parts())
            .set(2, channels);
    partialBytes = grid.partialBytes(1, channels);
  }

  /** Returns the bytes of scratch memory that a call needs. */
  long partialBytes() {
    return partialBytes;
  }

  /**
   * Adds the work of {@link #run} or {@link #runPooled}.
   *
   * @param read dy and what else is read
   * @param written the gradient that is written, null for none
   */
  void work(PlanWork work, List<CudaLayout> read, CudaLayout written) {
    long bytes = read.stream().mapToLong(CudaLayout::bytes).sum();
    work.kernel("bias backward", bytes, partialBytes + (written == null ? 0 : written.bytes()));
    work.sumParts(channels, partialBytes);
  }

  /**
   * Computes db from dy.
   *
   * @param y the output of the ReLU to take the gradient of, null for none
   * @param masked where to write dy after the ReLU's gradient, null for nowhere; may be dy
   */
  void run(Pointer dy, Pointer y, Pointer masked, Pointer partial, Pointer db) {
    sums.set(0, dy).set(1, y).set(2, masked).set(3, partial).launch();
    finish.set(0, partial).set(3, db).launch();
  }

  /**
   * Computes db, and dy before the max-pool and the ReLU, from dy behind them.
   *
   * @param winner which value of each window was the largest, from the forward
   */
  void runPooled(Pointer dy, Pointer winner, Pointer unpooled, Pointer partial, Pointer db) {
    pooledSums.set(0, dy).set(1, winner).set(2, unpooled).set(3, partial).launch();
    finish.set(0, partial).set(3, db).launch();
  }
}
