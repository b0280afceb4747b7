package org.vgg4j.backend.cuda.calls;

import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * Turns every failed status into an exception: out of memory into {@link
 * OutOfDeviceMemoryException}, an error that kills the CUDA context into {@link
 * DeviceLostException}, anything else into {@link CudaException}.
 *
 * <p>Once the device is lost, nothing on it can be released, and every attempt would only repeat
 * the error. The {@code release...} methods then stay silent, so that closing does not hide the
 * first error.
 */
public final class CudaStatus {
  /** Errors in the 700s that leave the context usable: CUDA only refused the request. */
  private static final Set<Integer> HARMLESS =
      Set.of(
          cudart.cudaErrorLaunchOutOfResources,
          cudart.cudaErrorPeerAccessAlreadyEnabled,
          cudart.cudaErrorPeerAccessNotEnabled,
          cudart.cudaErrorSetOnActiveProcess,
          cudart.cudaErrorTooManyPeers,
          cudart.cudaErrorHostMemoryAlreadyRegistered,
          cudart.cudaErrorHostMemoryNotRegistered,
          cudart.cudaErrorCooperativeLaunchTooLarge);

  /** Errors outside the 700s that kill the context. */
  private static final Set<Integer> FATAL =
      Set.of(
          cudart.cudaErrorECCUncorrectable,
          cudart.cudaErrorNvlinkUncorrectable,
          cudart.cudaErrorContained,
          cudart.cudaErrorUnknown);

  private static final int MESSAGE_BYTES = 2048;

  /** Of memory that a call takes for itself. */
  private static final long UNKNOWN_BYTES = 0;

  /** A status of cuDNN divided by this is its kind, such as "not supported". */
  private static final int CUDNN_KIND = 1000;

  private final boolean hasDevice;
  private final Supplier<MemoryUse> held;
  private boolean lost;

  public CudaStatus() {
    this(true, () -> MemoryUse.NONE);
  }

  /** Creates the status of an engine, which says what it holds when memory ends. */
  CudaStatus(MemoryLedger ledger) {
    this(true, ledger::use);
  }

  private CudaStatus(boolean hasDevice, Supplier<MemoryUse> held) {
    this.hasDevice = hasDevice;
    this.held = held;
  }

  /** Returns a status for calls that need no GPU; CUDA's runtime is not even loaded then. */
  public static CudaStatus withoutDevice() {
    return new CudaStatus(false, () -> MemoryUse.NONE);
  }

  /** Returns whether an error has made the device unusable in this process. */
  public boolean isLost() {
    return lost;
  }

  void cuda(String call, int status, String what) {
    if (status != 0) {
      throw cudaFailure(call, status, what, UNKNOWN_BYTES);
    }
  }

  /** As {@link #cuda}, for an allocation of {@code bytes}. */
  void allocation(String call, int status, long bytes) {
    if (status != 0) {
      throw cudaFailure(call, status, bytes + " bytes", bytes);
    }
  }

  void releaseCuda(String call, int status) {
    if (!lost) {
      cuda(call, status, "");
    }
  }

  void cudnn(String call, int status, String what) {
    if (status != 0) {
      throw cudnnFailure(call, status, what);
    }
  }

  /**
   * As {@link #cudnn}, for a call that only prepares something on the host: when cuDNN refuses what
   * it was given, the device has nothing to do with it and is not waited for.
   */
  void cudnnOnHost(String call, int status, String what) {
    int kind = status / CUDNN_KIND;
    if (!hasDevice
        || kind == cudnn.CUDNN_STATUS_BAD_PARAM / CUDNN_KIND
        || kind == cudnn.CUDNN_STATUS_NOT_SUPPORTED / CUDNN_KIND) {
      if (status != 0) {
        throw new CudaException(call, status, text(call, status, cudnnReason(status), what));
      }
    } else {
      cudnn(call, status, what);
    }
  }

  void releaseCudnnOnHost(String call, int status) {
    if (!lost) {
      cudnnOnHost(call, status, "");
    }
  }

