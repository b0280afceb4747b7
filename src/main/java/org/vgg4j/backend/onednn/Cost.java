package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_desc_base;
import org.vgg4j.tensor.OperationTime;

/**
 * What an operation is and what a run of it moves and multiplies.
 *
 * @param name what it computes, for a person
 * @param implementation oneDNN's name for what it chose, or {@link #JAVA}
 * @param conversion whether it only copies values into another order
 * @param bytes of all operands, each once and whole
 * @param multiplyAdds of products
 */
record Cost(String name, String implementation, boolean conversion, long bytes, long multiplyAdds) {
  /** What computes in loops of our own. */
  static final String JAVA = "java";

  /** What computes in {@link CpuLibrary}. */
  static final String CPP = "c++";

  /** A loop in Java over so many bytes, read and written. */
  static Cost loop(String name, long bytes) {
    return new Cost(name, JAVA, false, bytes, 0);
  }

  /** The same in C++. */
  Cost inCpp() {
    return new Cost(name, CPP, conversion, bytes, multiplyAdds);
  }

  /** A copy of values into another order. */
  static Cost reorder(
      String name, primitive_desc_base description, memory.desc from, memory.desc to) {
    return new Cost(name, implementation(description), true, from.get_size() + to.get_size(), 0);
  }

  /** Returns oneDNN's name for its choice: brgconv:avx512_core. */
  static String implementation(primitive_desc_base description) {
    return description.impl_info_str().getString();
  }

  OperationTime time(long nanos) {
    return new OperationTime(name, implementation, conversion, nanos / 1e6, bytes, multiplyAdds);
  }
}
