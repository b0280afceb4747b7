package org.vgg4j.backend.cuda.calls;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.vgg4j.tensor.Closing;

/**
 * The streams of a captured step's branches. Events tie them to the main stream, so that the graph
 * knows what may run beside what; nothing ever runs on these streams themselves.
 */
final class Branches implements AutoCloseable {
  private final CudaCalls cuda;
  private final CUstream_st main;
  private final Closing closing;
  private final CUevent_st reached; // the last place of a stream that another one waits for
  private final Map<Branch, CUstream_st> streams = new EnumMap<>(Branch.class);
  private final Set<Branch> open = EnumSet.noneOf(Branch.class);

  static Branches of(CudaCalls cuda, CUstream_st main) {
    return Closing.building(owned -> new Branches(owned, cuda, main));
  }

  private Branches(Closing owned, CudaCalls cuda, CUstream_st main) {
    closing = owned;
    this.cuda = cuda;
    this.main = main;
    reached = cuda.cudaEventCreateWithFlags(cudart.cudaEventDisableTiming);
    owned.own(() -> cuda.cudaEventDestroy(reached));
    for (Branch branch : Branch.values()) {
      CUstream_st stream = cuda.cudaStreamCreateWithFlags(cudart.cudaStreamNonBlocking);
      owned.own(() -> cuda.cudaStreamDestroy(stream));
      streams.put(branch, stream);
    }
  }

  /** Returns a branch's stream, which waits for what is on the main one so far. */
  CUstream_st fork(Branch branch) {
    CUstream_st stream = streams.get(branch);
    cuda.cudaEventRecord(reached, main);
    cuda.cudaStreamWaitEvent(stream, reached);
    open.add(branch);
    return stream;
  }

  /** Has the main stream wait for a branch. */
  void join(Branch branch) {
    if (open.remove(branch)) {
      cuda.cudaEventRecord(reached, streams.get(branch));
      cuda.cudaStreamWaitEvent(main, reached);
    }
  }

  void joinAll() {
    for (Branch branch : Branch.values()) {
      join(branch);
    }
  }

  @Override
  public void close() {
    closing.close();
  }
}