  void releaseCudnn(String call, int status) {
    if (!lost) {
      cudnn(call, status, "");
    }
  }

  void cublas(String call, int status, String what) {
    if (status != 0) {
      throw libraryFailure(
          call,
          status,
          cublas.cublasLtGetStatusName(status).getString(),
          what,
          status == cublas.CUBLAS_STATUS_ALLOC_FAILED);
    }
  }

  void releaseCublas(String call, int status) {
    if (!lost) {
      cublas(call, status, "");
    }
  }

  void nvrtc(String call, int status, String what) {
    if (status != 0) {
      throw new CudaException(
          call, status, text(call, status, nvrtc.nvrtcGetErrorString(status).getString(), what));
    }
  }

  private RuntimeException cudaFailure(String call, int status, String what, long bytes) {
    cudart.cudaGetLastError(); // otherwise the next call would report this error again
    String name = cudart.cudaGetErrorName(status).getString();
    if (isFatal(status)) {
      return lost(text(call, status, name, what));
    }
    if (status == cudart.cudaErrorMemoryAllocation) {
      return outOfMemory(call, bytes);
    }
    String reason = name + ", " + cudart.cudaGetErrorString(status).getString();
    return new CudaException(call, status, text(call, status, reason, what));
  }

  private RuntimeException cudnnFailure(String call, int status, String what) {
    boolean memory =
        status == cudnn.CUDNN_STATUS_ALLOC_FAILED
            || status == cudnn.CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED
            || status == cudnn.CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    return libraryFailure(call, status, cudnnReason(status), what, memory);
  }

  /** Returns the status's name and what cuDNN itself said last, on one line. */
  private static String cudnnReason(int status) {
    String name = cudnn.cudnnGetErrorString(status).getString();
    byte[] message = new byte[MESSAGE_BYTES];
    cudnn.cudnnGetLastErrorString(message, message.length);
    String detail = GpuInfo.text(message).replaceAll("\\s+", " ");
    return detail.isEmpty() ? name : name + ", " + detail;
  }

  /**
   * A failure of a library on top of CUDA, which a device error may have caused. The libraries
   * contain their own copy of CUDA's runtime, so our last error says nothing; synchronizing with
   * the device does.
   */
  private RuntimeException libraryFailure(
      String call, int status, String reason, String what, boolean memory) {
    int below = cudart.cudaDeviceSynchronize();
    cudart.cudaGetLastError(); // otherwise the next call would report it again
    if (isFatal(below)) {
      String name = cudart.cudaGetErrorName(below).getString();
      return lost(text(call, status, reason + ", after CUDA's " + below + " " + name, what));
    }
    return memory
        ? outOfMemory(call, UNKNOWN_BYTES)
        : new CudaException(call, status, text(call, status, reason, what));
  }

  private static boolean isFatal(int status) {
    return FATAL.contains(status) || (status / 100 == 7 && !HARMLESS.contains(status));
  }

  private DeviceLostException lost(String message) {
    lost = true;
    return new DeviceLostException(
        message + "; this process can no longer use the GPU: restart it");
  }

  private OutOfDeviceMemoryException outOfMemory(String call, long bytes) {
    if (call.equals("cudaMallocHost")) {
      HostMemory host = HostMemory.now(Pointer.availablePhysicalBytes());
      return new OutOfDeviceMemoryException(
          "the host (cudaMallocHost, pinned)", bytes, host.freeBytes(), host.limit());
    }
    return new OutOfDeviceMemoryException(
        "the GPU (" + call + ")", bytes, freeBytes(), "", held.get());
  }

  /** Returns the free bytes for a message, or 0 if that call fails too. */
  private static long freeBytes() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      int status = cudart.cudaMemGetInfo(free, total);
      cudart.cudaGetLastError(); // a failure here is none of the caller's
      return status == 0 ? free.get() : 0;
    }
  }

  private static String text(String call, int status, String reason, String what) {
    return call + " failed" + (what.isEmpty() ? "" : " for " + what) + ": " + status + " " + reason;
  }
}
