package org.vgg4j.backend.cuda.libraries;

import java.util.List;
import java.util.Locale;

/**
 * A native library that the engine loads; {@link #all} gives the loading order.
 *
 * @param name its common name
 * @param linux the beginning of its file name on Linux
 * @param windows the beginning of its file name on Windows
 * @param required whether the engine needs it; the others are loaded if found, since a library on
 *     this list loads them itself and would search fewer places, and NCCL when it is asked for
 * @param part what to install if it is missing
 */
public record CudaLibrary(String name, String linux, String windows, boolean required, Part part) {
  /** What users install. */
  enum Part {
    DRIVER("the NVIDIA driver, 580 or newer"),
    CUDA("CUDA 13 (or: pip install nvidia-cuda-runtime nvidia-cublas nvidia-cuda-nvrtc)"),
    CUDNN("cuDNN 9 for CUDA 13 (or: pip install nvidia-cudnn-cu13)"),
    NCCL("NCCL 2 for CUDA 13 (or: pip install nvidia-nccl-cu13)");

    private final String install;

    Part(String install) {
      this.install = install;
    }

    String install() {
      return install;
    }
  }

  private static final List<CudaLibrary> ALL =
      List.of(
          new CudaLibrary("NVIDIA driver", "libcuda.so.1", "nvcuda.dll", true, Part.DRIVER),
          new CudaLibrary("CUDA runtime", "libcudart.so.13", "cudart64_13", true, Part.CUDA),
          new CudaLibrary(
              "NVRTC builtins", "libnvrtc-builtins.so.13", "nvrtc-builtins64_13", false, Part.CUDA),
          new CudaLibrary("NVRTC", "libnvrtc.so.13", "nvrtc64_13", true, Part.CUDA),
          new CudaLibrary("cuBLASLt", "libcublasLt.so.13", "cublasLt64_13", true, Part.CUDA),
          new CudaLibrary("cuBLAS", "libcublas.so.13", "cublas64_13", true, Part.CUDA),
          new CudaLibrary("cuDNN", "libcudnn.so.9", "cudnn64_9", true, Part.CUDNN),
          cudnn("graph", true),
          cudnn("ops", true),
          cudnn("cnn", true),
          cudnn("adv", true),
          cudnn("engines_precompiled", false),
          cudnn("engines_runtime_compiled", false),
          cudnn("heuristic", false),
          // Only newer versions have it.
          cudnn("engines_tensor_ir", false),
          cudnn("ext", false),
          new CudaLibrary("NCCL", "libnccl.so.2", "nccl64_2", false, Part.NCCL));

  private static CudaLibrary cudnn(String part, boolean required) {
    return new CudaLibrary(
        "cuDNN " + part,
        "libcudnn_" + part + ".so.9",
        "cudnn_" + part + "64_9",
        required,
        Part.CUDNN);
  }

  /** Returns all libraries, each after its dependencies. */
  public static List<CudaLibrary> all() {
    return ALL;
  }

  /** Returns the beginning of its file name on this machine. */
  public String file() {
    boolean isWindows =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("windows");
    return isWindows ? windows : linux;
  }

  /** Returns whether it comes with NVIDIA's driver. */
  public boolean isDriver() {
    return part == Part.DRIVER;
  }

  /** Returns whether only a training on several GPUs loads it. */
  public boolean isForSeveralGpus() {
    return part == Part.NCCL;
  }

  /** Returns whether a file name is the beginning itself or the beginning and a version. */
  boolean isFile(String fileName) {
    String own = file();
    return fileName.equals(own)
        || fileName.startsWith(own + ".")
        || (fileName.startsWith(own) && fileName.endsWith(".dll"));
  }
}
