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

  /** Has the engine's later work wait for what is on a stream now. */
  public void waitFor(long stream) {
    order(checked(stream), context.stream());
  }

  /** Has what is put on a stream from now on wait for the engine's work so far. */
  public void haveWait(long stream) {
    order(context.stream(), checked(stream));
  }

  /** Events recorded or awaited in a capture belong to the graph and order nothing outside it. */
  private CUstream_st checked(long stream) {
    context.makeCurrentAgain();
    CUstream_st checked = of(stream);
    if (context.cuda().cudaStreamIsCapturing(checked)) {
      throw InvalidInputException.of(
          "stream", "must not be in a capture: end that of 0x%x first".formatted(stream));
    }
    return checked;
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
