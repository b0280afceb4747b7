package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;

/** The tensors that one plan keeps in the shared workspace, side by side. */
final class Scratch implements AutoCloseable {
  private final Dnnl dnnl;
  private long bytes;

  Scratch(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  /** Plans a tensor. */
  Place place(OneDnnLayout layout) {
    if (bytes == 0) {
      dnnl.workspace().begin();
    }
    Place place = new Place(bytes, layout);
    bytes += Arena.align(layout.bytes());
    dnnl.workspace().reserve(bytes);
    return place;
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (bytes > 0) {
      dnnl.workspace().end();
      bytes = 0;
    }
  }

  /** A planned tensor in the workspace. */
  final class Place implements AutoCloseable {
    private final long offset;
    private final OneDnnLayout layout;
    private NativeMemory memory;
    private OneDnnTensor tensor;

    private Place(long offset, OneDnnLayout layout) {
      this.offset = offset;
      this.layout = layout;
    }

    OneDnnTensor tensor() {
      NativeMemory now = dnnl.workspace().memory();
      if (memory != now) {
        close();
        memory = now;
        tensor = dnnl.workspace().tensor(offset, layout);
      }
      return tensor;
    }

    @Override
    public void close() {
      if (tensor != null) {
        tensor.close();
        tensor = null;
        memory = null;
      }
    }
  }
}
