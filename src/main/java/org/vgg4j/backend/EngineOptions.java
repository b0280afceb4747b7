package org.vgg4j.backend;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Which engine to open and how. An engine ignores options that do not apply to it.
 *
 * @param device auto (cuda if usable, else cpu), cuda, cpu or reference; cuda:1 is the second GPU
 * @param variant one of {@link Backends#variants}
 * @param cudaLibraries folders to search for CUDA's libraries before all others
 * @param workspaceLimit the most workspace that a convolution on the GPU may use, in bytes; null
 *     for a twelfth of its memory, at least 1 GiB
 * @param precision fp32, tf32 or bf16; null for the engine's default
 * @param activations auto, keep or recompute; null for the engine's default
 * @param graph whether a training step runs as one graph; null for the engine's default
 * @param deterministic whether equal runs must give equal bits
 * @param threads how many threads the CPU engine computes with; null for those of OMP_NUM_THREADS,
 *     else one for each processor
 * @param choices what the engine chose in the run to repeat, from {@code Backend.choices}
 */
public record EngineOptions(
    String device,
    String variant,
    List<Path> cudaLibraries,
    Long workspaceLimit,
    String precision,
    String activations,
    Boolean graph,
    boolean deterministic,
    Integer threads,
    Map<String, String> choices) {
  /** Copies the mutable fields. */
  public EngineOptions {
    cudaLibraries = List.copyOf(cudaLibraries);
    choices = Map.copyOf(choices);
  }

  /** Returns the default options for a device. */
  public static EngineOptions of(String device) {
    return new EngineOptions(
        device, Backends.DEFAULT_VARIANT, List.of(), null, null, null, null, false, null, Map.of());
  }

  /** Returns a copy with another variant. */
  public EngineOptions withVariant(String other) {
    return new EngineOptions(
        device,
        other,
        cudaLibraries,
        workspaceLimit,
        precision,
        activations,
        graph,
        deterministic,
        threads,
        choices);
  }

  /** Returns a copy with another number of threads. */
  public EngineOptions withThreads(Integer other) {
    return new EngineOptions(
        device,
        variant,
        cudaLibraries,
        workspaceLimit,
        precision,
        activations,
        graph,
        deterministic,
        other,
        choices);
  }
}
