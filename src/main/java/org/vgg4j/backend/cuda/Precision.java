package org.vgg4j.backend.cuda;

import org.vgg4j.backend.cuda.graph.DeviceDescription;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Types;

/** The precision that nets compute in. */
public enum Precision {
  /** Strict single precision: no tensor cores. */
  FP32,
  /**
   * Single precision, whose products use tensor cores: inputs rounded to 10 bits of mantissa, sums
   * in single precision.
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
   * @throws org.vgg4j.tensor.InvalidInputException when the name is unknown
   */
  public static Precision of(String name) {
    return Choice.of("precision", Precision.class, name);
  }

  /** Returns the name: fp32, tf32 or bf16. */
  public String text() {
    return Choice.name(this);
  }

  /**
   * Returns the published rate of products on a GPU, in operations a second.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the GPU cannot compute in this precision
   */
  double operationsPerSecond(DeviceDescription gpu) {
    gpu.require(types().activation());
    return switch (this) {
      case FP32 -> gpu.fp32();
      case TF32 -> gpu.tf32().orElse(gpu.fp32()); // an older GPU takes them as fp32
      case BF16 -> gpu.bf16().orElseThrow();
    };
  }

  /** Returns the types that a net's values have. */
  Types types() {
    return this == BF16 ? MIXED : Types.F32;
  }
}
