package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.global.cublas;
import org.vgg4j.tensor.DType;

/**
 * A matrix product D (rows, columns) = op(A) (rows, inner) op(B) (inner, columns) as cublasLt
 * counts: column-major, without gaps. A row-major matrix (n, m) is a column-major one (m, n).
 *
 * @param what the operation and its shapes, for messages
 * @param transposeA whether A is stored as (inner, rows)
 * @param transposeB whether B is stored as (columns, inner)
 * @param input the type of A and B, F32 or BF16
 * @param output the type of D, F32 or that of the inputs
 * @param tf32 whether inputs of F32 may be rounded to TF32
 * @param epilogue what happens to D before it is stored, or beside it
 */
public record MatmulProblem(
    String what,
    boolean transposeA,
    boolean transposeB,
    long rows,
    long columns,
    long inner,
    DType input,
    DType output,
    boolean tf32,
    Epilogue epilogue) {

  /** What cublasLt does along with a product. */
  public enum Epilogue {
    /** Nothing. */
    NONE(cublas.CUBLASLT_EPILOGUE_DEFAULT),
    /** Adds a vector (rows) to each column. */
    BIAS(cublas.CUBLASLT_EPILOGUE_BIAS),
    /** Adds a vector (rows) to each column, then takes max(., 0). */
    BIAS_RELU(cublas.CUBLASLT_EPILOGUE_RELU_BIAS),
    /** Writes the sums of op(B) over the inner dimension to a vector (columns). */
    SUMS_OF_B(cublas.CUBLASLT_EPILOGUE_BGRADB);

    final int number;

    Epilogue(int number) {
      this.number = number;
    }
  }

  /** Returns this product with another epilogue. */
  public MatmulProblem with(Epilogue other) {
    return new MatmulProblem(
        what, transposeA, transposeB, rows, columns, inner, input, output, tf32, other);
  }

  @Override
  public String toString() {
    String rounding = tf32 && input == DType.F32 ? "tf32" : input.toString();
    return "%s (%s to %s, epilogue %s)".formatted(what, rounding, output, epilogue);
  }
}
