package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * Filtering in two dimensions in C++ ({@code native/cpu/filtered.cpp}), in which each thread works
 * on images of its own from the first transform to the last. What threads hand to each other goes
 * from core to core, which takes long where these are far apart; but every thread reads all
 * filters, so there must not be too many of them. It is a part of {@link CpuLibrary}.
 */
final class NativeFiltering implements Filtering {
  /** The most bytes of transformed filters that each thread reads with profit. */
  private static final long MOST_FILTERS = 10L << 20;

  /** The most bytes of filters of whose gradient each thread has a sum of its own with profit. */
  private static final long MOST_SUMS = 5L << 20;

  /** The most bytes of all those sums. */
  private static final long MOST_SUMS_IN_ALL = 64L << 20;

  /** The least and the most bytes of transformed values that a thread works on at a time. */
  private static final long LEAST_AT_ONCE = 1L << 20;

  private static final long MOST_AT_ONCE = 3L << 20;

  /** How many times the bytes of the filters, which are read anew each time, they are between. */
  private static final int FILTERS_AT_ONCE = 4;

  private final Dnnl context;
  private final Conv2dSpec spec;
  private final WinogradShape shape;
  private final FilterTransform filters;
  private final Shape x;
  private final boolean isBf16;
  private final long bytes; // of all operands
  private final int tile;
  private final int chunks;
  private final long floatsOfThread;
  private final Scratch.Place scratch;

  /**
   * Plans it in a convolution.
   *
   * @param hasWeights whether it computes gradients of the filters
   */
  NativeFiltering(
      OneDnnPlan plan,
      Conv2dSpec spec,
      WinogradShape shape,
      FilterTransform filters,
      boolean hasWeights) {
    context = plan.context();
    this.spec = spec;
    this.shape = shape;
    this.filters = filters;
    x = shape.x().shape();
    isBf16 = shape.x().dtype() == DType.BF16;
    tile = shape.tile();
    int threads = context.threads();
    bytes = shape.x().bytes() + shape.y().bytes() + shape.transformedW().bytes();
    long transformed = shape.transformedValues() * Float.BYTES;
    long atOnce =
        threads
            * Math.max(
                LEAST_AT_ONCE,
                Math.min(FILTERS_AT_ONCE * shape.transformedW().bytes(), MOST_AT_ONCE));
    long wanted = (transformed + atOnce - 1) / atOnce * threads;
    int images = x.dim(0);
    int parts = (int) Math.min((wanted + images - 1) / images, shape.rows());
    chunks = parts > 1 ? images * parts : (int) Math.min(wanted, images);
    int rows = parts > 1 ? divided(shape.rows(), parts) : divided(images, chunks) * shape.rows();
    floatsOfThread = shape.transformedValues(rows);
    long sums = hasWeights ? sums(threads) : 0;
    long floats = floatsOfThread * threads + sums;
    scratch = plan.place(OneDnnLayout.plain(Shape.of(Math.toIntExact(floats)), DType.F32));
  }

  private static int divided(int number, int by) {
    return (number + by - 1) / by;
  }

  /**
   * Returns the floats of the sums of single threads: of biases, and of filters but the first's.
   */
  private long sums(int threads) {
    return (long) spec.outChannels() * threads
        + shape.transformedW().shape().elementCount() * (threads - 1);
  }

  /** Returns whether y and the gradient of x are to be computed so. */
  static boolean isFor(WinogradShape shape) {
    return shape.isSquare()
        && CpuLibrary.isLoaded()
        && shape.transformedW().bytes() <= MOST_FILTERS;
  }

  /**
   * Returns whether gradients of the filters are to be computed so by a number of threads: whose
   * sums take less than what is transformed.
   */
  static boolean isForWeights(WinogradShape shape, int threads) {
    long bytes = shape.transformedW().bytes();
    return isFor(shape)
        && bytes <= MOST_SUMS
        && bytes * threads <= MOST_SUMS_IN_ALL
        && bytes * threads <= shape.transformedValues() * Float.BYTES;
  }

  @Override
  public void forward(long from, OneDnnTensor w, OneDnnTensor biases, long to) {
    long begun = begin();
    int in = spec.inChannels() / WinogradShape.BLOCK;
    int out = spec.outChannels() / WinogradShape.BLOCK;
    long added = biases == null ? 0 : biases.address();
    convolve(from, w.address(), added, to, in, out, 1, in, spec.relu());
    end(shape.isPooled() ? "convolution and max-pool" : "convolution", begun);
  }

  @Override
  public void data(OneDnnTensor flippedW, long dy, long dx) {
    long begun = begin();
    int in = spec.inChannels() / WinogradShape.BLOCK;
    int out = spec.outChannels() / WinogradShape.BLOCK;
    convolve(dy, flippedW.address(), 0, dx, out, in, in, 1, false);
    end("convolution data gradient", begun);
  }

  private void convolve(
      long from,
      long w,
      long biases,
      long to,
      int in,
      int out,
      int inStep,
      int outStep,
      boolean relu) {
    convolve(
        tile,
        isBf16,
        from,
        w,
        biases,
        to,
        scratch.tensor().address(),
        floatsOfThread,
        x.dim(0),
        in,
        out,
        x.dim(2),
        x.dim(3),
        inStep,
        outStep,
        chunks,
        relu,
        shape.isPooled());
  }

  @Override
  public void weights(long from, long dy, OneDnnTensor transformed, long dw, OneDnnTensor db) {
    long begun = begin();
    weights(
        tile,
        isBf16,
        from,
        dy,
        transformed.address(),
        db == null ? 0 : db.address(),
        scratch.tensor().address(),
        floatsOfThread,
        x.dim(0),
        spec.inChannels() / WinogradShape.BLOCK,
        spec.outChannels() / WinogradShape.BLOCK,
        x.dim(2),
        x.dim(3),
        chunks);
    end("convolution weights gradient", begun);
    filters.back(RowTransform.FILTER_GRADIENT, transformed.address(), dw, false);
  }

  private long begin() {
    context.checkThread();
    return context.begin();
  }

  private void end(String name, long begun) {
    context.end(new Cost(name, Cost.CPP, false, bytes, shape.multiplyAddsInAll()), begun);
  }

  private static native void convolve(
      int tile,
      boolean isBf16,
      long x,
      long filters,
      long biases,
      long y,
      long scratch,
      long ofThread,
      int count,
      int in,
      int out,
      int height,
      int width,
      int inStep,
      int outStep,
      int chunks,
      boolean relu,
      boolean pool);

  private static native void weights(
      int tile,
      boolean isBf16,
      long x,
      long dy,
      long dw,
      long db,
      long scratch,
      long ofThread,
      int count,
      int in,
      int out,
      int height,
      int width,
      int chunks);
}
