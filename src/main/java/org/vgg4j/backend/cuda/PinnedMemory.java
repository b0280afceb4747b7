package org.vgg4j.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.bytedeco.javacpp.Pointer;

/** Host memory that the GPU copies from and to by itself. */
final class PinnedMemory implements AutoCloseable {
  private final CudaDevice device;
  private final Pointer block;
  private final ByteBuffer bytes;
  private final FloatBuffer floats;
  private final IntBuffer ints;

  PinnedMemory(CudaDevice device, int size) {
    this.device = device;
    block = device.cuda().cudaMallocHost(size);
    block.capacity(size);
    bytes = block.asByteBuffer().order(ByteOrder.nativeOrder());
    floats = bytes.asFloatBuffer();
    ints = bytes.asIntBuffer();
  }

  Pointer pointer() {
    return block;
  }

  int size() {
    return bytes.capacity();
  }

  ByteBuffer bytes() {
    return bytes;
  }

  FloatBuffer floats() {
    return floats;
  }

  IntBuffer ints() {
    return ints;
  }

  @Override
  public void close() {
    device.cuda().cudaFreeHost(block);
  }
}
