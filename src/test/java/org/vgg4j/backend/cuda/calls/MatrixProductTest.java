package org.vgg4j.backend.cuda.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.cuda.global.cublas;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.cuda.OnStandIn;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.calls.MatmulProblem.Epilogue;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** What counts as not offered. */
@OnStandIn
final class MatrixProductTest {
  private static final String HEURISTIC = "cublasLtMatmulAlgoGetHeuristic";

  private static final MatmulProblem PLAIN =
      new MatmulProblem(
          "a product", true, false, 8, 4, 16, DType.F32, DType.F32, false, Epilogue.NONE);

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  private static MatrixProduct offered(MatmulProblem problem, int status) {
    StandIn.reset();
    try (Closing owner = new Closing()) {
      CudaContext context = owner.own(CudaContext.open(0));
      StandIn.faults(HEURISTIC + "@1=" + status);
      return MatrixProduct.offered(owner, context, problem);
    } finally {
      StandIn.reset();
    }
  }

  @Test
  void onlyAnEpilogueMayBeUnknown() {
    MatmulProblem bias = PLAIN.with(Epilogue.BIAS);
    assertNull(offered(PLAIN, cublas.CUBLAS_STATUS_NOT_SUPPORTED));
    assertNull(offered(bias, cublas.CUBLAS_STATUS_NOT_SUPPORTED));
    assertNull(offered(bias, cublas.CUBLAS_STATUS_INVALID_VALUE));
    CudaException failure =
        assertThrows(CudaException.class, () -> offered(PLAIN, cublas.CUBLAS_STATUS_INVALID_VALUE));
    assertEquals(HEURISTIC, failure.call());
    assertEquals(cublas.CUBLAS_STATUS_INVALID_VALUE, failure.status());
  }
}
