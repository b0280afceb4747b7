package org.vgg4j.backend.reference;

import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WindowPlan;

/** What max pooling and local response normalization share: their layouts. */
abstract class ReferenceWindow extends ReferencePlan implements WindowPlan {
  final Usage usage;
  final ReferenceLayout xLayout;
  final ReferenceLayout yLayout;
  final ReferenceLayout savedLayout; // null when planned for inference

  /** Takes the shape of y and saved, and the type of saved. */
  ReferenceWindow(String operation, Layout x, Shape y, DType saved, Usage usage) {
    super(operation);
    this.usage = usage;
    xLayout = ReferenceLayout.computable(operation, x);
    yLayout = new ReferenceLayout(y, xLayout.dtype());
    savedLayout = usage.training() ? new ReferenceLayout(y, saved) : null;
  }

  @Override
  public final Layout y() {
    return yLayout;
  }

  @Override
  public final Layout saved() {
    return savedLayout;
  }

  /** Returns what a forward saves into: null when planned for inference. */
  final ReferenceTensor kept(Tensor saved) {
    if (savedLayout == null) {
      checkAbsent("saved", saved);
      return null;
    }
    return use("saved", saved, savedLayout);
  }
}
