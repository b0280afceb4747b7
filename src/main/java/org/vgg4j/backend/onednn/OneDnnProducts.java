package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.vgg4j.tensor.Usage;

/** Products by oneDNN's convolutions in groups, of parts that are all of one size. */
final class OneDnnProducts implements Products {
  private static final long[] STRIDES = {1, 1};

  private final OneDnnPlan plan;
  private final WinogradShape shape;
  private final OneDnnLayout x;
  private final OneDnnLayout y;
  private final OneDnnLayout transformedW;
  private final OneDnnLayout flippedW;
  private final OneDnnLayout biases; // null without a bias
  private final long[] padding;
  private final Operation forward;
  private final Operation data; // null when not asked for
  private final Operation weights; // null when planned for inference

  /**
   * Plans products.
   *
   * @param w the layout of the forward's filters
   * @param hasBias whether they add biases
   */
  OneDnnProducts(
      OneDnnPlan plan, WinogradShape shape, OneDnnLayout w, boolean hasBias, Usage usage) {
    this.plan = plan;
    this.shape = shape;
    x = shape.transformedX();
    y = shape.transformedY();
    transformedW = shape.transformedW();
    flippedW = shape.transformedFlippedW();
    biases = hasBias ? shape.biases() : null;
    padding = new long[] {0, shape.taps() / 2};
    try (convolution_forward.primitive_desc description = plan.describe("", () -> forward(usage))) {
      forward =
          plan.operation("", description)
              .multiplyAdds(shape.multiplyAdds(shape.largest()))
              .direct(dnnl.DNNL_ARG_SRC, "x", x)
              .direct(dnnl.DNNL_ARG_WEIGHTS, "w", w)
              .direct(dnnl.DNNL_ARG_BIAS, "b", biases)
              .direct(dnnl.DNNL_ARG_DST, "y", y)
              .build();
      data = usage.training() && usage.inputGradient() ? planData(description) : null;
      weights = usage.weightGradients() ? planWeights(description) : null;
    }
  }

  private memory.desc bias() {
    return biases == null ? new memory.desc() : biases.desc();
  }

  private convolution_forward.primitive_desc forward(Usage usage) {
    try (primitive_attr attributes = Dnnl.attributes(false)) {
      return new convolution_forward.primitive_desc(
          plan.context().engine(),
          OneDnnPlan.forwardKind(usage),
          dnnl.algorithm.convolution_direct,
          x.desc(),
          transformedW.desc(),
          bias(),
          y.desc(),
          STRIDES,
          padding,
          padding,
          attributes,
          false);
    }
  }

  private Operation planData(convolution_forward.primitive_desc hint) {
    try (convolution_backward_data.primitive_desc description =
        plan.describe(
            " data gradient",
            () ->
                new convolution_backward_data.primitive_desc(
                    plan.context().engine(),
                    dnnl.algorithm.convolution_direct,
                    x.desc(),
                    flippedW.desc(),
                    y.desc(),
                    STRIDES,
                    padding,
                    padding,
                    hint))) {
      return plan.operation(" data gradient", description)
          .multiplyAdds(shape.multiplyAdds(shape.largest()))
          .direct(dnnl.DNNL_ARG_WEIGHTS, "w", flippedW)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", y)
          .direct(dnnl.DNNL_ARG_DIFF_SRC, "dx", x)
          .build();
    }
  }

  private Operation planWeights(convolution_forward.primitive_desc hint) {
    try (convolution_backward_weights.primitive_desc description =
        plan.describe(
            " weights gradient",
            () ->
                new convolution_backward_weights.primitive_desc(
                    plan.context().engine(),
                    dnnl.algorithm.convolution_direct,
                    x.desc(),
                    transformedW.desc(),
                    bias(),
                    y.desc(),
                    STRIDES,
                    padding,
                    padding,
                    hint))) {
      return plan.operation(" weights gradient", description)
          .multiplyAdds(shape.multiplyAdds(shape.largest()))
          .direct(dnnl.DNNL_ARG_SRC, "x", x)
          .direct(dnnl.DNNL_ARG_DIFF_DST, "dy", y)
          .direct(dnnl.DNNL_ARG_DIFF_WEIGHTS, "dw", transformedW)
          .direct(dnnl.DNNL_ARG_DIFF_BIAS, "db", biases)
          .build();
    }
  }

  @Override
  public void forward(
      Tiles.Part part,
      OneDnnTensor xTensor,
      OneDnnTensor wTensor,
      OneDnnTensor bTensor,
      OneDnnTensor yTensor) {
    forward.run(xTensor, wTensor, bTensor, yTensor);
  }

  @Override
  public void data(Tiles.Part part, OneDnnTensor flipped, OneDnnTensor dy, OneDnnTensor dx) {
    data.run(flipped, dy, dx);
  }

  @Override
  public void weights(
      Tiles.Part part,
      OneDnnTensor xTensor,
      OneDnnTensor dy,
      OneDnnTensor dw,
      OneDnnTensor db,
      boolean add) {
    weights.run(xTensor, dy, dw, db);
  }

  @Override
  public boolean addUp() {
    return false;
  }
}
