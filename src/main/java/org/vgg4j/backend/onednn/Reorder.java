package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.reorder;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/** A copy of tensors from a layout to another. */
final class Reorder implements AutoCloseable {
  private static final int HALF = 8;

  private final Dnnl context;
  private final Cost cost;
  private final long pixels; // of images whose half pixels are copied in C++
  private final Primitive primitive; // null for those

  /** Plans a copy of the operand {@code role}. */
  Reorder(Dnnl context, String role, OneDnnLayout from, OneDnnLayout to) {
    this.context = context;
    String name = "reorder of " + role;
    Shape shape = from.shape();
    if (CpuLibrary.isLoaded() && isOfHalves(from, to)) {
      pixels = shape.elementCount() / HALF;
      cost = new Cost(name, Cost.CPP, true, from.bytes() + to.bytes(), 0);
      primitive = null;
      return;
    }
    pixels = 0;
    String what = from + " to " + to;
    try (reorder.primitive_desc description =
        Dnnl.create(
            "reorder",
            what,
            () ->
                new reorder.primitive_desc(
                    context.engine(), from.toCopy(to), context.engine(), to.toCopy(from)))) {
      reorder made = Dnnl.create("reorder", what, () -> new reorder(description));
      cost = Cost.reorder(name, description, from.desc(), to.desc());
      primitive =
          new Primitive(
              context, "reorder of " + what, cost, made, dnnl.DNNL_ARG_FROM, dnnl.DNNL_ARG_TO);
    }
  }

  /**
   * Returns whether images of 8 channels in bf16 leave half of each of their pixels empty, and not
   * in the other layout: oneDNN copies them in twice the time that the memory takes.
   */
  private static boolean isOfHalves(OneDnnLayout from, OneDnnLayout to) {
    Shape shape = from.shape();
    DType type = DType.BF16;
    return shape.rank() == 4
        && shape.dim(1) == HALF
        && from.dtype() == type
        && to.dtype() == type
        && from.matches(ImageOrder.BLOCKS_OF_16.desc(shape, type))
        && (to.matches(ImageOrder.NHWC.desc(shape, type))
            || to.matches(ImageOrder.BLOCKS_OF_8.desc(shape, type)));
  }

  /** Returns whether it copies half pixels in C++. */
  boolean isOfHalves() {
    return primitive == null;
  }

  /** Copies a tensor. */
  void run(OneDnnTensor from, OneDnnTensor to) {
    if (!isOfHalves()) {
      primitive.run(from, to);
      return;
    }
    context.checkThread();
    long begun = context.begin();
    CpuLibrary.firstHalves(from.address(), to.address(), pixels);
    context.end(cost, begun);
  }

  @Override
  public void close() {
    if (primitive != null) {
      primitive.close();
    }
  }
}
