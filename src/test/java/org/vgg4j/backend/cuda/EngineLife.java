package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.Precision;

/**
 * The life of a GPU engine: it opens, builds a small net, makes a few steps, is read and closes.
 *
 * @param options the engine's
 * @param batchNorm whether the net's blocks have a batch norm
 * @param steps how many steps it makes, at least one
 */
record EngineLife(CudaOptions options, boolean batchNorm, int steps) {
  /** Places in a life. */
  enum Place {
    /** The engine is open. */
    OPENED,
    /** The first step was made, and recorded if steps are. */
    STEPPED,
    /** All steps were made and read. */
    READ,
    /** All is closed. */
    ENDED
  }

  /**
   * What came of a life.
   *
   * @param failure what was thrown, null if nothing was
   * @param bits the trained parameters and the loss, null after a failure
   * @param left what the engine thinks it still holds, null if it did not open
   */
  record Outcome(RuntimeException failure, List<Double> bits, MemoryUse left) {}

  /** Something to do at each place of a life. */
  @FunctionalInterface
  interface Visitor {
    void reached(Place place);
  }

  /** Returns a life of two steps in an engine that has nothing left to choose or to search. */
  static EngineLife decided(boolean batchNorm, boolean graph) {
    Map<String, String> choices = new TreeMap<>();
    CudaOptions searching = CudaUnderTest.deterministic(Precision.FP32, Activations.KEEP);
    new EngineLife(searching, batchNorm, 1).run(choices);
    choices.putAll(
        Answers.of(
            Precision.FP32,
            Activations.KEEP,
            choices,
            question -> !batchNorm,
            backend -> new TinyTraining(backend, batchNorm).close()));
    choices.put("step graph", "branched");
    CudaOptions options =
        CudaUnderTest.measuring(Precision.FP32, Activations.KEEP, choices, null).withGraph(graph);
    return new EngineLife(options, batchNorm, 2);
  }

  Outcome run() {
    return run(place -> {}, new TreeMap<>());
  }

  private void run(Map<String, String> choices) {
    run(place -> {}, choices);
  }

  private Outcome run(Visitor visitor, Map<String, String> choices) {
    CudaBackend engine = null;
    List<Double> bits = null;
    RuntimeException failure = null;
    try (CudaBackend backend = CudaUnderTest.open(options)) {
      engine = backend;
      visitor.reached(Place.OPENED);
      try (TinyTraining training = new TinyTraining(backend, batchNorm)) {
        training.step();
        visitor.reached(Place.STEPPED);
        for (int i = 1; i < steps; i++) {
          training.step();
        }
        assertTrue(training.isFinite());
        training.read();
        bits = training.bits();
        choices.putAll(backend.choices());
        visitor.reached(Place.READ);
      }
    } catch (RuntimeException e) {
      failure = e;
    }
    visitor.reached(Place.ENDED);
    return new Outcome(failure, bits, engine == null ? null : engine.memory());
  }

  /** Returns how often each native function was called up to each place of an undisturbed life. */
  Map<Place, Map<String, Long>> calls() {
    Map<Place, Map<String, Long>> calls = new EnumMap<>(Place.class);
    StandIn.reset();
    run(place -> calls.put(place, StandIn.calls()), new TreeMap<>());
    return calls;
  }
}
