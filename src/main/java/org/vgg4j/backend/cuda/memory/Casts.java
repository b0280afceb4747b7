package org.vgg4j.backend.cuda.memory;

import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;

/** Copies on the GPU between tensors of the same order: as they are, rounded or widened. */
final class Casts {
  private final CudaContext context;
  private final KernelLaunch round;
  private final KernelLaunch widen;

  Casts(Closing owner, CudaContext context, Kernels kernels) {
    this.context = context;
    // As many blocks as the GPU runs at once, whatever the tensor's size.
    round = owner.own(kernels.strided("vgg4j_round_bf16", Integer.MAX_VALUE, 4, 3));
    widen = owner.own(kernels.strided("vgg4j_widen_bf16", Integer.MAX_VALUE, 4, 3));
  }

  /** Enqueues the copy, and returns false when the types are not ones that the GPU casts. */
  boolean copy(CudaTensor source, CudaTensor target) {
    DType from = source.dtype();
    DType to = target.dtype();
    long count = target.layout().storedElements();
    Pointer x = source.pointer();
    Pointer y = target.pointer();
    if (!knows(from, to)) {
      return false;
    }
    if (from == to) {
      context
          .cuda()
          .cudaMemcpyAsync(
              y, x, target.layout().bytes(), cudart.cudaMemcpyDeviceToDevice, context.stream());
    } else {
      cast(x, from, y, to, count);
    }
    return true;
  }

  /** Returns whether the GPU casts from one type to another, or need not. */
  static boolean knows(DType from, DType to) {
    return from == to
        || (from == DType.F32 && to == DType.BF16)
        || (from == DType.BF16 && to == DType.F32);
  }

  /** Enqueues the cast of {@code count} elements to another type that the GPU casts to. */
  void cast(Pointer x, DType from, Pointer y, DType to, long count) {
    if (!knows(from, to) || from == to) {
      throw new IllegalArgumentException("the GPU does not cast " + from + " to " + to);
    }
    if (from == DType.F32) {
      round(x, y, count);
    } else {
      widen.set(0, x).set(1, y).set(2, count).launch();
    }
  }

  /** Enqueues rounding {@code count} floats to bf16, to nearest even. */
  void round(Pointer floats, Pointer bf16s, long count) {
    round.set(0, floats).set(1, bf16s).set(2, count).launch();
  }
}
