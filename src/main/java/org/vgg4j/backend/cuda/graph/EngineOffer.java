package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.global.cudnn;
import org.vgg4j.backend.cuda.calls.CudnnBackendCalls;
import org.vgg4j.tensor.Closing;

/** An engine configuration that cuDNN's heuristics offer for a problem. */
record EngineOffer(EngineChoice choice, EngineNotes notes) {
  /** From a model of the GPU's speed, best first; then what works for more problems. */
  static final List<Integer> MODES =
      List.of(cudnn.CUDNN_HEUR_MODE_A, cudnn.CUDNN_HEUR_MODE_FALLBACK);

  /** More than an engine has; cuDNN does not tell how many there are. */
  private static final int MOST_KNOBS = cudnn.CUDNN_KNOB_TYPE_COUNTS;

  /**
   * Returns a heuristic's offers, best first.
   *
   * @throws org.vgg4j.backend.cuda.calls.CudaException when cuDNN refuses the graph or the question
   */
  static List<EngineOffer> of(PlanTarget target, ConvProblem problem, int mode) {
    try (Closing owner = new Closing()) {
      CudnnBackendCalls calls = target.calls();
      Descriptor heuristics =
          new Descriptor(
                  owner,
                  calls,
                  cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
                  "engines for " + problem.text())
              .part(
                  cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH,
                  ConvGraph.build(owner, target, problem))
              .constant(cudnn.CUDNN_ATTR_ENGINEHEUR_MODE, cudnn.CUDNN_TYPE_HEUR_MODE, mode);
      target.heuristics(heuristics);
      heuristics.finish();
      int count = heuristics.countParts(cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS);
      List<Descriptor> configs =
          empty(owner, calls, cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, count);
      count = heuristics.readParts(cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS, configs);
      List<EngineOffer> offers = new ArrayList<>();
      for (Descriptor config : configs.subList(0, count)) {
        offers.add(read(owner, calls, config));
      }
      return offers;
    }
  }

  private static List<Descriptor> empty(
      Closing owner, CudnnBackendCalls calls, int type, int count) {
    List<Descriptor> descriptors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      descriptors.add(new Descriptor(owner, calls, type, "an offered engine"));
    }
    return descriptors;
  }

  private static EngineOffer read(Closing owner, CudnnBackendCalls calls, Descriptor config) {
    List<Descriptor> engines = empty(owner, calls, cudnn.CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
    config.readParts(cudnn.CUDNN_ATTR_ENGINECFG_ENGINE, engines);
    Descriptor engine = engines.get(0);
    List<Descriptor> choices =
        empty(owner, calls, cudnn.CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, MOST_KNOBS);
    int count = config.readParts(cudnn.CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, choices);
    Map<Integer, Long> knobs = new HashMap<>();
    for (Descriptor knob : choices.subList(0, count)) {
      knobs.put(
          knob.readConstant(cudnn.CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, cudnn.CUDNN_TYPE_KNOB_TYPE),
          knob.readLong(cudnn.CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE));
    }
    long index = engine.readLong(cudnn.CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    return new EngineOffer(new EngineChoice(index, knobs), EngineNotes.of(engine));
  }
}
