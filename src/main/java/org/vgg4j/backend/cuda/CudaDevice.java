package org.vgg4j.backend.cuda;

import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ThreadOwner;

/**
 * The GPU that an engine works on: its stream, the handles of cuDNN and cuBLAS, the kernels and the
 * memory that all plans share. Everything is enqueued on one stream, in the order of the calls.
 */
final class CudaDevice implements AutoCloseable {
  /** What cuBLAS wants on the largest GPUs, given to it once so that it never allocates itself. */
  private static final long CUBLAS_WORKSPACE_BYTES = 32L << 20;

  private final CudaOptions options;
  private final CudaStatus status = new CudaStatus();
  private final CudaCalls cuda = new CudaCalls(status);
  private final CublasCalls cublas = new CublasCalls(status);
  private final ThreadOwner owner = new ThreadOwner("cuda");
  private final Closing closing = new Closing();
  private final Scalars scalars;
  private final CudnnCalls cudnn;
  private final CudnnConvolutionCalls convolution;
  private final CudnnNormCalls norm;
  private final GpuInfo info;
  private final CUstream_st stream;
  private final cudnnContext cudnnHandle;
  private final cublasContext cublasHandle;
  private final Workspace workspace;
  private final Kernels kernels;
  private final Staging staging;
  private final Uploader uploader;
  private final FiniteCheck finiteCheck;
  private final ConvAlgorithms algorithms;
  private boolean closed;
  private volatile boolean ended; // the stream is gone; things are released by any thread

  CudaDevice(CudaOptions options) {
    this.options = options;
    try {
      scalars = closing.own(new Scalars());
      cudnn = new CudnnCalls(status, scalars);
      convolution = new CudnnConvolutionCalls(status, scalars);
      norm = new CudnnNormCalls(status, scalars);
      info = GpuInfo.first(cuda);
      stream = cuda.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
      closing.own(this::endStream);
      cudnnHandle = cudnn.cudnnCreate();
      closing.own(() -> cudnn.cudnnDestroy(cudnnHandle));
      cudnn.cudnnSetStream(cudnnHandle, stream);
      cublasHandle = cublas.cublasCreate();
      closing.own(() -> cublas.cublasDestroy(cublasHandle));
      cublas.cublasSetStream(cublasHandle, stream);
      // After the stream: setting that one takes the workspace away.
      DeviceMemory gemm = closing.own(new DeviceMemory(this, CUBLAS_WORKSPACE_BYTES));
      cublas.cublasSetWorkspace(cublasHandle, gemm.pointer(), CUBLAS_WORKSPACE_BYTES);
      workspace = closing.own(new Workspace(this));
      kernels = closing.own(Kernels.load(this));
      staging = closing.own(new Staging(this));
      uploader = closing.own(new Uploader(this));
      finiteCheck = closing.own(new FiniteCheck(this));
      algorithms = ConvAlgorithms.of(this);
      closing.own(this::drain);
      owner.release(); // opening is no use: the first that uses the engine has it
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private void endStream() {
    ended = true;
    cuda.cudaStreamDestroy(stream);
  }

  CudaOptions options() {
    return options;
  }

  GpuInfo info() {
    return info;
  }

  CudaStatus status() {
    return status;
  }

  CudaCalls cuda() {
    return cuda;
  }

  CudnnCalls cudnn() {
    return cudnn;
  }

  CudnnConvolutionCalls convolution() {
    return convolution;
  }

  CudnnNormCalls norm() {
    return norm;
  }

  CublasCalls cublas() {
    return cublas;
  }

  Scalars scalars() {
    return scalars;
  }

  /** Returns the stream that everything is enqueued on, to the thread that owns the engine. */
  CUstream_st stream() {
    owner.check();
    return stream;
  }

  cudnnContext cudnnHandle() {
    owner.check();
    return cudnnHandle;
  }

  cublasContext cublasHandle() {
    owner.check();
    return cublasHandle;
  }

  Workspace workspace() {
    return workspace;
  }

  Kernels kernels() {
    return kernels;
  }

  Staging staging() {
    return staging;
  }

  Uploader uploader() {
    return uploader;
  }

  FiniteCheck finiteCheck() {
    return finiteCheck;
  }

  ConvAlgorithms algorithms() {
    return algorithms;
  }

  /** Waits for the GPU before something is released; from any thread, also after the end. */
  void drain() {
    if (!ended) {
      cuda.drain(stream);
    }
  }

  void release() {
    owner.release();
  }

  /** Waits until all that was enqueued is done; a failure of any of it shows here at the latest. */
  void synchronize() {
    checkOpen();
    cuda.cudaStreamSynchronize(stream());
  }

  void checkOpen() {
    owner.check();
    if (closed) {
      throw new IllegalStateException("this engine was closed");
    }
  }

  @Override
  public void close() {
    closed = true;
    closing.close();
  }
}
