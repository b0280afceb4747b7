package org.vgg4j.backend.cuda;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.vgg4j.tensor.DeviceUnavailableException;

/**
 * A GPU.
 *
 * @param index its number, from 0
 * @param name NVIDIA's name of the product
 * @param major the compute capability before the point
 * @param minor the compute capability after the point
 * @param multiprocessors how many blocks run side by side at the least
 * @param memoryBytes all of its memory
 */
record GpuInfo(
    int index, String name, int major, int minor, int multiprocessors, long memoryBytes) {
  /** The oldest compute capability that CUDA 13 knows. */
  private static final int OLDEST_MAJOR = 7;

  private static final int OLDEST_MINOR = 5;

  /** Makes the first GPU current and describes it. */
  static GpuInfo first(CudaCalls cuda) {
    int count = cuda.cudaGetDeviceCount();
    if (count == 0) {
      throw new DeviceUnavailableException(
          "--device cuda: the NVIDIA driver sees no GPU; use --device cpu");
    }
    cuda.cudaSetDevice(0);
    GpuInfo info = of(cuda, 0);
    if (!info.isSupported()) {
      throw new DeviceUnavailableException(
          "--device cuda: "
              + info.text()
              + " is older than compute capability 7.5, the oldest of CUDA 13; use --device cpu");
    }
    return info;
  }

  /** Describes a GPU. */
  static GpuInfo of(CudaCalls cuda, int index) {
    try (cudaDeviceProp properties = cuda.cudaGetDeviceProperties(index)) {
      return new GpuInfo(
          index,
          properties.name().getString().strip(),
          properties.major(),
          properties.minor(),
          properties.multiProcessorCount(),
          properties.totalGlobalMem());
    }
  }

  /** Returns whether CUDA 13 has code for it. */
  boolean isSupported() {
    return major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR);
  }

  /** Returns the architecture as the compilers name it, such as sm_90. */
  String architecture() {
    return "sm_" + major + minor;
  }

  /** Returns name and compute capability. */
  String text() {
    return name + " (compute capability " + major + "." + minor + ")";
  }

  /** Returns the text before the first zero byte. */
  static String text(byte[] zeroTerminated) {
    int length = 0;
    while (length < zeroTerminated.length && zeroTerminated[length] != 0) {
      length++;
    }
    return new String(zeroTerminated, 0, length, StandardCharsets.UTF_8).strip();
  }
}
