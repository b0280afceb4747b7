package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;

/**
 * Blocking copies between Java arrays and the GPU, in pieces through one pinned buffer. For use
 * outside a training step.
 */
public final class BlockingTransfers implements AutoCloseable {
  private static final int BYTES = 4 << 20;

  private final CudaContext context;
  private final PinnedMemory pinned;

  BlockingTransfers(CudaContext context) {
    this.context = context;
    pinned = new PinnedMemory(context, BYTES);
  }

  /** Moves the elements from {@code first} on between an array and the pinned buffer. */
  private interface Piece {
    void move(int first, int count);
  }

  void upload(float[] source, int start, int count, CudaTensor target) {
    up(target, count, (at, n) -> pinned.floats().put(0, source, start + at, n));
  }

  void upload(int[] source, int start, int count, CudaTensor target) {
    up(target, count, (at, n) -> pinned.ints().put(0, source, start + at, n));
  }

  void upload(long[] source, CudaTensor target) {
    up(target, source.length, (at, n) -> pinned.bytes().asLongBuffer().put(0, source, at, n));
  }

  void upload(byte[] source, int start, int count, CudaTensor target) {
    up(target, count, (at, n) -> pinned.bytes().put(0, source, start + at, n));
  }

  void download(CudaTensor source, float[] target) {
    down(source, target.length, (at, n) -> pinned.floats().get(0, target, at, n));
  }

  void download(CudaTensor source, int[] target) {
    down(source, target.length, (at, n) -> pinned.ints().get(0, target, at, n));
  }

  void download(CudaTensor source, long[] target) {
    down(source, target.length, (at, n) -> pinned.bytes().asLongBuffer().get(0, target, at, n));
  }

  void download(CudaTensor source, byte[] target) {
    down(source, target.length, (at, n) -> pinned.bytes().get(0, target, at, n));
  }

  /** Downloads a few bytes; the result is valid until the next copy. */
  public ByteBuffer download(Pointer source, long bytes) {
    copy(pinned.pointer(), source, bytes, cudart.cudaMemcpyDeviceToHost);
    return pinned.bytes();
  }

  /** Returns the buffer for a few bytes, to fill for {@link #upload(Pointer, long)}. */
  public ByteBuffer small(int bytes) {
    return pinned.bytes().slice(0, bytes).order(pinned.bytes().order());
  }

  /** Copies the first bytes of the buffer to the GPU. */
  public void upload(Pointer target, long bytes) {
    copy(target, pinned.pointer(), bytes, cudart.cudaMemcpyHostToDevice);
  }

  private void up(CudaTensor target, int count, Piece piece) {
    int size = target.dtype().bytes();
    int most = BYTES / size;
    for (int first = 0; first < count; first += most) {
      int n = Math.min(most, count - first);
      piece.move(first, n);
      Pointer to = target.at((long) first * size);
      copy(to, pinned.pointer(), (long) n * size, cudart.cudaMemcpyHostToDevice);
    }
  }

  private void down(CudaTensor source, int count, Piece piece) {
    int size = source.dtype().bytes();
    int most = BYTES / size;
    for (int first = 0; first < count; first += most) {
      int n = Math.min(most, count - first);
      Pointer from = source.at((long) first * size);
      copy(pinned.pointer(), from, (long) n * size, cudart.cudaMemcpyDeviceToHost);
      piece.move(first, n);
    }
  }

  private void copy(Pointer to, Pointer from, long bytes, int kind) {
    CUstream_st stream = context.stream();
    context.cuda().cudaMemcpyAsync(to, from, bytes, kind, stream);
    context.cuda().cudaStreamSynchronize(stream);
  }

  @Override
  public void close() {
    pinned.close();
  }
}
