package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.testing.ErrorLines;
import org.vgg4j.testing.TinyNets;
import org.vgg4j.train.TrainingStep;

/** What the engine says that it holds: against the plan, and against the device itself. */
@OnStandIn
final class CudaMemoryTest {
  private static final int BATCH = 4;

  /** What no plan of a net counts. */
  private static final Set<String> BESIDE =
      Set.of(
          MemoryOwner.GRADIENT_SUM,
          MemoryOwner.IMAGES,
          MemoryOwner.LABELS,
          MemoryOwner.STAGING,
          MemoryOwner.SCRATCH,
          MemoryOwner.STEP_STATE,
          MemoryOwner.LOSS_TOTALS);

  private long bytesBefore;
  private Map<String, Long> liveBefore;

  @BeforeAll
  static void requireStandIn() {
    StandIn.require();
  }

  @BeforeEach
  void start() {
    StandIn.reset();
    bytesBefore = StandIn.liveBytes();
    liveBefore = StandIn.live();
  }

  @ParameterizedTest
  @CsvSource({"FP32, KEEP", "FP32, RECOMPUTE", "BF16, KEEP", "BF16, RECOMPUTE"})
  void thePlanIsWhatTheLedgerHasAndTheDevice(Precision precision, Activations activations) {
    CudaBackend backend = CudaUnderTest.open(CudaUnderTest.deterministic(precision, activations));
    List<String> lines =
        ErrorLines.of(
            () -> {
              try (backend;
                  Vgg vgg = Vgg.build(TinyNets.config("3,4,M,5,M", true, 3, 0.3), BATCH, backend);
                  TrainingStep step = new TrainingStep(vgg.network(), new Adam(), true)) {
                Network network = vgg.network();
                Execution execution = network.execution(BATCH);
                execution.images(new ImageSpec(1, 7, 6, 1, 8)).upload(new byte[BATCH * 42]);
                execution.labels().upload(new int[BATCH]);
                for (int i = 0; i < 3; i++) {
                  check(network.memoryPlan(), backend.memory());
                  network.stepState().set(i, i, 1e-3, BATCH, 1.0 / BATCH);
                  step.run(execution, true, true);
                }
                check(network.memoryPlan(), backend.memory());
              }
            });
    assertEquals(List.of(), lines);
    MemoryUse after = backend.memory();
    assertEquals(0, after.device().bytes() + after.pinned().bytes());
    assertTrue(after.device().peakBytes() > 0 && after.pinned().peakBytes() > 0);
    assertEquals(List.of(), after.live());
  }

  private void check(MemoryPlan plan, MemoryUse use) {
    assertBytes(plan.parameters(), use, MemoryOwner.PARAMETERS);
    assertBytes(plan.copies(), use, MemoryOwner.WEIGHT_COPIES);
    assertBytes(plan.gradients(), use, MemoryOwner.GRADIENTS);
    assertBytes(2 * plan.parameters(), use, MemoryOwner.MOMENTS);
    assertBytes(plan.buffers(), use, MemoryOwner.STATISTICS);
    assertBytes(plan.activations(), use, MemoryOwner.ACTIVATIONS);
    assertBytes(plan.activationGradients(), use, MemoryOwner.ACTIVATION_GRADIENTS);
    assertBytes(plan.inputs(), use, MemoryOwner.INPUTS);
    assertBytes(plan.workspace(), use, MemoryOwner.WORKSPACE);
    long beside = BESIDE.stream().mapToLong(name -> use.bytes(name, MemorySpace.DEVICE)).sum();
    assertEquals(plan.totalBytes(2) + beside, use.device().bytes(), () -> use.owners().toString());
    assertEquals(StandIn.liveBytes() - bytesBefore, use.device().bytes());
    long pinned = use.live().stream().filter(one -> one.space() == MemorySpace.PINNED).count();
    assertEquals(now("pinned allocations"), pinned);
    assertEquals(now("allocations"), use.live().size() - pinned);
  }

  private long now(String kind) {
    return StandIn.live().getOrDefault(kind, 0L) - liveBefore.getOrDefault(kind, 0L);
  }

  private static void assertBytes(long planned, MemoryUse use, String owner) {
    assertEquals(planned, use.bytes(owner, MemorySpace.DEVICE), owner);
  }

  /** Everything that the engine takes, also while it times, is named. */
  @Test
  void nothingIsWithoutAName() {
    Set<String> names = new TreeSet<>();
    try (CudaBackend backend =
            CudaUnderTest.open(
                CudaUnderTest.measuring(Precision.BF16, Activations.AUTO, Map.of(), null));
        TinyTraining training = new TinyTraining(backend)) {
      training.step();
      backend.memory().owners().forEach(owner -> names.add(owner.name()));
    }
    assertTrue(names.contains(MemoryOwner.TIMING), names::toString);
    assertTrue(!names.contains(MemoryOwner.OTHER), names::toString);
  }

  @Test
  void whoHoldsMostIsNamedWhenMemoryEnds() {
    StandIn.capacity(StandIn.liveBytes() + (32L << 20));
    try (CudaBackend backend = CudaUnderTest.open();
        Arena large = backend.allocate(10 << 20, "hoard");
        Arena small = backend.allocate(1 << 20, "stock")) {
      assertEquals(11 << 20, large.bytes() + small.bytes());
      String message =
          assertThrows(OutOfDeviceMemoryException.class, () -> backend.allocate(64L << 20))
              .getMessage();
      assertTrue(
          message.endsWith("this engine holds 16 MiB: hoard 10 MiB, staging 4 MiB, stock 1 MiB"),
          message);
    } finally {
      StandIn.capacity(StandIn.BYTES);
    }
  }

  @Test
  void aLeakIsNamedWithTheLineThatTookIt() {
    System.setProperty(MemoryLedger.TRACE, "true");
    Arena[] forgotten = new Arena[1];
    List<String> lines;
    try (CudaBackend backend = CudaUnderTest.open()) {
      forgotten[0] = backend.allocate(1000, "mine");
      lines = ErrorLines.of(backend::close);
    } finally {
      System.clearProperty(MemoryLedger.TRACE);
    }
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(
        lines
                .get(0)
                .contains(
                    "the cuda engine was closed and this was not: mine, 1000 bytes of device"
                        + " memory, taken at ")
            && lines
                .get(0)
                .contains("CudaMemoryTest.aLeakIsNamedWithTheLineThatTookIt(CudaMemoryTest.java:"),
        lines::toString);
    forgotten[0].close();
    assertEquals(bytesBefore, StandIn.liveBytes());
  }
}
