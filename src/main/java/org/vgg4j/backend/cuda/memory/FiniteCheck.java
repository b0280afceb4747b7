package org.vgg4j.backend.cuda.memory;

import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;

/** Looks for NaN and infinity on the GPU, so that weights need not be downloaded. */
final class FiniteCheck {
  private static final int BYTES = Integer.BYTES;

  private final BlockingTransfers transfers;
  private final DeviceMemory found;
  private final KernelLaunch kernel;

  FiniteCheck(Closing owner, CudaContext context, Kernels kernels, BlockingTransfers transfers) {
    this.transfers = transfers;
    found = owner.own(new DeviceMemory(context, BYTES));
    // As many blocks as the GPU runs at once, whatever the tensor's size.
    kernel =
        owner
            .own(kernels.strided("vgg4j_non_finite", Integer.MAX_VALUE, 4, 3))
            .set(2, found.pointer());
  }

  /** Waits for the GPU and returns whether all elements of a tensor of F32 are finite. */
  boolean isFinite(CudaTensor x) {
    found.zero();
    kernel.set(0, x.pointer()).set(1, x.shape().elementCount()).launch();
    return transfers.download(found.pointer(), BYTES).getInt(0) == 0;
  }
}
