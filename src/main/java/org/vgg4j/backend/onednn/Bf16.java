package org.vgg4j.backend.onednn;

import java.util.Set;
import org.bytedeco.dnnl.global.dnnl;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Types;

/** Nets in bf16, and whether this processor has instructions for them. */
final class Bf16 {
  /**
   * Plans read the trained values themselves: the copy in the order that an operation prefers,
   * which it makes in any case, rounds them.
   */
  private static final Types MIXED = new Types(DType.BF16, DType.F32, DType.F32, DType.F32);

  /** oneDNN's instruction sets of 512 bits without products in bf16. */
  private static final Set<dnnl.cpu_isa> WITHOUT =
      Set.of(dnnl.cpu_isa.avx512_core, dnnl.cpu_isa.avx512_core_vnni);

  private Bf16() {}

  /**
   * Returns the types of a net's values.
   *
   * @throws InvalidInputException when the processor lacks what the options ask for
   */
  static Types types(OneDnnOptions options) {
    if (options.precision() != Precision.BF16) {
      return Types.F32;
    }
    if (!Dnnl.hasAvx512()) {
      throw InvalidInputException.of(
          "precision",
          "bf16 needs AVX-512, and this processor has only %s: use fp32"
              .formatted(Dnnl.instructionSet()));
    }
    if (!isNative() && !options.emulates()) {
      throw InvalidInputException.of(
          "precision",
          ("bf16 needs AVX512_BF16 or AMX, and this processor has only %s: use fp32, which is"
                  + " faster here, or --emulate-bf16 to compute the same numbers slowly")
              .formatted(Dnnl.instructionSet()));
    }
    return MIXED;
  }

  /** Returns whether oneDNN uses instructions for products in bf16 here. */
  static boolean isNative() {
    return Dnnl.hasAvx512() && !WITHOUT.contains(dnnl.get_effective_cpu_isa().intern());
  }
}
