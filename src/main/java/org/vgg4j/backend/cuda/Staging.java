package org.vgg4j.backend.cuda;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;

/**
 * Copies between Java arrays and the GPU that are done when they return, by pieces through one
 * pinned buffer. For what happens outside a training step.
 */
final class Staging implements AutoCloseable {
  private static final int BYTES = 4 << 20;
  private static final int ELEMENTS = BYTES / Float.BYTES;

  private final CudaDevice device;
  private final PinnedMemory pinned;

  Staging(CudaDevice device) {
    this.device = device;
    pinned = new PinnedMemory(device, BYTES);
  }

  void upload(float[] source, int start, int count, CudaTensor target) {
    for (int done = 0; done < count; done += ELEMENTS) {
      int piece = Math.min(ELEMENTS, count - done);
      pinned.floats().put(0, source, start + done, piece);
      up(target, done, piece);
    }
  }

  void upload(int[] source, int start, int count, CudaTensor target) {
    for (int done = 0; done < count; done += ELEMENTS) {
      int piece = Math.min(ELEMENTS, count - done);
      pinned.ints().put(0, source, start + done, piece);
      up(target, done, piece);
    }
  }

  void download(CudaTensor source, float[] target) {
    for (int done = 0; done < target.length; done += ELEMENTS) {
      int piece = Math.min(ELEMENTS, target.length - done);
      down(source.at((long) done * Float.BYTES), (long) piece * Float.BYTES);
      pinned.floats().get(0, target, done, piece);
    }
  }

  void download(CudaTensor source, int[] target) {
    for (int done = 0; done < target.length; done += ELEMENTS) {
      int piece = Math.min(ELEMENTS, target.length - done);
      down(source.at((long) done * Integer.BYTES), (long) piece * Integer.BYTES);
      pinned.ints().get(0, target, done, piece);
    }
  }

  /** Returns the first bytes of something small; valid until the next copy. */
  ByteBuffer download(Pointer source, long bytes) {
    down(source, bytes);
    return pinned.bytes();
  }

  private void up(CudaTensor target, int done, int piece) {
    copy(
        target.at((long) done * Float.BYTES),
        pinned.pointer(),
        (long) piece * Float.BYTES,
        cudart.cudaMemcpyHostToDevice);
  }

  private void down(Pointer source, long bytes) {
    copy(pinned.pointer(), source, bytes, cudart.cudaMemcpyDeviceToHost);
  }

  private void copy(Pointer to, Pointer from, long bytes, int kind) {
    CUstream_st stream = device.stream();
    device.cuda().cudaMemcpyAsync(to, from, bytes, kind, stream);
    device.cuda().cudaStreamSynchronize(stream);
  }

  @Override
  public void close() {
    pinned.close();
  }
}
