package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;

/** What convolutions and linear layers share: the layouts of their weights and their output. */
abstract class ReferenceWeighted extends ReferencePlan {
  final Usage usage;
  final ReferenceLayout xLayout;
  final ReferenceLayout wLayout;
  final ReferenceLayout dwLayout;
  final ReferenceLayout bLayout;
  final ReferenceLayout yLayout;

  /** Takes the layout of x, and of weights that exist already or null. */
  ReferenceWeighted(
      String operation,
      Types types,
      Layout x,
      Layout givenW,
      Shape w,
      Shape b,
      Shape y,
      Usage usage) {
    super(operation);
    this.usage = usage;
    xLayout = ReferenceLayout.computable(operation, x);
    wLayout = new ReferenceLayout(w, types.weight());
    dwLayout = wLayout.as(types.master());
    bLayout = new ReferenceLayout(b, types.master());
    yLayout = new ReferenceLayout(y, xLayout.dtype());
    checkWeights(operation, givenW, wLayout);
  }

  public final Layout w() {
    return wLayout;
  }

  public final Layout dw() {
    return dwLayout;
  }

  public final Layout y() {
    return yLayout;
  }
}
