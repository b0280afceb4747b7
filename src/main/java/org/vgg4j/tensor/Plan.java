package org.vgg4j.tensor;

import java.util.List;

/**
 * One operation at fixed shapes and layouts: built once, run every step. Running it allocates
 * nothing. An operation overwrites its outputs and touches nothing else; outputs must not overlap
 * inputs unless a method says so.
 */
public interface Plan extends AutoCloseable {
  /** Returns the bytes of the engine's shared workspace that a run needs; most need none. */
  default long workspaceBytes() {
    return 0;
  }

  /**
   * Returns what a training step does in this plan, in order; what was planned for inference
   * returns its forward. Empty where the engine does not count it.
   */
  default List<Work> work() {
    return List.of();
  }

  @Override
  void close();
}
