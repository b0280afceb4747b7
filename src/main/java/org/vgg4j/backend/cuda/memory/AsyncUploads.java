package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/**
 * Copies to the GPU beside the step that runs there: from pinned memory over a second stream
 * straight into the tensor, once the step before has read what stood there. Where the step is a
 * graph, they arrive beside the tensor, and a copy on the GPU brings them there before the next
 * one.
 */
final class AsyncUploads implements AutoCloseable {
  private final CudaContext context;
  private final Closing closing = new Closing();
  private final CUstream_st stream;

  AsyncUploads(CudaContext context) {
    this.context = context;
    stream = context.cuda().cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
    closing.own(() -> context.cuda().cudaStreamDestroy(stream));
    closing.own(() -> context.cuda().drain(stream));
  }

  void upload(PinnedBuffer source, long bytes, CudaTensor target) {
    upload(source, bytes, target.memory(), target.pointer());
  }

  /** Copies to a place in a memory, once the last reader of what stood there is done. */
  void upload(PinnedBuffer source, long bytes, DeviceMemory memory, Pointer place) {
    DeviceMemory arrivals = memory.arrivals();
    if (arrivals == null) {
      bring(source, bytes, memory, place);
      return;
    }
    bring(source, bytes, arrivals, arrivals.pointer());
    context
        .cuda()
        .cudaMemcpyAsync(
            place, arrivals.pointer(), bytes, cudart.cudaMemcpyDeviceToDevice, context.stream());
    arrivals.lastRead();
  }

  private void bring(PinnedBuffer source, long bytes, DeviceMemory memory, Pointer place) {
    context.cuda().cudaStreamWaitEvent(stream, memory.awaitedBeforeUpload());
    CUevent_st arrived = source.copyTo(place, bytes, stream);
    context.cuda().cudaStreamWaitEvent(context.stream(), arrived);
  }

  @Override
  public void close() {
    closing.close();
  }
}
