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
  /** The number of the GPU that an engine has made current in a thread, -1 before. */
  private static final ThreadLocal<Integer> CURRENT = ThreadLocal.withInitial(() -> -1);

  private final CudaStatus status = new CudaStatus();
  private final CudaCalls cuda = new CudaCalls(status);
  private final ThreadOwner owner = new ThreadOwner("cuda");
  private final Closing owned;
  private final CublasCalls cublas;
  private final CudnnCalls cudnn;
  private final CudnnConvolutionCalls convolution;
  private final CudnnNormCalls norm;
  private final GpuInfo info;
  private final CUstream_st stream;
  private final cudnnContext cudnnHandle;
  private final cublasContext cublasHandle;
  private boolean closed;
  private volatile boolean ended; // the stream is gone; things are released by any thread

  /**
   * Opens a GPU.
   *
   * @param number its number, from 0
   * @throws org.vgg4j.tensor.DeviceUnavailableException when it is not there or cannot be used
   */
  public static CudaContext open(int number) {
    return Closing.building(owned -> new CudaContext(owned, number));
  }

  private CudaContext(Closing owned, int number) {
    this.owned = owned;
    Scalars scalars = owned.own(new Scalars());
    cublas = new CublasCalls(status, scalars);
    cudnn = new CudnnCalls(status, scalars);
    convolution = new CudnnConvolutionCalls(status, scalars);
    norm = new CudnnNormCalls(status, scalars);
    info = GpuInfo.select(cuda, number);
    CURRENT.set(number);
    stream = cuda.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
    owned.own(this::endStream);
    cudnnHandle = cudnn.cudnnCreate();
    owned.own(() -> cudnn.cudnnDestroy(cudnnHandle));
    cudnn.cudnnSetStream(cudnnHandle, stream);
    cublasHandle = cublas.cublasCreate();
    owned.own(() -> cublas.cublasDestroy(cublasHandle));
    cublas.cublasSetStream(cublasHandle, stream);
  }

  /** CUDA keeps the current GPU by thread; new memory, events and launches belong to it. */
  private void makeCurrent() {
    if (CURRENT.get() != info.index() && !status.isLost()) {
      cuda.cudaSetDevice(info.index());
      CURRENT.set(info.index());
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

  /** Returns the runtime's calls, with this GPU current in the calling thread. */
  public CudaCalls cuda() {
    makeCurrent();
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

  /** Returns the stream that everything is enqueued on, to the thread that owns the engine. */
  public CUstream_st stream() {
    owner.check();
    makeCurrent();
    return stream;
  }

  public cudnnContext cudnnHandle() {
    owner.check();
    makeCurrent();
    return cudnnHandle;
  }

  public cublasContext cublasHandle() {
    owner.check();
    makeCurrent();
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
    owned.close();
  }
}
