package org.vgg4j.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Closing;

/**
 * Another library on CUDA in the same process: it has memory, pinned memory and a stream of its
 * own, and waits for nothing but its own stream. CUDA's libraries must be loaded.
 */
public final class OtherLibrary implements AutoCloseable {
  private final Closing closing = new Closing();
  private final CUstream_st stream = new CUstream_st();

  public OtherLibrary() {
    this(cudart.cudaStreamNonBlocking);
  }

  /** Creates one whose stream has these flags. */
  OtherLibrary(int flags) {
    check(cudart.cudaStreamCreateWithFlags(stream, flags));
    closing.own(() -> check(cudart.cudaStreamDestroy(stream)));
  }

  private static void check(int status) {
    if (status != 0) {
      throw new IllegalStateException("CUDA's status " + status);
    }
  }

  /** Returns the stream. */
  public CUstream_st stream() {
    return stream;
  }

  /** Takes memory on the thread's current GPU. */
  public Pointer memory(long bytes) {
    Pointer memory = new Pointer();
    check(cudart.cudaMalloc(memory, bytes));
    closing.own(() -> check(cudart.cudaFree(memory)));
    return memory;
  }

  /** Returns an address of memory that is freed already. */
  static Pointer freed(long bytes) {
    Pointer memory = new Pointer();
    check(cudart.cudaMalloc(memory, bytes));
    check(cudart.cudaFree(memory));
    return memory;
  }

  /** Takes pinned memory of the host. */
  public Pointer pinned(long bytes) {
    Pointer memory = new Pointer();
    check(cudart.cudaMallocHost(memory, bytes));
    closing.own(() -> check(cudart.cudaFreeHost(memory)));
    return memory;
  }

  /** Returns the bytes of pinned memory, in the machine's order. */
  public static ByteBuffer bytes(Pointer pinned, long bytes) {
    return pinned.capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** Puts a copy between host and GPU, or on the GPU, on the library's stream. */
  public void copy(Pointer to, Pointer from, long bytes) {
    check(cudart.cudaMemcpyAsync(to, from, bytes, cudart.cudaMemcpyDefault, stream));
  }

  /** Begins to capture the library's stream. */
  void beginCapture() {
    check(cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeThreadLocal));
  }

  /** Ends the capture, which nothing may have disturbed. */
  void endCapture() {
    CUgraph_st graph = new CUgraph_st();
    check(cudart.cudaStreamEndCapture(stream, graph));
    check(cudart.cudaGraphDestroy(graph));
  }

  /** Waits for the library's stream. */
  public void await() {
    check(cudart.cudaStreamSynchronize(stream));
  }

  @Override
  public void close() {
    closing.close();
  }
}
