package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** cublasLt's description of one product. */
final class MatmulDescriptors {
  /** The heuristic derives the vector's alignment from its address, and reads nothing there. */
  private static final long ALIGNED_ADDRESS = 256;

  private final CublasLtCalls calls;
  private final String what;
  private final cublasLtMatmulDescOpaque_t operation;
  private final cublasLtMatrixLayoutOpaque_t a;
  private final cublasLtMatrixLayoutOpaque_t b;
  private final cublasLtMatrixLayoutOpaque_t d;
  private final LongPointer vector; // holds the address while it is set; null without a vector
  private long address; // of the vector, as cublasLt knows it

  /** Describes a product; {@code owner} closes the descriptors. */
  MatmulDescriptors(Closing owner, CublasLtCalls calls, MatmulProblem problem) {
    this.calls = calls;
    what = problem.toString();
    boolean tf32 = problem.tf32() && problem.input() == DType.F32;
    operation =
        calls.cublasLtMatmulDescCreate(
            owner, what, tf32 ? cublas.CUBLAS_COMPUTE_32F_FAST_TF32 : cublas.CUBLAS_COMPUTE_32F);
    put(cublas.CUBLASLT_MATMUL_DESC_TRANSA, transposed(problem.transposeA()));
    put(cublas.CUBLASLT_MATMUL_DESC_TRANSB, transposed(problem.transposeB()));
    put(cublas.CUBLASLT_MATMUL_DESC_EPILOGUE, problem.epilogue().number);
    a = matrix(owner, problem.input(), problem.transposeA(), problem.rows(), problem.inner());
    b = matrix(owner, problem.input(), problem.transposeB(), problem.inner(), problem.columns());
    d = matrix(owner, problem.output(), false, problem.rows(), problem.columns());
    if (problem.epilogue() == MatmulProblem.Epilogue.NONE) {
      vector = null;
    } else {
      put(cublas.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, type(problem.output()));
      vector = owner.own(new LongPointer(1));
      putVector(ALIGNED_ADDRESS);
    }
  }

  private static int transposed(boolean yes) {
    return yes ? cublas.CUBLAS_OP_T : cublas.CUBLAS_OP_N;
  }

  private static int type(DType type) {
    return type == DType.F32 ? cudart.CUDA_R_32F : cudart.CUDA_R_16BF;
  }

  private cublasLtMatrixLayoutOpaque_t matrix(
      Closing owner, DType type, boolean transposed, long rows, long columns) {
    return calls.cublasLtMatrixLayoutCreate(
        owner, what, type(type), transposed ? columns : rows, transposed ? rows : columns);
  }

  private void put(int attribute, int value) {
    calls.cublasLtMatmulDescSetAttribute(operation, what, attribute, value);
  }

  private void putVector(long place) {
    calls.cublasLtMatmulDescSetAttribute(
        operation, what, cublas.CUBLASLT_MATMUL_DESC_BIAS_POINTER, vector.put(place), Long.BYTES);
    address = place;
  }

  /** Sets the address of the epilogue's vector; the usual one costs nothing. */
  void vector(Pointer place) {
    if (address != place.address()) {
      putVector(place.address());
    }
  }

  /** Returns whether the product has an epilogue. */
  boolean hasVector() {
    return vector != null;
  }

  String what() {
    return what;
  }

  cublasLtMatmulDescOpaque_t operation() {
    return operation;
  }

  cublasLtMatrixLayoutOpaque_t a() {
    return a;
  }

  cublasLtMatrixLayoutOpaque_t b() {
    return b;
  }

  cublasLtMatrixLayoutOpaque_t d() {
    return d;
  }
}
