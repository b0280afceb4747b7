package org.vgg4j.backend.cuda.operations;

import java.util.Locale;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.backend.cuda.calls.CapturedGraph;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.tensor.Closing;

/**
 * Times two graphs of the same work, which give the same bits, on steps that are to be made anyway:
 * they take turns, and nothing waits for the times.
 */
final class GraphTrial implements AutoCloseable {
  /** Branches that gain less are not worth their risk. */
  private static final double NOISE = 0.98;

  /** Of each graph; the first launch does not count, for what CUDA may still do once. */
  private static final int LAUNCHES = 5;

  private final CudaContext context;
  private final CapturedGraph[] graphs; // of one line, with branches; null once it is given away
  private final Closing owned;
  private final CUevent_st[] starts = new CUevent_st[2 * LAUNCHES];
  private final CUevent_st[] ends = new CUevent_st[2 * LAUNCHES];
  private final double[] shortest = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
  private int launches;
  private boolean done;

  /** Takes both graphs, once all else is made. */
  static GraphTrial of(CudaContext context, CapturedGraph serial, CapturedGraph branched) {
    return Closing.building(owned -> new GraphTrial(owned, context, serial, branched));
  }

  private GraphTrial(
      Closing owned, CudaContext context, CapturedGraph serial, CapturedGraph branched) {
    this.owned = owned;
    this.context = context;
    graphs = new CapturedGraph[] {serial, branched};
    for (int i = 0; i < ends.length; i++) {
      starts[i] = event();
      ends[i] = event();
    }
  }

  private CUevent_st event() {
    CUevent_st event = context.cuda().cudaEventCreateWithFlags(cudart.cudaEventDefault);
    owned.own(() -> context.cuda().cudaEventDestroy(event));
    return event;
  }

  /** Enqueues the work, by the graph whose turn it is. */
  void launch() {
    CapturedGraph graph = graphs[launches % 2];
    if (launches >= ends.length) { // until the times are there
      graphs[0].launch();
      poll();
      return;
    }
    context.cuda().cudaEventRecord(starts[launches], context.stream());
    graph.launch();
    context.cuda().cudaEventRecord(ends[launches], context.stream());
    launches++;
  }

  private void poll() {
    if (!context.cuda().cudaEventQuery(ends[ends.length - 1])) {
      return;
    }
    for (int i = 2; i < ends.length; i++) {
      double millis = context.cuda().cudaEventElapsedTime(starts[i], ends[i]);
      shortest[i % 2] = Math.min(shortest[i % 2], millis);
    }
    done = true;
  }

  /** Returns whether the times are known. */
  boolean isDone() {
    return done;
  }

  /** Returns whether branches gain more than the noise of a timing. */
  boolean isBranchedFaster() {
    return shortest[1] < NOISE * shortest[0];
  }

  /** Returns both times. */
  String text() {
    return String.format(
        Locale.ROOT, "%.3f ms in one line, %.3f ms with branches", shortest[0], shortest[1]);
  }

  /** Ends the trial and returns the faster graph, which is the caller's then. */
  CapturedGraph winner() {
    int faster = isBranchedFaster() ? 1 : 0;
    return Closing.building(
        kept -> {
          CapturedGraph winner = kept.own(graphs[faster]);
          graphs[faster] = null;
          close();
          return winner;
        });
  }

  @Override
  public void close() {
    for (CapturedGraph graph : graphs) {
      if (graph != null) {
        owned.own(graph);
      }
    }
    owned.close();
  }
}
