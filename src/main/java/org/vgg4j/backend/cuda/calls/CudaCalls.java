package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUkern_st;
import org.bytedeco.cuda.cudart.CUlib_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.cudart.cudaPointerAttributes;
import org.bytedeco.cuda.cudart.dim3;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** CUDA's runtime, checked; each method is named after the function it calls. */
public final class CudaCalls {
  private final CudaStatus status;

  public CudaCalls(CudaStatus status) {
    this.status = status;
  }

  int cudaGetDeviceCount() {
    int[] count = new int[1];
    status.cuda("cudaGetDeviceCount", cudart.cudaGetDeviceCount(count), "");
    return count[0];
  }

  void cudaSetDevice(int device) {
    status.cuda("cudaSetDevice", cudart.cudaSetDevice(device), "device " + device);
  }

  cudaDeviceProp cudaGetDeviceProperties(int device) {
    cudaDeviceProp properties = new cudaDeviceProp();
    try {
      status.cuda(
          "cudaGetDeviceProperties",
          cudart.cudaGetDeviceProperties(properties, device),
          "device " + device);
      return properties;
    } catch (RuntimeException | Error e) {
      properties.close();
      throw e;
    }
  }

  public int cudaDriverGetVersion() {
    int[] version = new int[1];
    status.cuda("cudaDriverGetVersion", cudart.cudaDriverGetVersion(version), "");
    return version[0];
  }

  public int cudaRuntimeGetVersion() {
    int[] version = new int[1];
    status.cuda("cudaRuntimeGetVersion", cudart.cudaRuntimeGetVersion(version), "");
    return version[0];
  }

