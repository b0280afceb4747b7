package org.vgg4j.backend.onednn;

import java.nio.ByteBuffer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.Layout;

/** Native memory and the tensors in it. */
final class OneDnnArena implements Arena {
  private final Dnnl dnnl;
  private final NativeMemory memory;
  private final Closing views = new Closing();

  OneDnnArena(Dnnl dnnl, long bytes, String owner) {
    this.dnnl = dnnl;
    this.memory = dnnl.take(Math.max(bytes, 1), owner);
  }

  @Override
  public long bytes() {
    return memory.bytes();
  }

  NativeMemory memory() {
    return memory;
  }

  @Override
  public OneDnnTensor tensor(long offsetBytes, Layout layout) {
    OneDnnLayout own = Dnnl.layout(layout);
    if (offsetBytes % ALIGNMENT != 0 || offsetBytes < 0 || own.bytes() > bytes() - offsetBytes) {
      throw new IllegalArgumentException(
          "a tensor of "
              + own.bytes()
              + " bytes at "
              + offsetBytes
              + " is not aligned or does not fit in an arena of "
              + bytes());
    }
    return views.own(new OneDnnTensor(dnnl, memory, offsetBytes, own));
  }

  @Override
  public Elements elements() {
    return new Elements.Host(memory.address(0), memory.bytes());
  }

  @Override
  public ByteBuffer view(long offsetBytes, int length) {
    return memory.view(offsetBytes, length);
  }

  @Override
  public void zero() {
    memory.zero();
  }

  @Override
  public void close() {
    try {
      views.close();
    } finally {
      memory.close();
    }
  }
}
