package org.vgg4j.backend.cuda.memory;

import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;

/** What all tensors and plans of an engine share to copy and inspect values on the GPU. */
public final class CudaMemory {
  private final CudaContext context;
  private final Workspace workspace;
  private final BlockingTransfers blocking;
  private final AsyncUploads uploads;
  private final LayoutConversion conversion;
  private final Casts casts;
  private final FiniteCheck finiteCheck;
  private final StagedUploads staged;
  private final DeviceCopies copies;
  private final ForeignStreams foreign;

  /** Allocates the shared memory; {@code owner} closes it. */
  public CudaMemory(Closing owner, CudaContext context, Kernels kernels) {
    this.context = context;
    workspace = owner.own(new Workspace(context));
    blocking = owner.own(new BlockingTransfers(context));
    uploads = owner.own(new AsyncUploads(context));
    conversion = new LayoutConversion(owner, context, kernels, blocking);
    casts = new Casts(owner, context, kernels);
    finiteCheck = new FiniteCheck(owner, context, kernels, blocking);
    staged = owner.own(new StagedUploads(this));
    copies = owner.own(new DeviceCopies(this));
    foreign = owner.own(new ForeignStreams(context));
  }

  private CudaMemory() {
    context = null;
    workspace = new Workspace(null);
    blocking = null;
    uploads = null;
    conversion = null;
    casts = null;
    finiteCheck = null;
    staged = null;
    copies = null;
    foreign = null;
  }

  /** Returns the memory of a GPU that is only described: it can be planned and not be taken. */
  public static CudaMemory described() {
    return new CudaMemory();
  }

  CudaContext context() {
    return context;
  }

  public Workspace workspace() {
    return workspace;
  }

  /** Returns the blocking copies. */
  public BlockingTransfers blocking() {
    return blocking;
  }

  AsyncUploads uploads() {
    return uploads;
  }

  StagedUploads staged() {
    return staged;
  }

  DeviceCopies copies() {
    return copies;
  }

  /** Returns the order between the engine's stream and those of other code. */
  public ForeignStreams foreign() {
    return foreign;
  }

  LayoutConversion conversion() {
    return conversion;
  }

  Casts casts() {
    return casts;
  }

  FiniteCheck finiteCheck() {
    return finiteCheck;
  }
}
