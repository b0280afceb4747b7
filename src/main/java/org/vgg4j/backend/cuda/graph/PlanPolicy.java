package org.vgg4j.backend.cuda.graph;

import java.util.Map;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.tensor.DType;

/**
 * Which plans convolutions may use. None may convert its inputs to a narrower type than they have
 * (TF32 is no type), and none in fp32 may add in less than fp32.
 *
 * @param strict whether convolutions in fp32 avoid tensor cores (TF32), Winograd and FFT
 * @param deterministic whether the first plan of cuDNN's list is taken that gives the same bits
 *     every time, instead of timing the best few
 * @param workspaceLimit the most workspace that a plan may use, in bytes
 * @param choices what {@link ConvPlans#chosen} returned earlier; they take precedence over the
 *     cache and over timing
 */
public record PlanPolicy(
    boolean strict, boolean deterministic, long workspaceLimit, Map<String, String> choices) {
  /** Copies the choices. */
  public PlanPolicy {
    choices = Map.copyOf(choices);
  }

  /**
   * Returns the default limit for a GPU of so many bytes of memory: a twelfth of it, at least 1
   * GiB. Fast engines convert layouts in as much workspace as the largest activation takes;
   * measured in benchmarks/results/2026-11-26-h200.
   */
  public static long workspaceLimit(long memoryBytes) {
    return Math.max(1L << 30, memoryBytes / 12);
  }

  /** Returns what may help when no plan was found, after "use a smaller batch". */
  String remedies(DType type) {
    return " or a larger --workspace-limit"
        + (strict && type == DType.F32 ? ", or --precision tf32" : "")
        + (deterministic ? ", or leave out --deterministic" : "");
  }

  /** Returns why an engine may not be used, null if it may. */
  String refusal(EngineNotes notes, DType type) {
    if (notes.numerical().contains(cudnn.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)) {
      return "converts its inputs to a narrower type";
    }
    if (type == DType.F32 && notes.addsInLess()) {
      return "adds in less than fp32";
    }
    if (notes.behavior().contains(cudnn.CUDNN_BEHAVIOR_NOTE_REQUIRES_FILTER_INT8x32_REORDER)
        || notes.behavior().contains(cudnn.CUDNN_BEHAVIOR_NOTE_REQUIRES_BIAS_INT8x32_REORDER)) {
      return "needs another order of its operands";
    }
    if (deterministic && notes.isNondeterministic()) {
      return "is nondeterministic";
    }
    return strict && type == DType.F32 ? imprecision(notes) : null;
  }

  /**
   * Returns where an engine stands in the search: 0 before 1, before 2; among equals cuDNN's order
   * holds. In bf16, some engines round the sums of a part of the pixels to bf16 before they add
   * them, and some use no tensor cores, which is many times slower.
   */
  static int rank(EngineNotes notes, DType type) {
    if (type == DType.F32) {
      return 0;
    }
    return !notes.usesTensorCores() ? 2 : notes.addsInLess() ? 1 : 0;
  }

  private static String imprecision(EngineNotes notes) {
    if (notes.usesTensorCores()) {
      return "uses tensor cores, which round fp32 to TF32";
    }
    for (int note : notes.numerical()) {
      boolean isHarmless =
          note == cudnn.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC
              || note == cudnn.CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP;
      if (!isHarmless) {
        return "is less precise than fp32 (" + notes.text() + ")";
      }
    }
    return null;
  }
}
