package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WeightedSpec;

/** What convolutions and linear layers share: the layouts of their weights and their output. */
abstract class ReferenceWeighted extends ReferencePlan implements WeightedPlan {
  final Usage usage;
  final ReferenceLayout xLayout;
  final ReferenceLayout wLayout;
  final ReferenceLayout dwLayout;
  final ReferenceLayout bLayout;
  final ReferenceLayout yLayout;

  /** Takes the layout of x, and of weights that exist already or null. */
  ReferenceWeighted(
      String operation, Types types, WeightedSpec spec, Layout x, Layout givenW, Usage usage) {
    super(operation);
    this.usage = usage;
    xLayout = ReferenceLayout.computable(operation, x);
    wLayout = new ReferenceLayout(spec.w(), types.weight());
    dwLayout = wLayout.as(types.master());
    bLayout = new ReferenceLayout(spec.b(), types.master());
    yLayout = new ReferenceLayout(spec.y(x.shape()), xLayout.dtype());
    checkWeights(operation, givenW, wLayout);
  }

  @Override
  public final Layout w() {
    return wLayout;
  }

  @Override
  public final Layout dw() {
    return dwLayout;
  }

  @Override
  public final Layout y() {
    return yLayout;
  }
}
