package org.vgg4j.tensor;

/** A kind of memory that an engine takes. */
public enum MemorySpace {
  /** What tensors lie in: the GPU's memory; the process's where the engine is on the CPU. */
  DEVICE("device memory"),
  /** Host memory that the GPU reads and writes by itself. */
  PINNED("pinned host memory");

  private final String text;

  MemorySpace(String text) {
    this.text = text;
  }

  /** Returns the name for a person. */
  public String text() {
    return text;
  }
}
