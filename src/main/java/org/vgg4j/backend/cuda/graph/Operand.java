package org.vgg4j.backend.cuda.graph;

import org.vgg4j.tensor.DType;

/**
 * An operand of a plan in memory: (N, C, H, W) stored with the channels innermost; a filter's K is
 * its N.
 *
 * @param name its name in the operation
 */
record Operand(String name, long n, long c, long h, long w, DType type) {
  /** Returns its bytes. */
  long bytes() {
    return n * c * h * w * type.bytes();
  }

  long[] dimensions() {
    return new long[] {n, c, h, w};
  }

  long[] strides() {
    return new long[] {h * w * c, 1, w * c, c};
  }

  String text() {
    return name + " " + n + "x" + c + "x" + h + "x" + w;
  }
}
