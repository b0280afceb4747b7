package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** A row-major F32 copy of a tensor, for one upload or download in another order or type. */
final class RowMajorCopy implements AutoCloseable {
  private final Dnnl dnnl;
  private final Closing closing = new Closing();
  private final OneDnnTensor tensor;

  RowMajorCopy(Dnnl dnnl, OneDnnLayout of) {
    this.dnnl = dnnl;
    OneDnnLayout plain =
        of.dtype() == DType.F32
            ? of.inOrder(of.plainDesc())
            : OneDnnLayout.plain(of.shape(), DType.F32);
    OneDnnArena arena = closing.own(new OneDnnArena(dnnl, Arena.align(plain.bytes())));
    tensor = arena.tensor(0, plain);
  }

  OneDnnTensor tensor() {
    return tensor;
  }

  void copyTo(OneDnnTensor target) {
    copy(tensor, target);
  }

  void copyFrom(OneDnnTensor source) {
    copy(source, tensor);
  }

  private void copy(OneDnnTensor from, OneDnnTensor to) {
    try (Primitive copy = Reorder.create(dnnl, from.dnnlLayout(), to.dnnlLayout())) {
      copy.run(from, to);
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
