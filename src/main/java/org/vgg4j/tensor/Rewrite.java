package org.vgg4j.tensor;

/** Writes an output again that was not kept, bit for bit as the last training forward did. */
@FunctionalInterface
public interface Rewrite {
  /** Overwrites a tensor of the output's layout with the output. */
  void into(Tensor y);
}
