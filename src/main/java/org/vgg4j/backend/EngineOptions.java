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
 * @param emulateBf16 whether the CPU engine may compute in bf16 on a processor that has no
 *     instructions for it
 * @param activations auto, keep or recompute; null for the engine's default
 * @param graph whether a training step runs as one graph; null for the engine's default
 * @param deterministic whether equal runs must give equal bits
 * @param threads how many threads the CPU engine computes with; null for those of OMP_NUM_THREADS,
 *     else one for each processor
 * @param timesLayers whether the CPU engine times the orders of images of each layer that is not
 *     among the choices
 * @param choices what the engine chose in the run to repeat, from {@code Backend.choices}
 */
public record EngineOptions(
    String device,
    String variant,
    List<Path> cudaLibraries,
    Long workspaceLimit,
    String precision,
    boolean emulateBf16,
    String activations,
    Boolean graph,
    boolean deterministic,
    Integer threads,
    boolean timesLayers,
    Map<String, String> choices) {
  /** Copies the mutable fields. */
  public EngineOptions {
    cudaLibraries = List.copyOf(cudaLibraries);
    choices = Map.copyOf(choices);
  }

  /** Returns the default options for a device. */
  public static EngineOptions of(String device) {
    return builder(device).build();
  }

  /** Begins with the default options for a device. */
  public static Builder builder(String device) {
    return new Builder(device);
  }

  /** Begins with these options. */
  public Builder toBuilder() {
    Builder copy = new Builder(device);
    copy.variant = variant;
    copy.cudaLibraries = cudaLibraries;
    copy.workspaceLimit = workspaceLimit;
    copy.precision = precision;
    copy.emulateBf16 = emulateBf16;
    copy.activations = activations;
    copy.graph = graph;
    copy.deterministic = deterministic;
    copy.threads = threads;
    copy.timesLayers = timesLayers;
    copy.choices = choices;
    return copy;
  }

  /** Collects options; see the record's parameters. */
  public static final class Builder {
    private final String device;
    private String variant = Backends.DEFAULT_VARIANT;
    private List<Path> cudaLibraries = List.of();
    private Long workspaceLimit;
    private String precision;
    private boolean emulateBf16;
    private String activations;
    private Boolean graph;
    private boolean deterministic;
    private Integer threads;
    private boolean timesLayers;
    private Map<String, String> choices = Map.of();

    private Builder(String device) {
      this.device = device;
    }

    /** Sets {@link EngineOptions#variant}. */
    public Builder variant(String value) {
      variant = value;
      return this;
    }

    /** Sets {@link EngineOptions#cudaLibraries}. */
    public Builder cudaLibraries(List<Path> value) {
      cudaLibraries = value;
      return this;
    }

    /** Sets {@link EngineOptions#workspaceLimit}. */
    public Builder workspaceLimit(Long value) {
      workspaceLimit = value;
      return this;
    }

    /** Sets {@link EngineOptions#precision}. */
    public Builder precision(String value) {
      precision = value;
      return this;
    }

    /** Sets {@link EngineOptions#emulateBf16}. */
    public Builder emulateBf16(boolean value) {
      emulateBf16 = value;
      return this;
    }

    /** Sets {@link EngineOptions#activations}. */
    public Builder activations(String value) {
      activations = value;
      return this;
    }

    /** Sets {@link EngineOptions#graph}. */
    public Builder graph(Boolean value) {
      graph = value;
      return this;
    }

    /** Sets {@link EngineOptions#deterministic}. */
    public Builder deterministic(boolean value) {
      deterministic = value;
      return this;
    }

    /** Sets {@link EngineOptions#threads}. */
    public Builder threads(Integer value) {
      threads = value;
      return this;
    }

    /** Sets {@link EngineOptions#timesLayers}. */
    public Builder timesLayers(boolean value) {
      timesLayers = value;
      return this;
    }

    /** Sets {@link EngineOptions#choices}. */
    public Builder choices(Map<String, String> value) {
      choices = value;
      return this;
    }

    /** Returns the options. */
    public EngineOptions build() {
      return new EngineOptions(
          device,
          variant,
          cudaLibraries,
          workspaceLimit,
          precision,
          emulateBf16,
          activations,
          graph,
          deterministic,
          threads,
          timesLayers,
          choices);
    }
  }
}
