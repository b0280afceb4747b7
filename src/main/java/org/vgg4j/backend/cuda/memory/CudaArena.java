package org.vgg4j.backend.cuda.memory;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** A slab of device memory and the tensors in it. */
public final class CudaArena implements Arena {
  private final CudaMemory engine;
  private final DeviceMemory memory;

  private CudaArena(CudaMemory engine, long bytes, String owner) {
    this.engine = engine;
    memory = new DeviceMemory(engine.context(), bytes, owner);
  }

  /** Allocates {@code bytes} zeroed bytes; {@code owner} is what they are for. */
  public static CudaArena zeroed(CudaMemory engine, long bytes, String owner) {
    return Closing.building(
        owned -> {
          CudaArena arena = owned.own(new CudaArena(engine, bytes, owner));
          arena.zero();
          return arena;
        });
  }

  /** Casts a slab to this engine's type. */
  public static CudaArena of(CudaMemory engine, Arena arena) {
    if (arena instanceof CudaArena own && own.engine == engine) {
      return own;
    }
    throw new IllegalArgumentException("a slab of another engine was given to the GPU engine");
  }

  public DeviceMemory memory() {
    return memory;
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  @Override
  public Tensor tensor(long offsetBytes, Layout layout) {
    CudaLayout own = CudaLayout.of(layout);
    memory.checkOpen();
    if (offsetBytes % ALIGNMENT != 0 || offsetBytes < 0 || own.bytes() > bytes() - offsetBytes) {
      throw new IllegalArgumentException(
          "a tensor of "
              + own.bytes()
              + " bytes at "
              + offsetBytes
              + " does not lie aligned in an arena of "
              + bytes());
    }
    return new CudaTensor(engine, memory, offsetBytes, own);
  }

  @Override
  public Elements elements() {
    return new Elements.Device(memory.pointer().address(), memory.bytes());
  }

  @Override
  public void zero() {
    memory.zero();
  }

  @Override
  public void close() {
    memory.close();
  }
}
