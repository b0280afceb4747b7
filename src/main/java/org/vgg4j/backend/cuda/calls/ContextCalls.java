package org.vgg4j.backend.cuda.calls;

/** What the checked calls on an open GPU share: its handles, its status and the scalars. */
abstract class ContextCalls {
  final CudaContext context;
  final CudaStatus status;
  final Scalars scalars;

  ContextCalls(CudaContext context) {
    this.context = context;
    status = context.status();
    scalars = context.scalars();
  }
}
