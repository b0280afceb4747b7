package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.reorder;

/** Copies between layouts. */
final class Reorder {
  private Reorder() {}

  /** Plans a copy of the operand {@code role}. */
  static Primitive create(Dnnl context, String role, OneDnnLayout from, OneDnnLayout to) {
    String what = "reorder of " + from + " to " + to;
    try (reorder.primitive_desc description =
        Dnnl.create(
            "reorder",
            from + " to " + to,
            () ->
                new reorder.primitive_desc(
                    context.engine(), from.toCopy(to), context.engine(), to.toCopy(from)))) {
      reorder made = Dnnl.create("reorder", from + " to " + to, () -> new reorder(description));
      Cost cost = Cost.reorder("reorder of " + role, description, from.desc(), to.desc());
      return new Primitive(context, what, cost, made, dnnl.DNNL_ARG_FROM, dnnl.DNNL_ARG_TO);
    }
  }
}
