package org.vgg4j.backend.cuda.operations;

import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;

import org.bytedeco.cuda.global.cublas;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Fully connected layer by cuBLAS. cuBLAS is column-major, so it sees a row-major (rows, columns)
 * matrix as (columns, rows); each product is therefore written transposed, y^T = w x^T.
 *
 * <p>Shapes: x (N, ...) of I values per sample, w (O, I), b (O), y (N, O).
 */
public final class CublasLinear extends CudaWeighted {
  private static final int BIAS_SUM_ARGUMENTS = 4;

  private final int n;
  private final int in;
  private final int out;
  private final int computeType;
  private final String what;
  private final KernelLaunch bias;
  private final KernelLaunch biasSum; // null when planned for inference

  public CublasLinear(
      Closing owned, CudaDevice device, LinearSpec spec, CudaLayout x, Layout givenW, Usage usage) {
    super(owned, device, "linear layer", spec, x, givenW, usage);
    n = x.shape().dim(0);
    in = spec.inFeatures();
    out = spec.outFeatures();
    what = "linear layer of x " + x.shape() + ", w " + spec.w();
    computeType =
        device.policy().strict() ? cublas.CUBLAS_COMPUTE_32F : cublas.CUBLAS_COMPUTE_32F_FAST_TF32;
    bias = owned.own(PointwiseKernels.bias(device.kernels(), y.shape(), spec.relu()));
    biasSum =
        usage.training()
            ? owned
                .own(device.kernels().strided("vgg4j_column_sum", out, 1, BIAS_SUM_ARGUMENTS))
                .set(2, n)
                .set(3, out)
            : null;
  }

  @Override
  public void forward(Tensor source, Tensor weights, Tensor shift, Tensor target) {
    Pointer result = operand(target, y, "y");
    Pointer a = operand(weights, w, "w");
    multiply(CUBLAS_OP_T, CUBLAS_OP_N, out, n, in, a, operand(source, x, "x"), result);
    bias.set(0, result).set(1, operand(shift, b, "b")).launch();
  }

  @Override
  public void backwardData(Tensor weights, Tensor dy, Tensor dx) {
    requireInputGradient();
    Pointer a = operand(weights, w, "w");
    Pointer slope = operand(dy, y, "dy");
    multiply(CUBLAS_OP_N, CUBLAS_OP_N, in, n, out, a, slope, operand(dx, x, "dx"));
  }

  @Override
  public void backwardWeights(Tensor source, Tensor dy, Tensor dw, Tensor db) {
    requireTraining();
    Pointer slope = operand(dy, y, "dy");
    Pointer a = operand(source, x, "x");
    multiply(CUBLAS_OP_N, CUBLAS_OP_T, in, out, n, a, slope, operand(dw, w, "dw"));
    biasSum.set(0, slope).set(1, operand(db, b, "db")).launch();
  }

  private void multiply(
      int opA, int opB, int rows, int columns, int inner, Pointer left, Pointer right, Pointer c) {
    context
        .cublas()
        .cublasGemmEx(what, opA, opB, rows, columns, inner, left, right, c, computeType);
  }
}
