package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.NvtxCalls;
import org.vgg4j.backend.cuda.libraries.NvtxLibrary;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.Work;

/** An NVTX range for each section of a step, such as "forward features.3". */
final class NvtxMarks implements StepMarks {
  private static final Logger LOG = LoggerFactory.getLogger(NvtxMarks.class);

  /** Names the library of the profiler that started this process, such as Nsight Systems. */
  private static final String INJECTION = "NVTX_INJECTION64_PATH";

  private final NvtxCalls nvtx;
  private final Map<StepPart, Map<String, String>> texts = new EnumMap<>(StepPart.class);
  private boolean isOpen; // a range

  private NvtxMarks(NvtxCalls nvtx) {
    this.nvtx = nvtx;
  }

  /**
   * Returns marks for the profiler that started this process; {@link StepMarks#NONE} without one.
   *
   * @param libraries folders to look for NVTX's library in before all others
   */
  static StepMarks ofThisProcess(List<Path> libraries) {
    String injection = System.getenv(INJECTION);
    if (injection == null || injection.isEmpty()) {
      return NONE;
    }
    Path library = NvtxLibrary.find(libraries);
    StepMarks marks = library == null ? NONE : of(library);
    if (marks == NONE) {
      LOG.warn(
          "{} names a profiler, but no {} was found for ranges; install it (pip install"
              + " nvidia-nvtx) or name its folder with --cuda-libs",
          INJECTION,
          NvtxLibrary.FILE);
    }
    return marks;
  }

  /** Returns marks through a library; {@link StepMarks#NONE} where it is not NVTX. */
  static StepMarks of(Path library) {
    NvtxCalls calls = NvtxCalls.load(library);
    return calls == null ? NONE : new NvtxMarks(calls);
  }

  @Override
  public void begin(StepPart part, String layer, List<Work> work) {
    end();
    nvtx.nvtxRangePush(
        texts
            .computeIfAbsent(part, key -> new HashMap<>())
            .computeIfAbsent(layer, key -> part.text() + " " + key));
    isOpen = true;
  }

  @Override
  public void end() {
    if (isOpen) {
      nvtx.nvtxRangePop();
      isOpen = false;
    }
  }
}
