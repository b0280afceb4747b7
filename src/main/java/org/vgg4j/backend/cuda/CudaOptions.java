package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.cuda.kernels.CacheFolder;
import org.vgg4j.tensor.InvalidInputException;

/**
 * How the GPU engine is opened.
 *
 * @param deviceNumber which GPU, from 0
 * @param libraries folders to look for CUDA's libraries in before all others
 * @param workspaceLimit the bytes of workspace that a convolution's algorithm may ask for
 * @param precision strict single precision or TF32
 * @param deterministic whether to take a fixed table of deterministic algorithms, without measuring
 * @param choices algorithms chosen before, as {@code Backend.choices} returned them; they come
 *     before the cache and before any measurement
 * @param readInterval after how many steps a training begins to read its loss
 * @param cache the folder of what may be kept from run to run, null for none
 */
public record CudaOptions(
    int deviceNumber,
    List<Path> libraries,
    long workspaceLimit,
    Precision precision,
    boolean deterministic,
    Map<String, String> choices,
    int readInterval,
    Path cache) {
  /** 1 GiB. */
  public static final long DEFAULT_WORKSPACE_LIMIT = 1L << 30;

  /** 20 steps. */
  public static final int DEFAULT_READ_INTERVAL = 20;

  /** TF32, measured algorithms, this user's cache folder. */
  public static final CudaOptions DEFAULT =
      new CudaOptions(
          0,
          List.of(),
          DEFAULT_WORKSPACE_LIMIT,
          Precision.TF32,
          false,
          Map.of(),
          DEFAULT_READ_INTERVAL,
          CacheFolder.ofThisUser());

  /** Strict single precision and the fixed table of deterministic algorithms; no cache. */
  public static final CudaOptions STRICT =
      new CudaOptions(
          0,
          List.of(),
          DEFAULT_WORKSPACE_LIMIT,
          Precision.FP32,
          true,
          Map.of(),
          DEFAULT_READ_INTERVAL,
          null);

  /** Checks the fields. */
  public CudaOptions {
    libraries = List.copyOf(libraries);
    choices = Map.copyOf(choices);
    InvalidInputException.requireAtLeast(0, "deviceNumber", deviceNumber);
    InvalidInputException.requireAtLeast(0, "workspaceLimit", workspaceLimit);
    if (readInterval < 1) {
      throw new InvalidInputException("a loss read every " + readInterval + " steps is none");
    }
  }

  /** Returns the same with other folders of libraries. */
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
