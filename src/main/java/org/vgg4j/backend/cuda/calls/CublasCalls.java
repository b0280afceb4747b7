package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;

/** cuBLAS, checked; each method is named after the function it calls. */
public final class CublasCalls extends ContextCalls {
  CublasCalls(CudaContext context) {
    super(context);
  }

  cublasContext cublasCreate() {
    cublasContext handle = new cublasContext();
    status.cublas("cublasCreate_v2", cublas.cublasCreate_v2(handle), "");
    return handle;
  }

  void cublasDestroy(cublasContext handle) {
    status.releaseCublas("cublasDestroy_v2", cublas.cublasDestroy_v2(handle));
  }

  /** Returns the version, such as 13.0.2. */
  public static String version(CudaStatus status) {
    return property(status, 0) + "." + property(status, 1) + "." + property(status, 2);
  }

  private static int property(CudaStatus status, int type) {
    int[] value = new int[1];
    status.cublas("cublasGetProperty", cublas.cublasGetProperty(type, value), "");
    return value[0];
  }

  public static long cublasLtGetVersion() {
    return cublas.cublasLtGetVersion();
  }

  void cublasSetStream(cublasContext handle, CUstream_st stream) {
    status.cublas("cublasSetStream_v2", cublas.cublasSetStream_v2(handle, stream), "");
  }

  public void cublasSetWorkspace(Pointer workspace, long bytes) {
    status.cublas(
        "cublasSetWorkspace_v2",
        cublas.cublasSetWorkspace_v2(context.cublasHandle(), workspace, bytes),
        "");
  }

  /**
   * C = op(A) op(B) over column-major matrices of floats without gaps, with C overwritten.
   *
   * @param opA CUBLAS_OP_N for A (rows, inner), CUBLAS_OP_T for A (inner, rows)
   * @param opB CUBLAS_OP_N for B (inner, columns), CUBLAS_OP_T for B (columns, inner)
   */
  public void cublasGemmEx(
      String what,
      int opA,
      int opB,
      int rows,
      int columns,
      int inner,
      Pointer a,
      Pointer b,
      Pointer c,
      int computeType) {
    status.cublas(
        "cublasGemmEx",
        cublas.cublasGemmEx(
            context.cublasHandle(),
            opA,
            opB,
            rows,
            columns,
            inner,
            scalars.one(),
            a,
            cudart.CUDA_R_32F,
            opA == cublas.CUBLAS_OP_N ? rows : inner,
            b,
            cudart.CUDA_R_32F,
            opB == cublas.CUBLAS_OP_N ? inner : columns,
            scalars.zero(),
            c,
            cudart.CUDA_R_32F,
            rows,
            computeType,
            cublas.CUBLAS_GEMM_DEFAULT),
        what);
  }
}
