package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.global.cudnn;

/** cuDNN's handle and versions, checked; each method is named after the function it calls. */
public final class CudnnCalls extends ContextCalls {
  CudnnCalls(CudaContext context) {
    super(context);
  }

  cudnnContext cudnnCreate() {
    cudnnContext handle = new cudnnContext();
    status.cudnn("cudnnCreate", cudnn.cudnnCreate(handle), "");
    return handle;
  }

  void cudnnDestroy(cudnnContext handle) {
    status.releaseCudnn("cudnnDestroy", cudnn.cudnnDestroy(handle));
  }

  void cudnnSetStream(cudnnContext handle, CUstream_st stream) {
    status.cudnn("cudnnSetStream", cudnn.cudnnSetStream(handle, stream), "");
  }

  public static long cudnnGetVersion() {
    return cudnn.cudnnGetVersion();
  }

  /** Returns the version of CUDA that cuDNN was built for. */
  public static long cudnnGetCudartVersion() {
    return cudnn.cudnnGetCudartVersion();
  }

  /** Throws unless all parts of cuDNN have the same version. */
  public static void requireOneVersion(CudaStatus status) {
    status.cudnn("cudnnGraphVersionCheck", cudnn.cudnnGraphVersionCheck(), "");
    status.cudnn("cudnnOpsVersionCheck", cudnn.cudnnOpsVersionCheck(), "");
    status.cudnn("cudnnCnnVersionCheck", cudnn.cudnnCnnVersionCheck(), "");
    status.cudnn("cudnnAdvVersionCheck", cudnn.cudnnAdvVersionCheck(), "");
  }
}
