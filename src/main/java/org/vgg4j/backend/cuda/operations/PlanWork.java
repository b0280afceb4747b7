package org.vgg4j.backend.cuda.operations;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.backend.cuda.graph.ConvProblem;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Work;

/**
 * The model of the bytes that this engine moves: one method a kernel or product, with what it reads
 * and writes in device memory, each tensor once. A plan's {@code work()} calls them in the order in
 * which it launches.
 */
final class PlanWork {
  private final List<Work> all = new ArrayList<>();
  private Work.Phase phase = Work.Phase.FORWARD;

  /** Says that what follows belongs to the backward. */
  PlanWork backward() {
    phase = Work.Phase.BACKWARD;
    return this;
  }

  List<Work> list() {
    return List.copyOf(all);
  }

  /** A kernel without products. */
  PlanWork kernel(String name, long read, long written) {
    all.add(new Work(phase, name, read, written, 0));
    return this;
  }

  /** A kernel without products, of tensors; null ones are left out. */
  PlanWork kernel(String name, List<CudaLayout> read, CudaLayout written) {
    return kernel(name, read.stream().mapToLong(PlanWork::bytes).sum(), bytes(written));
  }

  private static long bytes(CudaLayout layout) {
    return layout.asValues().bytes();
  }

  /** A plan of cuDNN. */
  PlanWork convolution(ConvProblem problem) {
    all.add(
        new Work(
            phase,
            problem.operation().text(),
            problem.bytesRead(),
            problem.bytesWritten(),
            problem.multiplyAdds()));
    return this;
  }

  /** A product of cublasLt. */
  PlanWork matmul(String name, long read, long written, long multiplyAdds) {
    all.add(new Work(phase, name, read, written, multiplyAdds));
    return this;
  }

  /** The first of the two passes of a norm's statistics. */
  PlanWork statistics(CudaLayout x, long partialBytes) {
    return kernel("norm statistics", bytes(x), partialBytes);
  }

  /**
   * The second, which also moves the running statistics.
   *
   * @param partialBytes the bytes of the sums that it reads
   */
  PlanWork statisticsFinish(int channels, long partialBytes) {
    // gamma, beta, running mean and variance; the latter again, mean, invStd, scale, shift
    return kernel("norm finish", partialBytes + floats(4, channels), floats(6, channels));
  }

  /**
   * The same over several ranks: what each knows goes to all, and the second pass is made of that.
   *
   * @param partialBytes as above
   * @param momentBytes of what all ranks know
   */
  PlanWork rankMoments(int channels, long partialBytes, long momentBytes) {
    return kernel("norm moments of a rank", partialBytes, momentBytes)
        .kernel("norm finish of ranks", momentBytes + floats(4, channels), floats(6, channels));
  }

  /** Scale and shift from the running statistics. */
  PlanWork frozen(int channels) {
    return kernel("norm frozen", floats(4, channels), floats(4, channels));
  }

  /** y = scale x + shift, and a ReLU. */
  PlanWork apply(String name, CudaLayout x) {
    return kernel(name, bytes(x) + floats(2, x.stored()), bytes(x));
  }

  /** The first of the two passes of a norm's backward: dy, x and four vectors. */
  PlanWork backwardSums(String name, CudaLayout x, long partialBytes) {
    return kernel(name, 2 * bytes(x) + floats(4, x.stored()), partialBytes);
  }

  /** The same pass, which also writes max(0, scale x + shift), and the sums over its parts. */
  PlanWork applyAndSum(CudaLayout x, long partialBytes) {
    return kernel(
            "norm again and backward sums",
            2 * bytes(x) + floats(4, x.stored()),
            bytes(x) + partialBytes)
        .kernel("norm backward totals", partialBytes, totals(x.stored()));
  }

  /** Returns the bytes of both sums of a norm's backward, over all parts. */
  static long totals(int channels) {
    return 2L * channels * Double.BYTES;
  }

  /**
   * A 2x2 max-pool.
   *
   * @param vectors how many floats a channel are read: scale and shift, or none
   * @param winners the layout of the winners; null when none are kept
   */
  PlanWork pool(CudaLayout x, CudaLayout y, int vectors, CudaLayout winners) {
    return kernel(
        "pool",
        windows(x, y) + floats(vectors, x.stored()),
        bytes(y) + (winners == null ? 0 : bytes(winners)));
  }

  /** The bytes of x in complete windows of 2x2. */
  static long windows(CudaLayout x, CudaLayout y) {
    return y.storedElements() * 4 * x.dtype().bytes();
  }

  /** Adds up partial sums of {@code sums} floats a channel into as many vectors. */
  PlanWork sumParts(int channels, long partialBytes) {
    return kernel("sum parts", partialBytes, floats(1, channels));
  }

  /** Scale and shift of a norm's backward, and the gradients of its parameters. */
  PlanWork backwardFinish(int channels, long sumsBytes, boolean bias) {
    return kernel(
        "norm backward finish", sumsBytes + floats(2, channels), floats(bias ? 5 : 4, channels));
  }

  /**
   * The same over several ranks: the rank's own gradients, then scale and shift from all ranks'
   * sums.
   *
   * @param countBytes of the numbers of all ranks' rows
   */
  PlanWork rankGradients(int channels, long sumsBytes, long countBytes, boolean bias) {
    return kernel(
            "norm gradients of a rank",
            sumsBytes,
            totals(channels) + floats(bias ? 3 : 2, channels))
        .kernel(
            "norm means of ranks",
            totals(channels) + countBytes + floats(1, channels),
            floats(2, channels));
  }

  /** Rounds or widens elements. */
  PlanWork convert(String name, long elements, DType from, DType to) {
    return kernel(name, elements * from.bytes(), elements * to.bytes());
  }

  /** Returns the bytes of vectors of floats. */
  static long floats(int vectors, int channels) {
    return (long) vectors * channels * Float.BYTES;
  }
}
