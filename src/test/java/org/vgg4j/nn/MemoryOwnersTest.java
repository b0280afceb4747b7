package org.vgg4j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.optim.Adam;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.testing.ErrorLines;
import org.vgg4j.train.TrainingStep;

/** What an engine on the CPU says that it holds, against what was planned. */
final class MemoryOwnersTest {
  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void thePlanIsWhatTheLedgerHas(String device) {
    Backend engine = Backends.open(device).backend();
    List<String> lines =
        ErrorLines.of(
            () -> {
              try (engine;
                  Vgg vgg = Vgg.build(NetworkTest.SMALL, 4, engine);
                  TrainingStep step = new TrainingStep(vgg.network(), new Adam(), true)) {
                MemoryPlan plan = vgg.network().memoryPlan();
                vgg.network().execution(4).labels();
                check(plan, engine.memory());
                vgg.network().stepState().set(0, 0, 1e-3, 4, 0.25);
                step.run(vgg.network().execution(4), true, true);
                check(plan, engine.memory());
              }
            });
    assertEquals(List.of(), lines);
    assertEquals(0, engine.memory().device().bytes());
  }

  private static void check(MemoryPlan plan, MemoryUse use) {
    assertBytes(plan.parameters(), use, MemoryOwner.PARAMETERS);
    assertBytes(plan.gradients(), use, MemoryOwner.GRADIENTS);
    assertBytes(plan.gradients(), use, MemoryOwner.GRADIENT_SUM);
    assertBytes(2 * plan.parameters(), use, MemoryOwner.MOMENTS);
    assertBytes(plan.buffers(), use, MemoryOwner.STATISTICS);
    assertBytes(plan.activations(), use, MemoryOwner.ACTIVATIONS);
    assertBytes(plan.activationGradients(), use, MemoryOwner.ACTIVATION_GRADIENTS);
    assertBytes(plan.inputs(), use, MemoryOwner.INPUTS);
    assertBytes(plan.workspace(), use, MemoryOwner.WORKSPACE);
    long beside =
        use.bytes(MemoryOwner.GRADIENT_SUM, MemorySpace.DEVICE)
            + use.bytes(MemoryOwner.LABELS, MemorySpace.DEVICE);
    assertEquals(plan.totalBytes(2) + beside, use.device().bytes());
  }

  private static void assertBytes(long planned, MemoryUse use, String owner) {
    assertEquals(planned, use.bytes(owner, MemorySpace.DEVICE), owner);
  }
}
