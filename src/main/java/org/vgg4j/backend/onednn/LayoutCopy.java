package org.vgg4j.backend.onednn;

import java.util.function.Consumer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.MemoryOwner;

/** Copies a tensor from one layout to another, for an upload or a download. */
final class LayoutCopy {
  private LayoutCopy() {}

  static void run(Dnnl dnnl, OneDnnTensor from, OneDnnTensor to) {
    OneDnnLayout source = from.dnnlLayout();
    OneDnnLayout target = to.dnnlLayout();
    if (target.filters() != null) {
      FilterTransform transform = FilterTransform.of(dnnl, target);
      through(
          dnnl,
          target.filters(),
          filters -> {
            reorder(dnnl, from, filters);
            transform.transform(RowTransform.FILTER, filters.address(), to.address());
          });
    } else if (source.filters() != null) {
      FilterTransform transform = FilterTransform.of(dnnl, source);
      through(
          dnnl,
          source.filters(),
          filters -> {
            transform.back(RowTransform.FILTER_BACK, from.address(), filters.address(), false);
            reorder(dnnl, filters, to);
          });
    } else {
      reorder(dnnl, from, to);
    }
  }

  private static void reorder(Dnnl dnnl, OneDnnTensor from, OneDnnTensor to) {
    try (Reorder copy = new Reorder(dnnl, "a tensor", from.dnnlLayout(), to.dnnlLayout())) {
      copy.run(from, to);
    }
  }

  /** Has something done with a tensor that is there as long. */
  private static void through(Dnnl dnnl, OneDnnLayout layout, Consumer<OneDnnTensor> work) {
    try (OneDnnArena arena =
        new OneDnnArena(dnnl, Arena.align(layout.bytes()), MemoryOwner.STAGING)) {
      work.accept(arena.tensor(0, layout));
    }
  }
}
