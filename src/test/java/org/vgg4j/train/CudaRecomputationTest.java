package org.vgg4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.MemoryWay;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;
import org.vgg4j.testing.TinyNets;

/** The same on the GPU engine with deterministic plans. */
@OnCuda
final class CudaRecomputationTest {
  @ParameterizedTest
  @CsvSource({
    "FP32, AUTO, '4,5,M,6,6c1,5,M,7,M', true",
    "FP32, RECOMPUTE, '4,5,M,6,6c1,5,M,7,M', true",
    "FP32, AUTO, '4,L,M,6,M,7,5,M', false",
    "BF16, AUTO, '4,5,M,6,6c1,5,M,7,M', true",
    "BF16, KEEP, '4,5,M,6,6c1,5,M,7,M', false"
  })
  void theBitsAreTheSame(
      Precision precision, Activations activations, String layers, boolean batchNorm) {
    RecomputationTest.requireSameBits(
        precision + ", " + activations,
        layers,
        batchNorm,
        () -> CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations)));
  }

  /** What a way takes beside its plan (the step's state, the sums of losses) is always the same. */
  @Test
  void theWaysTakeWhatTheySay() {
    VggConfig config = TinyNets.config("8,8,M,16,16,M,16,16,M", true, 3, 0.5);
    Set<Long> beside = new HashSet<>();
    Set<Long> planned = new HashSet<>();
    for (boolean norms : new boolean[] {false, true}) {
      Recomputation asked = new Recomputation(norms, List.of());
      for (MemoryWay way : ways(config, asked)) {
        planned.add(way.plan().totalBytes(2));
        beside.add(taken(config, way.recomputation()) - way.plan().totalBytes(2));
      }
    }
    assertTrue(planned.size() > 3, planned::toString);
    assertEquals(1, beside.size(), beside::toString);
  }

  private static CudaBackend open() {
    return CudaUnderTest.open(CudaUnderTest.deterministic(Precision.BF16, Activations.AUTO));
  }

  private static List<MemoryWay> ways(VggConfig config, Recomputation asked) {
    NetworkOptions options = NetworkOptions.training(4, 3).withRecomputation(asked);
    try (Backend backend = open();
        NetworkPlan plan = Vgg.plan(config, Initialization.KAIMING, options, backend)) {
      return plan.ways();
    }
  }

  private static long taken(VggConfig config, Recomputation recomputation) {
    NetworkOptions options = NetworkOptions.training(4, 3).withRecomputation(recomputation);
    try (Backend backend = open()) {
      long before = held(backend);
      try (Vgg vgg = Vgg.build(config, Initialization.KAIMING, options, backend);
          var optimizer = new Adam().attach(vgg.network())) {
        assertTrue(!optimizer.states().isEmpty());
        return held(backend) - before;
      }
    }
  }

  /** A GPU hands out pages, and not to this process alone, so there the engine's ledger counts. */
  private static long held(Backend backend) {
    return CudaUnderTest.isGpu()
        ? backend.memory().device().bytes()
        : StandIn.BYTES - backend.availableBytes();
  }
}
