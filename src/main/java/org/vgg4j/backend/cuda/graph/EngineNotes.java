package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.cuda.global.cudnn;

/**
 * What cuDNN says of an engine.
 *
 * @param numerical CUDNN_NUMERICAL_NOTE_...
 * @param behavior CUDNN_BEHAVIOR_NOTE_...
 */
public record EngineNotes(Set<Integer> numerical, Set<Integer> behavior) {
  private static final int MOST = 32; // more kinds than there are

  /** Notes by number; what a newer cuDNN adds shows as its number. */
  private static final List<String> NUMERICAL =
      List.of(
          "tensor cores",
          "inputs converted down",
          "reduced-precision sums",
          "FFT",
          "nondeterministic",
          "Winograd",
          "Winograd 4x4",
          "Winograd 6x6",
          "Winograd 13x13",
          "strict NaN");

  /** Copies the sets. */
  public EngineNotes {
    numerical = Set.copyOf(numerical);
    behavior = Set.copyOf(behavior);
  }

  static EngineNotes of(Descriptor engine) {
    return new EngineNotes(
        Set.copyOf(
            engine.readConstants(
                cudnn.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, cudnn.CUDNN_TYPE_NUMERICAL_NOTE, MOST)),
        Set.copyOf(
            engine.readConstants(
                cudnn.CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, cudnn.CUDNN_TYPE_BEHAVIOR_NOTE, MOST)));
  }

  /** Returns whether a run may give other bits than the last. */
  public boolean isNondeterministic() {
    return numerical.contains(cudnn.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
  }

  /** Returns whether it multiplies on tensor cores: fp32 inputs are rounded to TF32 then. */
  public boolean usesTensorCores() {
    return numerical.contains(cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
  }

  /** Returns whether it adds partial sums in less than fp32. */
  public boolean addsInLess() {
    return numerical.contains(cudnn.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);
  }

  /** Returns whether its kernels are compiled when a plan is made, by NVRTC. */
  public boolean isCompiledAtRunTime() {
    return behavior.contains(cudnn.CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION);
  }

  /** Returns the notes in words, empty if there are none. */
  public String text() {
    List<String> words = new ArrayList<>();
    numerical.stream()
        .sorted()
        .forEach(note -> words.add(note < NUMERICAL.size() ? NUMERICAL.get(note) : "note " + note));
    if (isCompiledAtRunTime()) {
      words.add("compiled at run time");
    }
    return String.join(", ", words);
  }
}
