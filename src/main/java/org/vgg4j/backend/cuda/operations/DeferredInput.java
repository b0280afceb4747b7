package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.backend.cuda.memory.WorkspaceRegions;
import org.vgg4j.tensor.Closing;

/** A convolution's input whose batch norm and ReLU were left to the convolution. */
final class DeferredInput {
  private final CudaLayout layout;
  private final KernelLaunch apply;
  private final WorkspaceRegions.Region values;
  private CudaTensor bound; // the pointers below lie in it
  private Pointer scale;
  private Pointer shift;

  DeferredInput(Closing owned, CudaDevice device, CudaLayout x, WorkspaceRegions regions) {
    layout = x;
    values = regions.region(x.asValues().bytes());
    apply = owned.own(PointwiseKernels.norm(device.kernels(), x, true));
  }

  /** Adds the work of {@link #values}. */
  void work(PlanWork all) {
    all.apply("norm again", layout.asValues());
  }

  /** Takes the tensor of the next call; only a new tensor creates new pointers. */
  void bind(CudaTensor x) {
    x.pointer(); // throws if its memory is closed
    if (x != bound) {
      scale = x.at(layout.scaleOffset());
      shift = x.at(layout.shiftOffset());
      bound = x;
    }
  }

  Pointer scale() {
    return scale;
  }

  Pointer shift() {
    return shift;
  }

  /** Computes the values of the bound tensor in the workspace and returns their address. */
  Pointer values() {
    Pointer target = values.pointer();
    apply.set(0, bound.pointer()).set(1, target).set(2, scale).set(3, shift).launch();
    return target;
  }
}
