package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.cuda.graph.PlanPolicy;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.UserFolders;

/**
 * Options for opening the GPU engine.
 *
 * @param deviceNumber which GPU, from 0
 * @param libraries folders to search for CUDA's libraries before all others
 * @param workspaceLimit the most workspace that a convolution's plan may use, in bytes; null for a
 *     twelfth of the GPU's memory, at least 1 GiB
 * @param precision the precision that nets compute in
 * @param deterministic whether to take the first of cuDNN's deterministic plans instead of the
 *     fastest
 * @param choices plans chosen earlier, from {@code Backend.choices}; they take precedence over the
 *     cache and over timings
 * @param activations what becomes of a batch norm's output
 * @param graph whether a training step runs as one CUDA graph instead of call by call; the bits are
 *     the same
 * @param readInterval how many steps pass between reads of the training loss
 * @param cache the folder for data kept between runs, or null for none
 */
public record CudaOptions(
    int deviceNumber,
    List<Path> libraries,
    Long workspaceLimit,
    Precision precision,
    boolean deterministic,
    Map<String, String> choices,
    Activations activations,
    boolean graph,
    int readInterval,
    Path cache) {
  /** 20 steps. */
  public static final int DEFAULT_READ_INTERVAL = 20;

  /** TF32, the fastest plans, this user's cache folder. */
  public static final CudaOptions DEFAULT =
      new CudaOptions(
          0,
          List.of(),
          null,
          Precision.TF32,
          false,
          Map.of(),
          Activations.AUTO,
          true,
          DEFAULT_READ_INTERVAL,
          UserFolders.ownCache());

  /** Strict single precision and deterministic plans; no cache. */
  public static final CudaOptions STRICT =
      new CudaOptions(
          0,
          List.of(),
          null,
          Precision.FP32,
          true,
          Map.of(),
          Activations.AUTO,
          true,
          DEFAULT_READ_INTERVAL,
          null);

  /** Checks the fields. */
  public CudaOptions {
    libraries = List.copyOf(libraries);
    choices = Map.copyOf(choices);
    InvalidInputException.requireAtLeast(0, "deviceNumber", deviceNumber);
    if (workspaceLimit != null) {
      InvalidInputException.requireAtLeast(0, "workspaceLimit", workspaceLimit);
    }
    if (readInterval < 1) {
      throw new InvalidInputException("readInterval must be at least 1, not " + readInterval);
    }
  }

  /** Returns a copy with other library folders. */
  public CudaOptions withLibraries(List<Path> others) {
    return new CudaOptions(
        deviceNumber,
        others,
        workspaceLimit,
        precision,
        deterministic,
        choices,
        activations,
        graph,
        readInterval,
        cache);
  }

  /** Returns a copy for another GPU. */
  public CudaOptions withDevice(int number) {
    return new CudaOptions(
        number,
        libraries,
        workspaceLimit,
        precision,
        deterministic,
        choices,
        activations,
        graph,
        readInterval,
        cache);
  }

  /** Returns a copy with steps as graphs or call by call. */
  public CudaOptions withGraph(boolean other) {
    return new CudaOptions(
        deviceNumber,
        libraries,
        workspaceLimit,
        precision,
        deterministic,
        choices,
        activations,
        other,
        readInterval,
        cache);
  }

  /** Returns which plans convolutions may use on a GPU of so many bytes of memory. */
  PlanPolicy planPolicy(long memoryBytes) {
    long limit = workspaceLimit != null ? workspaceLimit : PlanPolicy.workspaceLimit(memoryBytes);
    return new PlanPolicy(precision == Precision.FP32, deterministic, limit, choices);
  }
}
