package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.tensor.Closing;

/**
 * cublasLt, checked; each method is named after the function it calls, and {@code what} names the
 * product and its shapes for a failure's message.
 */
public final class CublasLtCalls extends ContextCalls {
  CublasLtCalls(CudaContext context) {
    super(context);
  }

  /** Returns cuBLAS's version, such as 13.0.2. */
  public static String cublasVersion(CudaStatus status) {
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

  cublasLtContext cublasLtCreate() {
    cublasLtContext handle = new cublasLtContext();
    status.cublas("cublasLtCreate", cublas.cublasLtCreate(handle), "");
    return handle;
  }

  void cublasLtDestroy(cublasLtContext handle) {
    status.releaseCublas("cublasLtDestroy", cublas.cublasLtDestroy(handle));
  }

  /** Of sums in single precision; {@code owner} destroys it. */
  cublasLtMatmulDescOpaque_t cublasLtMatmulDescCreate(Closing owner, String what, int computeType) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
      status.cublas(
          "cublasLtMatmulDescCreate",
          cublas.cublasLtMatmulDescCreate(made, computeType, cudart.CUDA_R_32F),
          what);
      var descriptor = new cublasLtMatmulDescOpaque_t(made.get());
      owner.own(
          () ->
              status.releaseCublas(
                  "cublasLtMatmulDescDestroy", cublas.cublasLtMatmulDescDestroy(descriptor)));
      return descriptor;
    }
  }

  void cublasLtMatmulDescSetAttribute(
      cublasLtMatmulDescOpaque_t descriptor, String what, int attribute, int value) {
    try (IntPointer number = new IntPointer(new int[] {value})) {
      cublasLtMatmulDescSetAttribute(descriptor, what, attribute, number, Integer.BYTES);
    }
  }

  /** Sets an attribute to the {@code bytes} bytes at {@code value}, which are copied. */
  void cublasLtMatmulDescSetAttribute(
      cublasLtMatmulDescOpaque_t descriptor,
      String what,
      int attribute,
      Pointer value,
      long bytes) {
    status.cublas(
        "cublasLtMatmulDescSetAttribute",
        cublas.cublasLtMatmulDescSetAttribute(descriptor, attribute, value, bytes),
        what);
  }

  /** Of a column-major matrix without gaps; {@code owner} destroys it. */
  cublasLtMatrixLayoutOpaque_t cublasLtMatrixLayoutCreate(
      Closing owner, String what, int type, long rows, long columns) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
      status.cublas(
          "cublasLtMatrixLayoutCreate",
          cublas.cublasLtMatrixLayoutCreate(made, type, rows, columns, rows),
          what);
      var layout = new cublasLtMatrixLayoutOpaque_t(made.get());
      owner.own(
          () ->
              status.releaseCublas(
                  "cublasLtMatrixLayoutDestroy", cublas.cublasLtMatrixLayoutDestroy(layout)));
      return layout;
    }
  }

  /** {@code owner} destroys it. */
  cublasLtMatmulPreferenceOpaque_t cublasLtMatmulPreferenceCreate(Closing owner, String what) {
    try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
      status.cublas(
          "cublasLtMatmulPreferenceCreate", cublas.cublasLtMatmulPreferenceCreate(made), what);
      var preference = new cublasLtMatmulPreferenceOpaque_t(made.get());
      owner.own(
          () ->
              status.releaseCublas(
                  "cublasLtMatmulPreferenceDestroy",
                  cublas.cublasLtMatmulPreferenceDestroy(preference)));
      return preference;
    }
  }

  void cublasLtMatmulPreferenceSetWorkspace(
      cublasLtMatmulPreferenceOpaque_t preference, String what, long bytes) {
    try (LongPointer most = new LongPointer(new long[] {bytes})) {
      set(preference, what, cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most, Long.BYTES);
    }
  }

  void cublasLtMatmulPreferenceSetReductions(
      cublasLtMatmulPreferenceOpaque_t preference, String what, int mask) {
    try (IntPointer schemes = new IntPointer(new int[] {mask})) {
      set(
          preference,
          what,
          cublas.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
          schemes,
          Integer.BYTES);
    }
  }

  private void set(
      cublasLtMatmulPreferenceOpaque_t preference,
      String what,
      int attribute,
      Pointer value,
      long bytes) {
    status.cublas(
        "cublasLtMatmulPreferenceSetAttribute",
        cublas.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes),
        what);
  }

  /**
   * Writes the fastest algorithm, by cublasLt's estimate, and returns whether there is one. The
   * tensors are aligned to 256 bytes, which is what the heuristic presumes.
   */
  boolean cublasLtMatmulAlgoGetHeuristic(
      MatmulDescriptors product,
      cublasLtMatmulPreferenceOpaque_t preference,
      cublasLtMatmulHeuristicResult_t first) {
    int[] count = new int[1];
    int answer =
        cublas.cublasLtMatmulAlgoGetHeuristic(
            context.cublasLtHandle(),
            product.operation(),
            product.a(),
            product.b(),
            product.d(),
            product.d(),
            preference,
            1,
            first,
            count);
    boolean isUnknown = answer == cublas.CUBLAS_STATUS_INVALID_VALUE && product.hasVector();
    if (answer == cublas.CUBLAS_STATUS_NOT_SUPPORTED || isUnknown) {
      return false; // unknown to an H200: an epilogue whose types do not go together
    }
    status.cublas("cublasLtMatmulAlgoGetHeuristic", answer, product.what());
    return count[0] > 0 && first.state() == cublas.CUBLAS_STATUS_SUCCESS;
  }

  /** D = op(A) op(B) with the epilogue; D is overwritten. */
  void cublasLtMatmul(
      MatmulDescriptors product,
      Pointer a,
      Pointer b,
      Pointer d,
      cublasLtMatmulAlgo_t algorithm,
      Pointer workspace,
      long workspaceBytes) {
    LaunchTimes times = context.times();
    if (times != null) {
      times.begin();
    }
    status.cublas(
        "cublasLtMatmul",
        cublas.cublasLtMatmul(
            context.cublasLtHandle(),
            product.operation(),
            scalars.one(),
            a,
            product.a(),
            b,
            product.b(),
            scalars.zero(),
            d,
            product.d(),
            d,
            product.d(),
            algorithm,
            workspace,
            workspaceBytes,
            context.stream()),
        product.what());
    if (times != null) {
      times.end("cublasLt");
    }
  }
}
