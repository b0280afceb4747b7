package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.primitive;
import org.vgg4j.tensor.Closing;

/**
 * A oneDNN primitive with its argument list, ready to run. The list keeps its last tensors, so
 * running again on the same ones is a single native call.
 */
final class Primitive implements AutoCloseable {
  private final Dnnl context;
  private final String what;
  private final Cost cost;
  private final Closing closing = new Closing();
  private final dnnl_primitive handle;
  private final dnnl_exec_arg_t list;
  private final dnnl_exec_arg_t[] entries;
  private final OneDnnTensor[] bound;

  /**
   * Takes ownership of the primitive. {@code argumentIds} are its DNNL_ARG_ numbers, in the order
   * in which run() takes tensors.
   */
  Primitive(Dnnl context, String what, Cost cost, primitive primitive, int... argumentIds) {
    this.context = context;
    this.what = what;
    this.cost = cost;
    closing.own(primitive);
    handle = closing.own(primitive.get());
    list = closing.own(new dnnl_exec_arg_t(argumentIds.length));
    entries = new dnnl_exec_arg_t[argumentIds.length];
    bound = new OneDnnTensor[argumentIds.length];
    for (int i = 0; i < argumentIds.length; i++) {
      entries[i] = list.getPointer(i);
      entries[i].arg(argumentIds[i]);
    }
  }

  /** Runs the primitive and waits for it. */
  void run(OneDnnTensor... tensors) {
    for (int i = 0; i < bound.length; i++) {
      if (bound[i] != tensors[i]) {
        entries[i].memory(tensors[i].handle());
        bound[i] = tensors[i];
      }
    }
    long begin = context.begin();
    Dnnl.check(
        dnnl.dnnl_primitive_execute(handle, context.stream(), bound.length, list),
        "dnnl_primitive_execute",
        what);
    context.end(cost, begin);
  }

  @Override
  public void close() {
    closing.close();
  }
}
