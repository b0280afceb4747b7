package org.vgg4j.backend.cuda.memory;

import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;

/** Looks for NaN and infinity on the GPU, so that weights need not travel to be looked at. */
final class FiniteCheck implements AutoCloseable {
  private static final int BYTES = Integer.BYTES;

  private final BlockingTransfers transfers;
  private final Closing closing = new Closing();
  private final DeviceMemory found;
  private final KernelLaunch kernel;

  FiniteCheck(CudaContext context, Kernels kernels, BlockingTransfers transfers) {
    this.transfers = transfers;
    try {
      found = closing.own(new DeviceMemory(context, BYTES));
      // As many blocks as the GPU runs at once, whatever the tensor.
      kernel =
          closing
              .own(kernels.strided("vgg4j_non_finite", Integer.MAX_VALUE, 4, 3))
              .set(2, found.pointer());
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Waits for the GPU and returns whether all elements of a tensor of F32 are finite. */
  boolean isFinite(CudaTensor x) {
    found.zero();
    kernel.set(0, x.pointer()).set(1, x.shape().elementCount()).launch();
    return transfers.download(found.pointer(), BYTES).getInt(0) == 0;
  }

  @Override
  public void close() {
    closing.close();
  }
}
