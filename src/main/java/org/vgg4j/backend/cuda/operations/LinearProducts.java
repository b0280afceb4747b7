package org.vgg4j.backend.cuda.operations;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.MatmulProblem;
import org.vgg4j.backend.cuda.calls.MatmulProblem.Epilogue;
import org.vgg4j.backend.cuda.calls.MatrixProduct;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Usage;

/**
 * The three products of a fully connected layer by cublasLt, with the bias and its gradient in
 * their epilogues where it offers that, by custom kernels else. cublasLt sees row-major matrices
 * transposed, so y = x w^T + b becomes y^T = w x^T with b beside each column.
 *
 * <p>A bias is a parameter and stays in single precision. Beside an output of BF16 cublasLt only
 * takes one of BF16, which would lose most of an update's digits, so a kernel adds it then: y is
 * small and still in the cache.
 */
final class LinearProducts {
  private final MatrixProduct forward;
  private final KernelLaunch bias; // null when the forward product adds it
  private final MatrixProduct data; // null when not planned
  private final MatrixProduct weights; // null when not planned
  private final BiasGradient sums; // null when not planned or the product over the weights has them

  /**
   * Plans the products; {@code owned} closes them.
   *
   * @param x the layout of the input; its type is that of w and y, and its order that of w
   */
  LinearProducts(
      Closing owned, CudaDevice device, LinearSpec spec, CudaLayout x, CudaLayout y, Usage usage) {
    DType type = x.dtype();
    int n = x.shape().dim(0);
    long in = (long) x.inner() * x.stored();
    int out = spec.outFeatures();
    boolean tf32 = !device.policy().strict();
    String what = "linear layer of x " + x.shape() + ", w " + spec.w();
    MatmulProblem plain =
        new MatmulProblem(
            what + ", forward", true, false, out, n, in, type, type, tf32, Epilogue.NONE);
    Epilogue added = spec.relu() ? Epilogue.BIAS_RELU : Epilogue.BIAS;
    MatrixProduct fused = type == DType.F32 ? device.productOrNull(owned, plain.with(added)) : null;
    forward = fused != null ? fused : device.product(owned, plain);
    bias =
        fused != null ? null : owned.own(PointwiseKernels.bias(device.kernels(), y, spec.relu()));
    data =
        usage.training() && usage.inputGradient()
            ? device.product(
                owned,
                new MatmulProblem(
                    what + ", data", false, false, in, n, out, type, type, tf32, Epilogue.NONE))
            : null;
    if (usage.weightGradients()) {
      MatmulProblem alone =
          new MatmulProblem(
              what + ", weights", false, true, in, out, n, type, DType.F32, tf32, Epilogue.NONE);
      MatrixProduct both = device.productOrNull(owned, alone.with(Epilogue.SUMS_OF_B));
      weights = both != null ? both : device.product(owned, alone);
      sums = both != null ? null : new BiasGradient(owned, device, y, false);
    } else {
      weights = null;
      sums = null;
    }
  }

  /** Returns how much workspace {@link #forward} and {@link #backwardData} need, in bytes. */
  long workspaceBytes() {
    return Math.max(forward.workspaceBytes(), data == null ? 0 : data.workspaceBytes());
  }

  /** Returns how much workspace {@link #backwardWeights} needs, in bytes. */
  long weightsWorkspaceBytes() {
    return Math.max(
        weights == null ? 0 : weights.workspaceBytes(), sums == null ? 0 : sums.partialBytes());
  }

  /**
   * Adds the work of all that is planned.
   *
   * @param b the layout of the bias, null without
   */
  void work(PlanWork work, CudaLayout x, CudaLayout w, CudaLayout dw, CudaLayout y, CudaLayout b) {
    long count = w.storedElements() * y.rowCount();
    long vector = b == null ? 0 : b.bytes();
    long added = bias == null ? vector : 0;
    work.matmul("linear", x.bytes() + w.bytes() + added, y.bytes(), count);
    if (bias != null) {
      work.kernel("bias", y.bytes() + vector, y.bytes());
    }
    work.backward();
    if (weights != null) {
      long sumsWithProduct = sums == null ? vector : 0;
      work.matmul("linear weights", x.bytes() + y.bytes(), dw.bytes() + sumsWithProduct, count);
    }
    if (sums != null) {
      sums.work(work, List.of(y), null);
    }
    if (data != null) {
      work.matmul("linear data", w.bytes() + y.bytes(), x.bytes(), count);
    }
  }

  /** y = x w^T + b, and max(., 0) of it if the layer has a ReLU. */
  void forward(Pointer x, Pointer w, Pointer b, Pointer y, Pointer workspace) {
    if (bias == null) {
      forward.run(w, x, y, b, workspace);
    } else {
      forward.run(w, x, y, workspace);
      bias.set(0, y).set(1, b).launch();
    }
  }

  /** dx = dy w. */
  void backwardData(Pointer w, Pointer dy, Pointer dx, Pointer workspace) {
    data.run(w, dy, dx, workspace);
  }

  /** dw = dy^T x, and db = dy summed over its rows. */
  void backwardWeights(Pointer x, Pointer dy, Pointer dw, Pointer db, Pointer workspace) {
    if (sums == null) {
      weights.run(x, dy, dw, db, workspace);
    } else {
      weights.run(x, dy, dw, workspace);
      sums.run(
          dy, null, null, workspace, db); // behind the product, which no longer needs the workspace
    }
  }
}
