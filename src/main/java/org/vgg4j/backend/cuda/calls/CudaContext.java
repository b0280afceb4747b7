package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.ThreadOwner;

/**
 * An open GPU: the checked calls, the cuDNN and cublasLt handles, and the single stream on which
 * all work is enqueued in call order. One thread at a time owns it.
 */
public final class CudaContext implements AutoCloseable {
  /** The number of the GPU that an engine has made current in a thread, or -1. */
  private static final ThreadLocal<Integer> CURRENT = ThreadLocal.withInitial(() -> -1);

  private final MemoryLedger ledger = new MemoryLedger("cuda");
  private final CudaStatus status = new CudaStatus(ledger);
  private final CudaCalls cuda = new CudaCalls(status);
  private final ThreadOwner owner = new ThreadOwner("cuda");
  private final Closing owned;
  private final Scalars scalars = new Scalars();
  private final CublasLtCalls cublasLt = new CublasLtCalls(this);
  private final CudnnCalls cudnn = new CudnnCalls(this);
  private final GpuInfo info;
  private final CUstream_st stream;
  private CUstream_st current; // the stream, or that of a branch
  private final cudnnContext cudnnHandle;
  private final cublasLtContext cublasLtHandle;
  private long turn;
  private CapturedGraph capturing; // null unless work is being captured
  private LaunchTimes times; // null unless a step is being timed
  private Peers peers = Peers.NONE;
  private boolean closed;
  private volatile boolean ended; // the stream is gone; any thread may release resources

  /**
   * Opens a GPU.
   *
   * @param number its number, from 0
   * @throws org.vgg4j.tensor.DeviceUnavailableException when it does not exist or cannot be used
   */
  public static CudaContext open(int number) {
    return Closing.building(owned -> new CudaContext(owned, number));
  }

  private CudaContext(Closing owned, int number) {
    this.owned = owned;
    owned.own(scalars);
    info = GpuInfo.select(cuda, number);
    CURRENT.set(number);
    stream = cuda.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
    current = stream;
    owned.own(this::endStream);
    cudnnHandle = cudnn.cudnnCreate();
    owned.own(() -> cudnn.cudnnDestroy(cudnnHandle));
    cudnn.cudnnSetStream(cudnnHandle, stream);
    cublasLtHandle = cublasLt.cublasLtCreate();
    owned.own(() -> cublasLt.cublasLtDestroy(cublasLtHandle));
  }

  /** CUDA has a current GPU per thread; new memory, events and launches belong to it. */
  private void makeCurrent() {
    if (CURRENT.get() != info.index() && !status.isLost()) {
      cuda.cudaSetDevice(info.index());
      CURRENT.set(info.index());
    }
  }

  /**
   * Makes this GPU current in the calling thread, whatever is thought to be: other code in the
   * thread may have chosen another.
   */
  public void makeCurrentAgain() {
    CURRENT.set(-1);
    makeCurrent();
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

  /** Returns who holds this engine's memory. */
  public MemoryLedger ledger() {
    return ledger;
  }

  /** Returns the runtime's calls, with this GPU current in the calling thread. */
  public CudaCalls cuda() {
    makeCurrent();
    return cuda;
  }

  public CudnnCalls cudnn() {
    return cudnn;
  }

  CublasLtCalls cublasLt() {
    return cublasLt;
  }

  /** Returns the stream for all work; only the owning thread may call this. */
  public CUstream_st stream() {
    if (current.equals(stream)) {
      turn++;
    }
    return ownStream();
  }

  private CUstream_st ownStream() {
    owner.check();
    makeCurrent();
    return current;
  }

  /**
   * Returns the stream for events that only time work: they take no turn, so nothing else changes.
   */
  CUstream_st streamForTiming() {
    return ownStream();
  }

  void beginCapture(CapturedGraph graph) {
    capturing = graph;
  }

  void endCapture() {
    capturing = null;
    enqueueOn(stream);
  }

  /** Returns whether what is enqueued now is captured, to run later. */
  public boolean isCapturing() {
    return capturing != null;
  }

  /** Returns whether {@link #fork} begins a branch: while a graph with branches is captured. */
  public boolean isBranching() {
    return capturing != null && capturing.branches() != null;
  }

  /**
   * Has what is enqueued from now until {@link #resume} run beside what is enqueued after that, up
   * to {@link #join}, or to the end of the capture. Neither may write what the other uses. Outside
   * of a capture with branches these three do nothing: all runs in the order of the calls.
   */
  public void fork(Branch branch) {
    if (isBranching()) {
      enqueueOn(capturing.branches().fork(branch));
    }
  }

  /** Ends a branch's part. */
  public void resume() {
    if (isBranching()) {
      enqueueOn(stream);
    }
  }

  /** Has what is enqueued from now on wait for a branch. */
  public void join(Branch branch) {
    if (isBranching()) {
      capturing.branches().join(branch);
    }
  }

  private void enqueueOn(CUstream_st other) {
    if (!other.equals(current)) {
      if (!status.isLost()) {
        cudnn.cudnnSetStream(cudnnHandle, other);
      }
      current = other; // if cuDNN refuses, it is asked again
    }
  }

  /**
   * Returns a number that grows whenever the stream or a library's handle is asked for, except on a
   * branch, which changes nothing that the others use. While it remains the same, nothing was
   * enqueued, so nothing on the GPU has changed.
   */
  public long turn() {
    return turn;
  }

  /** Says what times launches from now on; null for nothing. */
  public void times(LaunchTimes listener) {
    times = listener;
  }

  /** Returns what times launches, null when nothing does. */
  public LaunchTimes times() {
    return times;
  }

  /** Says who the other ranks of a training are from now on. */
  public void peers(Peers others) {
    peers = others;
  }

  /** Returns the other ranks of a training, {@link Peers#NONE} without any. */
  public Peers peers() {
    return peers;
  }

  Scalars scalars() {
    return scalars;
  }

  /** Returns the handle for all calls of cuDNN; only the owning thread may call this. */
  cudnnContext cudnnHandle() {
    turn++;
    owner.check();
    makeCurrent();
    return cudnnHandle;
  }

  /** As {@link #cudnnHandle}, of cublasLt. */
  cublasLtContext cublasLtHandle() {
    turn++;
    owner.check();
    makeCurrent();
    return cublasLtHandle;
  }

  /**
   * Waits for the GPU before something is released. Any thread may call this, even after closing.
   */
  public void drain() {
    if (!ended) {
      cuda.drain(stream);
    }
  }

  /** Gives up ownership: the next thread that uses the engine owns it. */
  public void release() {
    owner.release();
  }

  /** Waits for all enqueued work. A failure of any of it surfaces here at the latest. */
  public void synchronize() {
    checkOpen();
    cuda.cudaStreamSynchronize(ownStream());
    peers.check();
  }

  public boolean isClosed() {
    return closed;
  }

  /** Throws unless the engine is open and the calling thread owns it. */
  public void checkOpen() {
    owner.check();
    if (closed) {
      throw new IllegalStateException("this engine is closed");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      owned.own(peers);
      try {
        owned.close();
      } finally {
        ledger.logLeaks();
      }
    }
  }
}
