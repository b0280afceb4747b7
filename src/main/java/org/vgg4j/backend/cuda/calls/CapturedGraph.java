package org.vgg4j.backend.cuda.calls;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Work that was written down as a CUDA graph, with all addresses and arguments it had then, and is
 * run again by one launch. Making one runs nothing.
 */
public final class CapturedGraph implements AutoCloseable {
  private final CudaContext context;
  private final CUgraphExec_st executable;
  private final List<Runnable> beforeLaunch = new ArrayList<>();
  private boolean closed;

  /**
   * Captures work that has run before, so that nothing in it loads code or allocates.
   *
   * @throws CudaException when something in it cannot be captured; nothing is left behind then
   */
  public CapturedGraph(CudaContext context, Runnable work) {
    this.context = context;
    CudaCalls cuda = context.cuda();
    CUstream_st stream = context.stream();
    cuda.cudaStreamBeginCapture(stream);
    CUgraph_st graph;
    try {
      context.capturing(this);
      work.run();
    } catch (RuntimeException | Error e) {
      context.capturing(null);
      cuda.abandonCapture(stream);
      throw e;
    }
    context.capturing(null);
    graph = cuda.cudaStreamEndCapture(stream);
    try {
      executable = cuda.cudaGraphInstantiate(graph);
    } finally {
      cuda.cudaGraphDestroy(graph);
    }
  }

  /** Has something done on the host at every launch; for the work that is being captured. */
  void atLaunch(Runnable action) {
    beforeLaunch.add(action);
  }

  /** Enqueues the work on the engine's stream. */
  public void launch() {
    for (int i = 0; i < beforeLaunch.size(); i++) { // an iterator would be an object a step
      beforeLaunch.get(i).run();
    }
    context.cuda().cudaGraphLaunch(executable, context.stream());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.drain();
      context.cuda().cudaGraphExecDestroy(executable);
    }
  }
}
