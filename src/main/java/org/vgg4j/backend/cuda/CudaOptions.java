package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.cuda.kernels.CacheFolder;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Options for opening the GPU engine.
 *
 * @param deviceNumber which GPU, from 0
 * @param libraries folders to search for CUDA's libraries before all others
 * @param workspaceLimit the most workspace that a convolution's algorithm may use, in bytes; null
 *     for a twelfth of the GPU's memory, at least 1 GiB
 * @param precision strict single precision or TF32
 * @param deterministic whether to use a fixed table of deterministic algorithms instead of
 *     measuring
 * @param choices algorithms chosen earlier, from {@code Backend.choices}; they take precedence over
 *     the cache and over measurements
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
    int readInterval,
    Path cache) {
  /** 20 steps. */
  public static final int DEFAULT_READ_INTERVAL = 20;

  /** TF32, measured algorithms, this user's cache folder. */
  public static final CudaOptions DEFAULT =
      new CudaOptions(
          0,
          List.of(),
          null,
          Precision.TF32,
          false,
          Map.of(),
          DEFAULT_READ_INTERVAL,
          CacheFolder.ofThisUser());

  /** Strict single precision and the fixed table of deterministic algorithms; no cache. */
  public static final CudaOptions STRICT =
      new CudaOptions(
          0, List.of(), null, Precision.FP32, true, Map.of(), DEFAULT_READ_INTERVAL, null);

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
        readInterval,
        cache);
  }
}
