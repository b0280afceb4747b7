package org.vgg4j.backend.cuda.memory;

import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/** Looks for NaN and infinity on the GPU, so that weights need not be downloaded. */
final class FiniteCheck {
  private static final int BYTES = Integer.BYTES;

  private final BlockingTransfers transfers;
  private final DeviceMemory found;
  private final KernelLaunch floats;
  private final KernelLaunch bf16s;

  FiniteCheck(Closing owner, CudaContext context, Kernels kernels, BlockingTransfers transfers) {
    this.transfers = transfers;
    found = owner.own(new DeviceMemory(context, BYTES, MemoryOwner.SCRATCH));
    floats = owner.own(launch(kernels, DType.F32));
    bf16s = owner.own(launch(kernels, DType.BF16));
  }

  /** As many blocks as the GPU runs at once, whatever the tensor's size. */
  private KernelLaunch launch(Kernels kernels, DType type) {
    return kernels
        .strided(Kernels.typed("vgg4j_non_finite", type), Integer.MAX_VALUE, 4, 3)
        .set(2, found.pointer());
  }

  /** Waits for the GPU and returns whether all elements of a tensor of F32 or BF16 are finite. */
  boolean isFinite(CudaTensor x) {
    found.zero();
    (x.dtype() == DType.F32 ? floats : bf16s)
        .set(0, x.pointer())
        .set(1, x.layout().storedElements())
        .launch();
    return transfers.download(found.pointer(), BYTES).getInt(0) == 0;
  }
}
