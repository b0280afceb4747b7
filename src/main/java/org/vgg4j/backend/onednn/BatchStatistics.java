package org.vgg4j.backend.onednn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * The mean and the biased variance of each channel of large images, by loops of our own. oneDNN
 * sums a channel's values one after the other in single precision: with 400,000 of them the
 * variance is off by 3e-5 and everything behind it by half of that. Here few values are summed in
 * single precision, in lanes next to each other, and these sums in double. The values are taken
 * less the first of their channel, which keeps the digits of the variance where the mean is large.
 *
 * <p>The bits do not depend on the number of workers.
 */
final class BatchStatistics {
  /**
   * Lanes that sum side by side, about: four arrays take 16 kB, half of an L1 cache. They are
   * filled anew for each turn: a loop whose arrays have different indices is not vectorized.
   */
  private static final int LANES = 1024;

  /** Values that a worker sums in one go: some 250 a lane. */
  private static final int PART = 1 << 18;

  /** Values of a channel from which on oneDNN's own sums have lost more than a digit. */
  private static final long LONG = 1 << 14;

  /** Values of images that caches do not hold: there, reading them once costs no more time. */
  private static final long LARGE = 1 << 21;

  private final Dnnl dnnl;
  private final int channels;
  private final int block; // neighbouring values of one pixel
  private final int blocks; // in an image
  private final int images;
  private final long runLength; // of one block of an image, contiguous
  private final int lanes; // a multiple of the block
  private final long partLength; // of a run: a multiple of the lanes
  private final int parts; // of a run
  private final int together; // images whose short runs are summed in one go
  private final int groups; // of such images
  private final long count; // values of a channel
  private final Cost cost;
  private final float[] first; // each channel's first value, filled up to whole blocks
  private DoubleBuffer sums; // block, group, part, place in the block; null before the first run
  private DoubleBuffer squares; // likewise
  private ByteBuffer scratch; // of the loop in C++
  private final float[] means;
  private final float[] variances;
  private final Lanes[] workers; // each null before its first use

  private BatchStatistics(Dnnl dnnl, OneDnnLayout x, ImageOrder order) {
    this.dnnl = dnnl;
    Shape shape = x.shape();
    images = shape.dim(0);
    channels = shape.dim(1);
    block = order.block(channels);
    blocks = (channels + block - 1) / block;
    long pixels = (long) shape.dim(2) * shape.dim(3);
    count = images * pixels;
    runLength = pixels * block;
    lanes = block * Integer.highestOneBit(Math.max(1, LANES / block));
    partLength = (long) lanes * Math.max(1, PART / lanes);
    parts = Math.toIntExact((runLength + partLength - 1) / partLength);
    together = (int) Math.min(images, Math.max(1, partLength / runLength));
    groups = (images + together - 1) / together;
    cost = Cost.loop("batch statistics", x.bytes());
    first = new float[blocks * block];
    means = new float[channels];
    variances = new float[channels];
    workers = new Lanes[dnnl.workers().count()];
  }

  /** Returns what measures images, or null where oneDNN does it as well or faster. */
  static BatchStatistics of(Dnnl dnnl, OneDnnLayout x) {
    long values = x.shape().elementCount();
    boolean isLossy = values / x.shape().dim(1) >= LONG && values >= LARGE;
    ImageOrder order = isLossy && x.dtype() == DType.F32 ? ImageOrder.of(x) : null;
    return order == null ? null : new BatchStatistics(dnnl, x, order);
  }

  /** Writes the mean and the biased variance (C) of images. */
  void measure(OneDnnTensor x, OneDnnTensor mean, OneDnnTensor variance) {
    measure(x, mean, variance, CpuLibrary.isLoaded());
  }

