package org.vgg4j.backend.cuda.calls;

import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.DeviceUnavailableException;

/**
 * A GPU.
 *
 * @param index its number, from 0
 * @param name NVIDIA's name of the product
 * @param major the compute capability before the point
 * @param minor the compute capability after the point
 * @param multiprocessors the number of streaming multiprocessors
 * @param memoryBytes its total memory
 */
public record GpuInfo(
    int index, String name, int major, int minor, int multiprocessors, long memoryBytes) {
  /** The oldest compute capability that CUDA 13 supports. */
  private static final int OLDEST_MAJOR = 7;

  private static final int OLDEST_MINOR = 5;

  /** Makes a GPU current in the calling thread and describes it. */
  static GpuInfo select(CudaCalls cuda, int number) {
    int count = count(cuda);
    if (number >= count) {
      throw new DeviceUnavailableException(
          "cuda:" + number,
          "this machine has " + (count == 1 ? "1 GPU" : count + " GPUs") + ", numbered from 0");
    }
    cuda.cudaSetDevice(number);
    GpuInfo info = of(cuda, number);
    if (!info.isSupported()) {
      throw new DeviceUnavailableException(
          "cuda", info.text() + " is older than compute capability 7.5, the oldest of CUDA 13");
    }
    return info;
  }

  /**
   * Returns the number of GPUs, at least one.
   *
   * @throws DeviceUnavailableException when there is no GPU or the driver is unsuitable
   */
  public static int count(CudaCalls cuda) {
    int count;
    try {
      count = cuda.cudaGetDeviceCount();
    } catch (CudaException e) {
      if (e.status() == cudart.cudaErrorInsufficientDriver) {
        throw new DeviceUnavailableException(
            "cuda",
            "the NVIDIA driver is too old for CUDA "
                + Versions.cuda(cuda.cudaRuntimeGetVersion())
                + "; install driver 580 or newer",
            e);
      }
      if (e.status() != cudart.cudaErrorNoDevice) {
        throw e;
      }
      count = 0;
    }
    if (count == 0) {
      throw new DeviceUnavailableException(
          "cuda",
          "the NVIDIA driver sees no GPU (CUDA_VISIBLE_DEVICES and a container can hide one)");
    }
    return count;
  }

  /** Describes a GPU. */
  public static GpuInfo of(CudaCalls cuda, int index) {
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

  /** Returns whether CUDA 13 supports this GPU. */
  public boolean isSupported() {
    return major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR);
  }

  /** Returns the architecture in the compilers' notation, such as sm_90. */
  public String architecture() {
    return "sm_" + major + minor;
  }

  /** Returns name and compute capability. */
  public String text() {
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
