package org.vgg4j.backend.cuda.memory;

import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;

/**
 * An engine's memory on the GPU: what all its tensors and plans share to move and look at values.
 */
public final class CudaMemory {
  /** What cuBLAS wants on the largest GPUs, given to it once so that it never allocates itself. */
  private static final long CUBLAS_WORKSPACE_BYTES = 32L << 20;

  private final CudaContext context;
  private final Workspace workspace;
  private final BlockingTransfers blocking;
  private final AsyncUploads uploads;
  private final FiniteCheck finiteCheck;

  /** Takes what is shared; {@code owner} closes it. */
  public CudaMemory(Closing owner, CudaContext context, Kernels kernels) {
    this.context = context;
    // After the stream was set: setting it takes the workspace away.
    DeviceMemory gemm = owner.own(new DeviceMemory(context, CUBLAS_WORKSPACE_BYTES));
    context
        .cublas()
        .cublasSetWorkspace(context.cublasHandle(), gemm.pointer(), CUBLAS_WORKSPACE_BYTES);
    workspace = owner.own(new Workspace(context));
    blocking = owner.own(new BlockingTransfers(context));
    uploads = owner.own(new AsyncUploads(context));
    finiteCheck = new FiniteCheck(owner, context, kernels, blocking);
  }

  CudaContext context() {
    return context;
  }

  public Workspace workspace() {
    return workspace;
  }

  /** Returns the copies that are done when they return. */
  public BlockingTransfers blocking() {
    return blocking;
  }

  AsyncUploads uploads() {
    return uploads;
  }

  FiniteCheck finiteCheck() {
    return finiteCheck;
  }
}
