package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Shape;

/**
 * Row-major copies of a tensor of another order, made for an upload or a download: slices along its
 * first axis, one at a time, since the largest weights are hundreds of MB.
 */
final class RowMajorSlices {
  /** About the bytes of a slice. */
  private static final long BYTES = 4L << 20;

  /** Works on a copy of what begins with an element. */
  interface Work {
    void run(OneDnnTensor copy, int begin);
  }

  private interface Each {
    void run(OneDnnTensor slice, OneDnnTensor copy, int begin);
  }

  private RowMajorSlices() {}

  /** Has each slice written row-major, and copies it to a tensor. */
  static void write(Dnnl dnnl, OneDnnTensor target, Work work) {
    run(
        dnnl,
        target,
        (slice, copy, begin) -> {
          work.run(copy, begin);
          LayoutCopy.run(dnnl, copy, slice);
        });
  }

  /** Copies each slice of a tensor, and has it read row-major. */
  static void read(Dnnl dnnl, OneDnnTensor source, Work work) {
    run(
        dnnl,
        source,
        (slice, copy, begin) -> {
          LayoutCopy.run(dnnl, slice, copy);
          work.run(copy, begin);
        });
  }

  private static void run(Dnnl dnnl, OneDnnTensor tensor, Each work) {
    OneDnnLayout layout = tensor.dnnlLayout();
    Shape shape = layout.shape();
    int rows = shape.dim(0);
    int elements = shape.arrayLength() / rows; // of a row
    int block = layout.rowsOfBlock(); // a slice must begin with a block
    long fitting = BYTES / ((long) elements * layout.dtype().bytes()) / block * block;
    // What is transformed is not divided; convolutions' filters are small enough.
    int step = layout.filters() != null ? rows : (int) Math.min(rows, Math.max(block, fitting));
    OneDnnLayout largest = layout.slice(0, step).plain(layout.dtype());
    try (OneDnnArena arena =
        new OneDnnArena(dnnl, Arena.align(largest.bytes()), MemoryOwner.STAGING)) {
      for (int begin = 0; begin < rows; begin += step) {
        OneDnnLayout own = layout.slice(begin, Math.min(step, rows - begin));
        try (OneDnnTensor slice = tensor.in(own)) {
          work.run(slice, arena.tensor(0, own.plain(own.dtype())), begin * elements);
        }
      }
    }
  }
}