  /** The same, by the loop in C++ or in Java. */
  void measure(OneDnnTensor x, OneDnnTensor mean, OneDnnTensor variance, boolean inCpp) {
    dnnl.checkThread();
    long begun = dnnl.begin();
    if (sums == null) {
      int length = Math.multiplyExact(Math.multiplyExact(blocks * groups, parts), block);
      sums = direct(Math.multiplyExact(length, Double.BYTES)).asDoubleBuffer();
      squares = direct(length * Double.BYTES).asDoubleBuffer();
    }
    FloatPointer start = x.floats();
    for (int at = 0; at < blocks; at++) {
      start.position(at * runLength).get(first, at * block, block);
    }
    if (inCpp) {
      sum(x);
    } else {
      dnnl.workers()
          .run((long) blocks * groups * parts, 1, (worker, from, to) -> sum(worker, x, from, to));
    }
    for (int c = 0; c < channels; c++) {
      finish(c);
    }
    mean.write(means);
    variance.write(variances);
    dnnl.end(inCpp ? cost.inCpp() : cost, begun);
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private void sum(OneDnnTensor x) {
    if (scratch == null) {
      scratch = direct(3 * lanes * Float.BYTES * workers.length);
    }
    CpuLibrary.sums(
        x.address(),
        new Pointer(sums).address(),
        new Pointer(squares).address(),
        new Pointer(scratch).address(),
        block,
        blocks,
        images,
        runLength,
        lanes,
        partLength,
        parts,
        together,
        groups);
  }

  private void sum(int worker, OneDnnTensor x, long from, long to) {
    if (workers[worker] == null) {
      workers[worker] = new Lanes(lanes);
    }
    Lanes mine = workers[worker];
    FloatPointer values = x.floats();
    for (int task = (int) from; task < to; task++) {
      int at = task / parts / groups;
      mine.begin(first, at * block, block);
      int image = task / parts % groups * together;
      int endImage = Math.min(images, image + together);
      for (; image < endImage; image++) {
        long begin = task % parts * partLength;
        long end = Math.min(runLength, begin + partLength);
        long run = ((long) image * blocks + at) * runLength;
        for (; begin < end; begin += lanes) {
          mine.add(values.position(run + begin), (int) Math.min(lanes, end - begin));
        }
      }
      mine.end(sums, squares, task * block, block);
    }
  }

  private void finish(int c) {
    double sum = 0;
    double square = 0;
    for (int part = 0; part < groups * parts; part++) {
      int at = (c / block * groups * parts + part) * block + c % block;
      sum += sums.get(at);
      square += squares.get(at);
    }
    double offset = sum / count;
    means[c] = (float) (first[c] + offset);
    variances[c] = (float) Math.max(0, square / count - offset * offset);
  }

  /** Sums side by side, each of one channel. */
  private static final class Lanes {
    private final float[] x;
    private final float[] origin;
    private final float[] sum;
    private final float[] square;

    Lanes(int length) {
      x = new float[length];
      origin = new float[length];
      sum = new float[length];
      square = new float[length];
    }

    void begin(float[] first, int at, int block) {
      for (int i = 0; i < origin.length; i += block) {
        System.arraycopy(first, at, origin, i, block);
      }
      Arrays.fill(sum, 0);
      Arrays.fill(square, 0);
    }

    void add(FloatPointer values, int length) {
      values.get(x, 0, length);
      add(x, origin, sum, square, length);
    }

    private static void add(float[] x, float[] origin, float[] sum, float[] square, int length) {
      for (int i = 0; i < length; i++) {
        float value = x[i] - origin[i];
        sum[i] += value;
        square[i] += value * value;
      }
    }

    /** Adds halves as long as they are whole blocks, so that these loops are vectorized, too. */
    void end(DoubleBuffer sums, DoubleBuffer squares, int at, int block) {
      for (int half = sum.length / 2; half >= block; half /= 2) {
        halve(sum, half);
        halve(square, half);
      }
      for (int i = 0; i < block; i++) {
        sums.put(at + i, sum[i]);
        squares.put(at + i, square[i]);
      }
    }

    private void halve(float[] values, int half) {
      System.arraycopy(values, half, x, 0, half);
      add(values, x, half);
    }

    private static void add(float[] values, float[] others, int length) {
      for (int i = 0; i < length; i++) {
        values[i] += others[i];
      }
    }
  }
}
