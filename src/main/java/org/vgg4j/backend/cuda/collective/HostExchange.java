package org.vgg4j.backend.cuda.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.backend.cuda.calls.CudaCalls;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.NcclCalls;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.backend.cuda.memory.PinnedMemory;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/** Bytes of the host between the ranks, through a buffer on the GPU that grows as it must. */
final class HostExchange implements AutoCloseable {
  private static final int FIRST_BYTES = 4096;

  private final CudaContext context;
  private final Communicator communicator;
  private final Watch watch;
  private final CUstream_st stream;
  private DeviceMemory device; // null before the first use
  private PinnedMemory pinned;

  HostExchange(CudaContext context, Communicator communicator, Watch watch, CUstream_st stream) {
    this.context = context;
    this.communicator = communicator;
    this.watch = watch;
    this.stream = stream;
  }

  /**
   * Brings bytes of every rank to every rank, and waits.
   *
   * @param own this rank's, as many as each has, at least one
   * @return those of all, rank by rank; valid until the next call
   */
  ByteBuffer gather(byte[] own, int rank, int world) {
    int bytes = own.length;
    int all = Math.multiplyExact(bytes, world);
    int at = rank * bytes;
    take(all);
    pinned.bytes().put(at, own);
    upload(at, bytes);
    communicator.enqueue(
        "ncclAllGather",
        to -> NcclCalls.ncclAllGather(device.at(at), device.pointer(), bytes, to, stream));
    return download(all);
  }

  /**
   * Brings bytes of rank 0 to every rank, and waits.
   *
   * @param own rank 0's, null elsewhere
   * @param bytes how many there are, at least one
   * @return the bytes; valid until the next call
   */
  ByteBuffer broadcast(byte[] own, int bytes) {
    take(bytes);
    if (own != null) {
      pinned.bytes().put(0, own);
      upload(0, bytes);
    }
    communicator.enqueue(
        "ncclBroadcast",
        to -> NcclCalls.ncclBroadcast(device.pointer(), bytes, DType.U8, to, stream));
    return download(bytes);
  }

  private void upload(int at, int bytes) {
    context
        .cuda()
        .cudaMemcpyAsync(
            device.at(at),
            DeviceMemory.at(pinned.pointer(), at),
            bytes,
            cudart.cudaMemcpyHostToDevice,
            stream);
  }

  private ByteBuffer download(int bytes) {
    CudaCalls cuda = context.cuda();
    cuda.cudaMemcpyAsync(
        pinned.pointer(), device.pointer(), bytes, cudart.cudaMemcpyDeviceToHost, stream);
    watch.mark(stream);
    cuda.cudaStreamSynchronize(stream);
    communicator.check();
    return pinned.bytes().slice(0, bytes).order(ByteOrder.nativeOrder());
  }

  /** As many bytes as were asked for last, or more; what they hold is lost when they move. */
  private void take(int bytes) {
    if (pinned == null || pinned.bytes().capacity() < bytes) {
      int taken = Math.max(FIRST_BYTES, bytes);
      close();
      device = new DeviceMemory(context, taken, MemoryOwner.STAGING);
      pinned = new PinnedMemory(context, taken, MemoryOwner.STAGING);
    }
  }

  @Override
  public void close() {
    PinnedMemory oldPinned = pinned;
    DeviceMemory oldDevice = device;
    pinned = null;
    device = null;
    if (oldPinned != null) {
      oldPinned.close();
    }
    if (oldDevice != null) {
      oldDevice.close();
    }
  }
}
