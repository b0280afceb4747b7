package org.vgg4j.tensor;

/** The precision that nets compute in on the GPU and the CPU engine. */
public enum Precision {
  /** Strict single precision. */
  FP32,
  /**
   * Single precision, whose products use a GPU's tensor cores: inputs rounded to 10 bits of
   * mantissa, sums in single precision.
   */
  TF32,
  /**
   * Activations, their gradients and the weights that products read are bf16; sums, statistics, the
   * loss, the weights' gradients, the trained weights and their moments stay in single precision.
   */
  BF16;

  private static final Types MIXED = new Types(DType.BF16, DType.BF16, DType.F32, DType.F32);

  /**
   * Returns the precision with a name.
   *
   * @throws InvalidInputException when the name is unknown
   */
  public static Precision of(String name) {
    return Choice.of("precision", Precision.class, name);
  }

  /** Returns the name: fp32, tf32 or bf16. */
  public String text() {
    return Choice.name(this);
  }

  /** Returns the types that a net's values have on an engine with copies of the weights. */
  public Types types() {
    return this == BF16 ? MIXED : Types.F32;
  }
}
