package org.vgg4j.backend;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Which engine to open and how; what an engine has no use for it does not read.
 *
 * @param device auto (cuda when usable, else cpu), cuda, cpu or reference; cuda:1 is the second GPU
 * @param variant one of {@link Backends#variants}
 * @param cudaLibraries folders to look for CUDA's libraries in before all others
 * @param workspaceLimit the bytes of workspace that a convolution on the GPU may ask for, null for
 *     the default of 1 GiB
 * @param precision fp32 or tf32, null for the engine's default
 * @param deterministic whether equal runs must end with equal bits
 * @param choices what the engine chose in the run to be repeated: {@code Backend.choices}
 */
public record EngineOptions(
    String device,
    String variant,
    List<Path> cudaLibraries,
    Long workspaceLimit,
    String precision,
    boolean deterministic,
    Map<String, String> choices) {
  /** Copies what could change. */
  public EngineOptions {
    cudaLibraries = List.copyOf(cudaLibraries);
    choices = Map.copyOf(choices);
  }

  /** Returns the options of a device with every default. */
  public static EngineOptions of(String device) {
    return new EngineOptions(
        device, Backends.DEFAULT_VARIANT, List.of(), null, null, false, Map.of());
  }

  /** Returns the same with another variant. */
  public EngineOptions withVariant(String other) {
    return new EngineOptions(
        device, other, cudaLibraries, workspaceLimit, precision, deterministic, choices);
  }
}
