package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Arena;

/**
 * The tensors that one plan keeps in the shared workspace: those of the plan side by side, then
 * those of its operations, each of which has the same memory.
 */
final class Scratch implements AutoCloseable {
  private final Dnnl dnnl;
  private long ofPlan; // bytes
  private long ofOperations; // bytes, the most of one
  private long ofOperation; // bytes so far; -1 while none is planned

  Scratch(Dnnl dnnl) {
    this.dnnl = dnnl;
    endOperation();
  }

  /** What is planned from now on is of one operation, which leaves nothing there. */
  void beginOperation() {
    ofOperation = 0;
  }

  /** What is planned from now on is of the plan. */
  void endOperation() {
    ofOperation = -1;
  }

  /** Plans a tensor. */
  Place place(OneDnnLayout layout) {
    if (bytes() == 0) {
      dnnl.workspace().begin();
    }
    long size = Arena.align(layout.bytes());
    boolean isOfPlan = ofOperation < 0;
    Place place = new Place(isOfPlan, isOfPlan ? ofPlan : ofOperation, layout);
    if (isOfPlan) {
      ofPlan += size;
    } else {
      ofOperation += size;
      ofOperations = Math.max(ofOperations, ofOperation);
    }
    dnnl.workspace().reserve(bytes());
    return place;
  }

  long bytes() {
    return ofPlan + ofOperations;
  }

  @Override
  public void close() {
    if (bytes() > 0) {
      dnnl.workspace().end();
      ofPlan = 0;
      ofOperations = 0;
    }
  }

  /** A planned tensor in the workspace. */
  final class Place implements AutoCloseable {
    private final boolean isOfPlan;
    private final long offset; // among those of its kind
    private final OneDnnLayout layout;
    private NativeMemory memory;
    private OneDnnTensor tensor;

    private Place(boolean isOfPlan, long offset, OneDnnLayout layout) {
      this.isOfPlan = isOfPlan;
      this.offset = offset;
      this.layout = layout;
    }

    /** Returns a place in the same memory for a tensor of another layout and no more bytes. */
    Place as(OneDnnLayout other) {
      return new Place(isOfPlan, offset, other);
    }

    OneDnnTensor tensor() {
      NativeMemory now = dnnl.workspace().memory();
      if (memory != now) {
        close();
        memory = now;
        tensor = dnnl.workspace().tensor(isOfPlan ? offset : ofPlan + offset, layout);
      }
      return tensor;
    }

    @Override
    public void close() {
      if (tensor != null) {
        tensor.close();
        tensor = null;
        memory = null;
      }
    }
  }
}
