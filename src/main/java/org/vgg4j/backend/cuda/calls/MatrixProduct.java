package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/**
 * A matrix product of cublasLt, described once, with the algorithm that its heuristic puts first:
 * the same for the same problem, GPU and version. Running it allocates nothing.
 */
public final class MatrixProduct implements AutoCloseable {
  /** What cuBLAS itself uses on the largest GPUs. */
  private static final long MOST_WORKSPACE_BYTES = 32L << 20;

  /** The parts of a sum are added in single precision, whatever the output's type. */
  private static final int REDUCTIONS = cublas.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;

  private final Closing owned;
  private final CublasLtCalls calls;
  private final MatmulDescriptors descriptors;
  private final long workspaceBytes;
  private final cublasLtMatmulAlgo_t algorithm; // null where cublasLt offers none

  /** Returns a product that {@code owner} closes, or null where cublasLt does not offer it. */
  public static MatrixProduct offered(Closing owner, CudaContext context, MatmulProblem problem) {
    MatrixProduct product =
        Closing.building(owned -> new MatrixProduct(owned, context.cublasLt(), problem));
    if (product.algorithm == null) {
      product.close();
      return null;
    }
    return owner.own(product);
  }

  /**
   * Returns a product that {@code owner} closes.
   *
   * @throws CudaException where cublasLt does not offer it
   */
  public static MatrixProduct of(Closing owner, CudaContext context, MatmulProblem problem) {
    MatrixProduct product = offered(owner, context, problem);
    if (product == null) {
      throw new CudaException(
          "cublasLtMatmulAlgoGetHeuristic",
          cublas.CUBLAS_STATUS_NOT_SUPPORTED,
          "cublasLt has no algorithm for " + problem + " on this GPU; try another precision");
    }
    return product;
  }

  /**
   * Returns a product on a GPU that is only described, which cannot run. cublasLt has to see the
   * GPU to say how much workspace it needs, so this is the most that it may have.
   */
  public static MatrixProduct described() {
    return new MatrixProduct();
  }

  private MatrixProduct() {
    owned = new Closing();
    calls = null;
    descriptors = null;
    workspaceBytes = MOST_WORKSPACE_BYTES;
    algorithm = null;
  }

  private MatrixProduct(Closing owned, CublasLtCalls calls, MatmulProblem problem) {
    this.owned = owned;
    this.calls = calls;
    descriptors = new MatmulDescriptors(owned, calls, problem);
    cublasLtMatmulHeuristicResult_t first = owned.own(new cublasLtMatmulHeuristicResult_t());
    algorithm = search(first) ? first.algo() : null;
    workspaceBytes = algorithm == null ? 0 : first.workspaceSize();
  }

  private boolean search(cublasLtMatmulHeuristicResult_t first) {
    try (Closing searching = new Closing()) {
      String what = descriptors.what();
      cublasLtMatmulPreferenceOpaque_t preference =
          calls.cublasLtMatmulPreferenceCreate(searching, what);
      calls.cublasLtMatmulPreferenceSetWorkspace(preference, what, MOST_WORKSPACE_BYTES);
      calls.cublasLtMatmulPreferenceSetReductions(preference, what, REDUCTIONS);
      return calls.cublasLtMatmulAlgoGetHeuristic(descriptors, preference, first);
    }
  }

  /** Returns how much workspace a run needs. */
  public long workspaceBytes() {
    return workspaceBytes;
  }

  /** D = op(A) op(B), of a problem without an epilogue. */
  public void run(Pointer a, Pointer b, Pointer d, Pointer workspace) {
    calls.cublasLtMatmul(descriptors, a, b, d, algorithm, workspace, workspaceBytes);
  }

  /**
   * As {@link #run(Pointer, Pointer, Pointer, Pointer)}, of a problem with an epilogue.
   *
   * @param vector what the epilogue adds or writes, of D's type
   */
  public void run(Pointer a, Pointer b, Pointer d, Pointer vector, Pointer workspace) {
    descriptors.vector(vector);
    run(a, b, d, workspace);
  }

  @Override
  public void close() {
    owned.close();
  }
}
