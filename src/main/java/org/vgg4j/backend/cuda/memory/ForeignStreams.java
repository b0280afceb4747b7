package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.InvalidInputException;

/** Order between the engine's stream and streams of other code on the same GPU. */
public final class ForeignStreams implements AutoCloseable {
  private final CudaContext context;
  private CUevent_st reached; // null before the first use

  ForeignStreams(CudaContext context) {
    this.context = context;
  }

  /** Returns a stream by its address; 0 is CUDA's default stream. */
  public static CUstream_st of(long address) {
    return new CUstream_st(DeviceMemory.at(new Pointer(), address));
  }

  /**
   * Has the engine's later work wait for what is on a stream now.
   *
   * @throws InvalidInputException when the stream is being captured
   */
  public void waitFor(long stream) {
    order(notCaptured(stream), context.stream());
  }

  /**
   * Has what is put on a stream from now on wait for the engine's work so far.
   *
   * @throws InvalidInputException when the stream is being captured
   */
  public void haveWait(long stream) {
    CUstream_st then = notCaptured(stream);
    order(context.stream(), then);
  }

  /**
   * An event of a captured stream would draw the engine's own stream into the capture, and one of
   * the engine's would end the capture.
   */
  private CUstream_st notCaptured(long stream) {
    context.makeCurrentAgain();
    CUstream_st other = of(stream);
    if (context.cuda().cudaStreamIsCapturing(other)) {
      throw InvalidInputException.of(
          "stream",
          (stream == 0 ? "0, the default, waits for one that" : "0x" + Long.toHexString(stream))
              + " is being captured as a CUDA graph, which the engine's work cannot be part of:"
              + " call before the capture begins or after it ends");
    }
    return other;
  }

  private void order(CUstream_st first, CUstream_st then) {
    if (reached == null) {
      reached = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    }
    context.cuda().cudaEventRecord(reached, first);
    context.cuda().cudaStreamWaitEvent(then, reached);
  }

  @Override
  public void close() {
    if (reached != null) {
      CUevent_st last = reached;
      reached = null;
      context.cuda().cudaEventDestroy(last);
    }
  }
}
