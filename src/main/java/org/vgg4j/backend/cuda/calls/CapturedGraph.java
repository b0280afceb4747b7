package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.vgg4j.tensor.Closing;

/**
 * Work that was written down as a CUDA graph, with all addresses and arguments it had then, and is
 * run again by one launch. Making one runs nothing, and takes the device memory of all launches.
 */
public final class CapturedGraph implements AutoCloseable {
  private final CudaContext context;
  private final Closing owned;
  private final Branches branches; // null for a graph of one line
  private final CUgraphExec_st executable;
  private boolean closed;

  /**
   * Captures work that has run before, so that nothing in it loads code or allocates.
   *
   * @param branched whether what {@link CudaContext#fork} begins becomes a branch
   * @throws CudaException when something in it cannot be captured; nothing is left behind then
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when the graph finds too little memory;
   *     nothing is left behind then, either
   */
  public static CapturedGraph of(CudaContext context, boolean branched, Runnable work) {
    return Closing.building(owned -> new CapturedGraph(owned, context, branched, work));
  }

  private CapturedGraph(Closing owned, CudaContext context, boolean branched, Runnable work) {
    this.owned = owned;
    this.context = context;
    CudaCalls cuda = context.cuda();
    CUstream_st main = context.stream();
    branches = branched ? owned.own(Branches.of(cuda, main)) : null;
    try (Closing made = new Closing()) {
      CUgraph_st graph = capture(cuda, main, work);
      made.own(() -> cuda.cudaGraphDestroy(graph));
      executable = cuda.cudaGraphInstantiate(graph);
      owned.own(() -> cuda.cudaGraphExecDestroy(executable));
    }
    owned.own(context::drain);
    Peers peers = context.peers();
    peers.holds(this);
    owned.own(() -> peers.forgets(this));
    cuda.cudaGraphUpload(executable, main); // or the first launch would find too little memory
  }

  private CUgraph_st capture(CudaCalls cuda, CUstream_st main, Runnable work) {
    cuda.cudaStreamBeginCapture(main);
    try {
      context.beginCapture(this);
      work.run();
      if (branches != null) {
        branches.joinAll();
      }
      context.endCapture();
    } catch (RuntimeException | Error e) {
      Closing undo = new Closing();
      undo.own(context::endCapture);
      undo.own(() -> cuda.abandonCapture(main));
      undo.abandon(e);
      throw e;
    }
    return cuda.cudaStreamEndCapture(main);
  }

  /** Returns the branches of the work that is being captured, null without any. */
  Branches branches() {
    return branches;
  }

  /**
   * Enqueues the work on the engine's stream.
   *
   * @throws IllegalStateException when it is closed, as the end of a collective closes what was
   *     captured with it
   */
  public void launch() {
    if (closed) {
      throw new IllegalStateException(
          "a recorded step cannot run any more: the collective that it sums with is closed");
    }
    context.peers().launch(() -> context.cuda().cudaGraphLaunch(executable, context.stream()));
  }

  @Override
  public void close() {
    closed = true;
    owned.close();
  }
}
