package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;

/** A row-major copy of a tensor of another order, made for one upload or download. */
final class RowMajorCopy implements AutoCloseable {
  private final Dnnl dnnl;
  private final Closing closing = new Closing();
  private final OneDnnTensor tensor;

  RowMajorCopy(Dnnl dnnl, OneDnnLayout of) {
    this.dnnl = dnnl;
    OneDnnLayout plain = of.plain(of.dtype());
    OneDnnArena arena =
        closing.own(new OneDnnArena(dnnl, Arena.align(plain.bytes()), MemoryOwner.STAGING));
    tensor = arena.tensor(0, plain);
  }

  OneDnnTensor tensor() {
    return tensor;
  }

  void copyTo(OneDnnTensor target) {
    LayoutCopy.run(dnnl, tensor, target);
  }

  void copyFrom(OneDnnTensor source) {
    LayoutCopy.run(dnnl, source, tensor);
  }

  @Override
  public void close() {
    closing.close();
  }
}
