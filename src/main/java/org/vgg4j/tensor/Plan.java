package org.vgg4j.tensor;

/**
 * One operation at fixed shapes and layouts: built once (descriptors, algorithm), run every step.
 * Running it allocates nothing. An operation overwrites its outputs and touches nothing else;
 * outputs must not overlap inputs unless a method says so.
 */
public interface Plan extends AutoCloseable {
  /** Returns the bytes of the engine's shared workspace that a run needs; most need none. */
  default long workspaceBytes() {
    return 0;
  }

  @Override
  void close();
}
