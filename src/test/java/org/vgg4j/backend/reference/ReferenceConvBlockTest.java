package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertGradient;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** The block that is composed of single operations, on this engine. */
final class ReferenceConvBlockTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final Layout image = fixture.layout(2, 2, 4, 6);
  private final Layout channel = fixture.layout(3);

  @AfterEach
  void close() {
    fixture.close();
  }

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void hasTheRightGradients(boolean batchNorm, boolean pooled) {
    ConvBlockPlan plan = plan(batchNorm, pooled, Usage.TRAINING);
    assertEquals(pooled ? Shape.of(2, 3, 2, 3) : Shape.of(2, 3, 4, 6), plan.y().shape());
    assertEquals(0, plan.workspaceBytes());
    Tensor x = fixture.random(image, 1);
    ConvBlockPlan.Parameters p = parameters(plan, batchNorm);
    ConvBlockPlan.Gradients g =
        new ConvBlockPlan.Gradients(
            fixture.poisoned(plan.w()),
            batchNorm ? null : fixture.poisoned(channel),
            batchNorm ? fixture.poisoned(channel) : null,
            batchNorm ? fixture.poisoned(channel) : null);
    Tensor dy = fixture.random(plan.y(), 9);
    plan.forward(x, p, true);
    Tensor dx = plan.backward(dy, p, g);
    assertGradient("dx", x, dx, () -> plan.forward(x, p, true), dy);
    assertGradient("dw", p.w(), g.dw(), () -> plan.forward(x, p, true), dy);
    if (batchNorm) {
      assertGradient("dgamma", p.gamma(), g.dgamma(), () -> plan.forward(x, p, true), dy);
      assertGradient("dbeta", p.beta(), g.dbeta(), () -> plan.forward(x, p, true), dy);
    } else {
      assertGradient("db", p.b(), g.db(), () -> plan.forward(x, p, true), dy);
    }
  }

  @Test
  void needsATrainingForwardBeforeItsBackward() {
    ConvBlockPlan plan = plan(false, true, Usage.FIRST_LAYER);
    Tensor x = fixture.random(image, 1);
    ConvBlockPlan.Parameters p = parameters(plan, false);
    ConvBlockPlan.Gradients g =
        new ConvBlockPlan.Gradients(
            fixture.poisoned(plan.w()), fixture.poisoned(channel), null, null);
    Tensor dy = fixture.random(plan.y(), 9);
    Tensor y = plan.forward(x, p, false);
    assertThrows(IllegalStateException.class, () -> plan.backward(dy, p, g));
    assertSame(y, plan.forward(x, p, true));
    assertNull(plan.backward(dy, p, g));
  }

  @Test
  void infersWithTheRunningStatistics() {
    ConvBlockPlan training = plan(true, true, Usage.TRAINING);
    ConvBlockPlan inference = plan(true, true, Usage.INFERENCE);
    Tensor x = fixture.random(image, 1);
    ConvBlockPlan.Parameters p = parameters(training, true);
    double[] expected = ReferenceFixture.read(training.forward(x, p, false));
    ReferenceFixture.assertValues(inference.forward(x, p, false), expected);
    ReferenceFixture.assertValues(p.runningMean(), 0.1, 0.2, 0.3);
  }

  private ConvBlockPlan plan(boolean batchNorm, boolean pooled, Usage usage) {
    ConvBlockSpec spec =
        new ConvBlockSpec(
            new Conv2dSpec(2, 3, 3, 1, !batchNorm, false),
            batchNorm ? BatchNorm2dSpec.of(3, true) : null,
            pooled ? new MaxPool2dSpec(2, 2) : null);
    Planner planner = new Planner();
    ConvBlockPlan plan = fixture.own(fixture.backend.convBlock(spec, image, null, usage, planner));
    planner.slots.forEach(slot -> slot.bind(fixture.poisoned(slot.layout())));
    return plan;
  }

  private ConvBlockPlan.Parameters parameters(ConvBlockPlan plan, boolean batchNorm) {
    Tensor w = fixture.random(plan.w(), 2);
    if (!batchNorm) {
      return new ConvBlockPlan.Parameters(
          w, fixture.tensor(channel, 0.1, -0.1, 0.5), null, null, null, null);
    }
    return new ConvBlockPlan.Parameters(
        w,
        null,
        fixture.tensor(channel, 1, -0.5, 2),
        fixture.tensor(channel, 0.1, 0.2, 0.3),
        fixture.tensor(channel, 0.1, 0.2, 0.3),
        fixture.tensor(channel, 1, 2, 3));
  }

  /** Gives every slot memory of its own. */
  private static final class Planner implements MemoryPlanner {
    private final List<Slot> slots = new ArrayList<>();

    @Override
    public Slot activation(Layout layout) {
      return add(layout);
    }

    @Override
    public Slot saved(Layout layout) {
      return add(layout);
    }

    @Override
    public Slot gradient(Layout layout) {
      return add(layout);
    }

    private Slot add(Layout layout) {
      slots.add(new Slot(layout));
      return slots.get(slots.size() - 1);
    }
  }
}
