package org.vgg4j.backend.cuda.operations;

import java.util.Locale;
import org.vgg4j.backend.cuda.graph.ConvOperation;
import org.vgg4j.backend.cuda.graph.ConvProblem;
import org.vgg4j.backend.cuda.kernels.ChannelGrid;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.kernels.StripGrid;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Usage;

/**
 * The shape of a net's first block, as its kernels see it.
 *
 * @param x the layout of the images (N, C, H, W)
 * @param z the layout of the convolution's output (N, K, H, W), which is never stored
 */
record FirstShape(CudaLayout x, CudaLayout z) {
  private static final int MOST_CHANNELS = 4;
  private static final int TAPS = 9;
  private static final int ROW_PAIRS = 6;

  /** Pixels of a row that a thread computes at once, without a max-pool and where there is more. */
  private static final int STRIP = 8;

  private static final int PAIRED_STRIP = 4;

  /** The same of a warp that multiplies matrices. */
  private static final int TILE = 16;

  private static final int TILED_CHANNELS = 8;

  /**
   * Returns whether there are kernels for a block: a 3x3 convolution of images as they come, whose
   * norm needs nothing of other ranks.
   */
  static boolean fits(ConvBlockSpec spec, CudaLayout x, Usage usage) {
    Conv2dSpec conv = spec.conv();
    return conv.kernel() == 3
        && conv.padding() == 1
        && conv.inChannels() <= MOST_CHANNELS
        && x.stored() * x.dtype().bytes() == ChannelGrid.VECTOR_BYTES
        && !x.deferred()
        && (spec.batchNorm() == null || !spec.batchNorm().isShared())
        && !usage.inputGradient()
        && (!usage.training() || usage.weightGradients());
  }

  /** Returns the question whether a block is computed by these kernels. */
  static String question(ConvBlockSpec spec, CudaLayout x, Usage usage) {
    ConvProblem problem = ConvProducts.problem(ConvOperation.FORWARD, spec.conv(), x);
    return "fuse first block "
        + (spec.batchNorm() == null ? "" : spec.batchNorm().frozen() ? "frozen norm " : "norm ")
        + (spec.conv().bias() ? "bias " : "")
        + (spec.pool() == null ? "" : "pool ")
        + (usage.training() ? "training " : "inference ")
        + problem.type().name().toLowerCase(Locale.ROOT)
        + " "
        + spec.conv().inChannels()
        + " of "
        + problem.shape().text();
  }

  int images() {
    return x.shape().dim(0);
  }

  int height() {
    return x.shape().dim(2);
  }

  int width() {
    return x.shape().dim(3);
  }

  int inChannels() {
    return x.channels();
  }

  int channels() {
    return z.stored();
  }

  /** Returns the channels that the kernels compute: 2 are taken as 3. */
  int computedChannels() {
    return inChannels() == 2 ? 3 : inChannels();
  }

  /** Returns whether matrix products of tiles compute forward and backward. */
  boolean isTiled() {
    return x.dtype() == DType.BF16 && channels() % TILED_CHANNELS == 0;
  }

  /** Returns the layout of the bits of the values above 0, of a byte for 8 channels. */
  CudaLayout bits() {
    Shape s = z.shape();
    return CudaLayout.channelsLast(
        Shape.of(s.dim(0), s.dim(1) / Byte.SIZE, s.dim(2), s.dim(3)), DType.U8);
  }

  /** Returns the grid of the forward. */
  StripGrid forwardGrid(Kernels kernels, boolean pool) {
    int rows = pool ? height() / 2 : height();
    int columns = pool ? width() / 2 : width();
    int strip = isTiled() ? TILE : pool ? PAIRED_STRIP : STRIP;
    long strips = strips(rows, columns, pool ? strip / 2 : strip);
    return isTiled()
        ? kernels.tiles(strips, channels(), false)
        : kernels.forwardStrips(strips, channels(), x.dtype());
  }

  /** Returns the grid of the backward. */
  StripGrid backwardGrid(Kernels kernels) {
    return isTiled()
        ? kernels.tiles(strips(height(), width(), TILE), channels(), true)
        : kernels.backwardStrips(pairedStrips(), channels());
  }

  /** Returns the name of the kernel of the forward. */
  String forwardKernel(boolean pool) {
    return isTiled() ? tiled("", pool) : kernel(pool ? "forward_pool" : "forward");
  }

  /** Returns the name of the kernel of the backward. */
  String backwardKernel(boolean pool) {
    return isTiled() ? tiled("_backward", pool) : kernel(pool ? "backward_pool" : "backward");
  }

  private String tiled(String name, boolean pool) {
    return Kernels.typed("vgg4j_first_tiles" + name + (pool ? "_pool" : ""), x.dtype());
  }

  /** Returns the name of a kernel for these channels. */
  String kernel(String name) {
    DType type = x.dtype();
    return Kernels.typed("vgg4j_first_" + name + "_" + computedChannels(), type);
  }

  /** Returns the strips of the sums over patches. */
  long pairedStrips() {
    return strips(height(), width(), PAIRED_STRIP);
  }

  private long strips(int rows, int columns, int strip) {
    return (long) images() * rows * ((columns + strip - 1) / strip);
  }

  /** Returns how many sums over the patches there are. */
  int moments() {
    int row = 3 * computedChannels();
    return ROW_PAIRS * row * row + 3 * row;
  }

  /** Returns how many sums of the backward there are, of all channels. */
  int slopes() {
    return (TAPS * computedChannels() + 1) * channels();
  }

  /** Returns the multiply-adds of the convolution, and of its filters' gradient. */
  long multiplyAdds() {
    return z.positions() * channels() * TAPS * computedChannels();
  }

  /** Returns the multiply-adds of the sums over the patches. */
  long momentMultiplyAdds() {
    return z.positions() * moments();
  }

  /** Returns the layout of the sums over the patches, doubles. */
  CudaLayout momentLayout() {
    return doubles(moments());
  }

  static CudaLayout doubles(int count) {
    return CudaLayout.floats(Shape.of(Math.multiplyExact(count, Double.BYTES / Float.BYTES)));
  }
}
