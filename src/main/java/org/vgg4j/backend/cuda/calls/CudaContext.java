package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.ThreadOwner;

/**
 * A GPU that was opened: the checked calls, the handles of cuDNN and cuBLAS and the one stream that
 * everything is enqueued on, in the order of the calls. It belongs to one thread at a time.
 */
public final class CudaContext implements AutoCloseable {
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
  private boolean closed;
  private volatile boolean ended; // the stream is gone; things are released by any thread

  public CudaContext() {
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
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private void endStream() {
    ended = true;
    cuda.cudaStreamDestroy(stream);
  }

  public GpuInfo info() {
    return info;
  }

  public CudaStatus status() {
    return status;
  }

  public CudaCalls cuda() {
    return cuda;
  }

  public CudnnCalls cudnn() {
    return cudnn;
  }

  public CudnnConvolutionCalls convolution() {
    return convolution;
  }

  public CudnnNormCalls norm() {
    return norm;
  }

  public CublasCalls cublas() {
    return cublas;
  }

  public Scalars scalars() {
    return scalars;
  }

  /** Returns the stream that everything is enqueued on, to the thread that owns the engine. */
  public CUstream_st stream() {
    owner.check();
    return stream;
  }

  public cudnnContext cudnnHandle() {
    owner.check();
    return cudnnHandle;
  }

  public cublasContext cublasHandle() {
    owner.check();
    return cublasHandle;
  }

  /** Waits for the GPU before something is released; from any thread, also after the end. */
  public void drain() {
    if (!ended) {
      cuda.drain(stream);
    }
  }

  /** Lets go of the thread that owns the engine: the next that uses it has it. */
  public void release() {
    owner.release();
  }

  /** Waits until all that was enqueued is done; a failure of any of it shows here at the latest. */
  public void synchronize() {
    checkOpen();
    cuda.cudaStreamSynchronize(stream());
  }

  public void checkOpen() {
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