  /** Returns the free and the total bytes of the device. */
  public long[] cudaMemGetInfo() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      status.cuda("cudaMemGetInfo", cudart.cudaMemGetInfo(free, total), "");
      return new long[] {free.get(), total.get()};
    }
  }

  /** Returns new device memory. */
  public Pointer cudaMalloc(long bytes) {
    Pointer memory = new Pointer();
    status.allocation("cudaMalloc", cudart.cudaMalloc(memory, bytes), bytes);
    return memory;
  }

  public void cudaFree(Pointer memory) {
    status.releaseCuda("cudaFree", cudart.cudaFree(memory));
  }

  /** Returns new pinned host memory. */
  public Pointer cudaMallocHost(long bytes) {
    Pointer memory = new Pointer();
    status.allocation("cudaMallocHost", cudart.cudaMallocHost(memory, bytes), bytes);
    return memory;
  }

  public void cudaFreeHost(Pointer memory) {
    status.releaseCuda("cudaFreeHost", cudart.cudaFreeHost(memory));
  }

  /** Returns the number of the GPU in whose memory an address lies, or -1 for none. */
  public int cudaPointerGetAttributes(Pointer address) {
    try (cudaPointerAttributes attributes = new cudaPointerAttributes()) {
      status.cuda(
          "cudaPointerGetAttributes",
          cudart.cudaPointerGetAttributes(attributes, address),
          "an address of other code");
      return switch (attributes.type()) {
        case cudart.cudaMemoryTypeDevice, cudart.cudaMemoryTypeManaged -> attributes.device();
        default -> -1;
      };
    }
  }

  public void cudaMemsetAsync(Pointer memory, int value, long bytes, CUstream_st stream) {
    status.cuda("cudaMemsetAsync", cudart.cudaMemsetAsync(memory, value, bytes, stream), "a slab");
  }

  public void cudaMemcpyAsync(Pointer to, Pointer from, long bytes, int kind, CUstream_st stream) {
    status.cuda(
        "cudaMemcpyAsync", cudart.cudaMemcpyAsync(to, from, bytes, kind, stream), "a tensor");
  }

  public CUstream_st cudaStreamCreateWithFlags(int flags) {
    CUstream_st stream = new CUstream_st();
    status.cuda("cudaStreamCreateWithFlags", cudart.cudaStreamCreateWithFlags(stream, flags), "");
    return stream;
  }

  public void cudaStreamDestroy(CUstream_st stream) {
    status.releaseCuda("cudaStreamDestroy", cudart.cudaStreamDestroy(stream));
  }

  public void cudaStreamSynchronize(CUstream_st stream) {
    status.cuda("cudaStreamSynchronize", cudart.cudaStreamSynchronize(stream), "");
  }

  /** Waits for the stream before anything is released. */
  public void drain(CUstream_st stream) {
    status.releaseCuda("cudaStreamSynchronize", cudart.cudaStreamSynchronize(stream));
  }

  public void cudaStreamWaitEvent(CUstream_st stream, CUevent_st event) {
    status.cuda("cudaStreamWaitEvent", cudart.cudaStreamWaitEvent(stream, event, 0), "");
  }

  public CUevent_st cudaEventCreateWithFlags(int flags) {
    CUevent_st event = new CUevent_st();
    status.cuda("cudaEventCreateWithFlags", cudart.cudaEventCreateWithFlags(event, flags), "");
    return event;
  }

  public void cudaEventRecord(CUevent_st event, CUstream_st stream) {
    status.cuda("cudaEventRecord", cudart.cudaEventRecord(event, stream), "");
  }

  /** Returns whether all work before the event's last record is done. */
  public boolean cudaEventQuery(CUevent_st event) {
    int result = cudart.cudaEventQuery(event);
    if (result == cudart.cudaErrorNotReady) {
      cudart.cudaGetLastError(); // not an error, but CUDA keeps it as one
      return false;
    }
    status.cuda("cudaEventQuery", result, "");
    return true;
  }

  public void cudaEventSynchronize(CUevent_st event) {
    status.cuda("cudaEventSynchronize", cudart.cudaEventSynchronize(event), "");
  }

  /** Returns the milliseconds between two recorded events, of which the second has happened. */
  public double cudaEventElapsedTime(CUevent_st start, CUevent_st end) {
    float[] millis = new float[1];
    status.cuda("cudaEventElapsedTime", cudart.cudaEventElapsedTime(millis, start, end), "");
    return millis[0];
  }

  public void cudaEventDestroy(CUevent_st event) {
    status.releaseCuda("cudaEventDestroy", cudart.cudaEventDestroy(event));
  }

  /** Begins to write down what this thread enqueues on a stream instead of running it. */
  void cudaStreamBeginCapture(CUstream_st stream) {
    status.cuda(
        "cudaStreamBeginCapture",
        cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeThreadLocal),
        "a step");
  }

  /** Returns whether a stream is captured or, as the default stream may, would wait for one. */
  public boolean cudaStreamIsCapturing(CUstream_st stream) {
    int[] capture = new int[1];
    int result = cudart.cudaStreamIsCapturing(stream, capture);
    if (result == cudart.cudaErrorStreamCaptureImplicit) {
      cudart.cudaGetLastError(); // not an error here, but CUDA keeps it as one
      return true;
    }
    status.cuda("cudaStreamIsCapturing", result, "a stream of other code");
    return capture[0] != cudart.cudaStreamCaptureStatusNone;
  }

  CUgraph_st cudaStreamEndCapture(CUstream_st stream) {
    CUgraph_st graph = new CUgraph_st();
    status.cuda("cudaStreamEndCapture", cudart.cudaStreamEndCapture(stream, graph), "a step");
    return graph;
  }

  /** Ends a capture that failed, whatever became of it. */
  void abandonCapture(CUstream_st stream) {
    CUgraph_st graph = new CUgraph_st();
    if (cudart.cudaStreamEndCapture(stream, graph) == 0) {
      cudaGraphDestroy(graph);
    }
    cudart.cudaGetLastError(); // what went wrong is known already
  }

  CUgraphExec_st cudaGraphInstantiate(CUgraph_st graph) {
    CUgraphExec_st executable = new CUgraphExec_st();
    status.cuda(
        "cudaGraphInstantiate", cudart.cudaGraphInstantiate(executable, graph, 0), "a step");
    return executable;
  }

  /** Brings a graph to the device, which takes the memory that it needs there. */
  void cudaGraphUpload(CUgraphExec_st graph, CUstream_st stream) {
    status.cuda("cudaGraphUpload", cudart.cudaGraphUpload(graph, stream), "a step");
  }

  void cudaGraphLaunch(CUgraphExec_st graph, CUstream_st stream) {
    status.cuda("cudaGraphLaunch", cudart.cudaGraphLaunch(graph, stream), "a step");
  }

  void cudaGraphExecDestroy(CUgraphExec_st graph) {
    status.releaseCuda("cudaGraphExecDestroy", cudart.cudaGraphExecDestroy(graph));
  }

  void cudaGraphDestroy(CUgraph_st graph) {
    status.releaseCuda("cudaGraphDestroy", cudart.cudaGraphDestroy(graph));
  }

  /** Loads a library of kernels from a fatbin, a cubin or zero-terminated PTX. */
  public CUlib_st cudaLibraryLoadData(Pointer image) {
    CUlib_st library = new CUlib_st();
    status.cuda(
        "cudaLibraryLoadData",
        cudart.cudaLibraryLoadData(
            library,
            image,
            (IntPointer) null,
            (PointerPointer<?>) null,
            0,
            (IntPointer) null,
            (PointerPointer<?>) null,
            0),
        "vgg4j's kernels");
    return library;
  }

  public void cudaLibraryUnload(CUlib_st library) {
    status.releaseCuda("cudaLibraryUnload", cudart.cudaLibraryUnload(library));
  }

  public CUkern_st cudaLibraryGetKernel(CUlib_st library, String name) {
    CUkern_st kernel = new CUkern_st();
    status.cuda("cudaLibraryGetKernel", cudart.cudaLibraryGetKernel(kernel, library, name), name);
    return kernel;
  }

  public void cudaLaunchKernel(
      String what,
      CUkern_st kernel,
      dim3 grid,
      dim3 block,
      PointerPointer<?> arguments,
      CUstream_st stream) {
    status.cuda(
        "cudaLaunchKernel",
        cudart.cudaLaunchKernel(kernel, grid, block, arguments, 0, stream),
        what);
  }
}
