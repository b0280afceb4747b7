package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.vgg4j.backend.reference.ReferenceFixture.assertValues;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/** Three steps of each optimizer, worked out by hand. */
final class ReferenceOptimizerTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final StepState state = fixture.own(fixture.backend.newStepState());
  private final Arena p = fixture.arena(512);
  private final Arena g = fixture.arena(512);
  private final Arena m = fixture.arena(512);
  private final Arena v = fixture.arena(512);
  private final Tensor parameters = p.tensor(256, fixture.layout(2));
  private final Tensor gradients = g.tensor(256, fixture.layout(2));

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void adamByHand() {
    // beta1 = beta2 = 1/2 and epsilon 1 keep the numbers short.
    OptimizerPlan plan = adam(new AdamSpec(0.5, 0.5, 1, 0));
    parameters.upload(new double[] {10, -10});
    step(plan, 0, 1, 2, -4);
    // m = 1, -2; v = 2, 8; corrections 1/2, 1/2: m' = 2, -4; sqrt(v') = 2, 4.
    double p0 = 10 - 2.0 / 3;
    double p1 = -10 + 4.0 / 5;
    assertValues(parameters, p0, p1);
    step(plan, 1, 1, 2, 0);
    // m = 1.5, -1; v = 3, 4; corrections 3/4, 3/4: m' = 2, -4/3; v' = 4, 16/3.
    p0 -= 2.0 / 3;
    p1 += 4.0 / 3 / (Math.sqrt(16.0 / 3) + 1);
    assertValues(parameters, p0, p1);
    step(plan, 2, 0.1, -1.5, 1);
    // m = 0, 0; v = 2.625, 2.5; nothing moves.
    assertValues(parameters, p0, p1);
    assertValues(m.tensor(256, fixture.layout(2)), 0, 0);
    assertValues(v.tensor(256, fixture.layout(2)), 2.625, 2.5);
  }

  @Test
  void adamStartsByTheLearningRate() {
    OptimizerPlan plan = adam(AdamSpec.DEFAULT);
    parameters.upload(new double[] {1, 1});
    step(plan, 0, 0.001, 1e-3, -1e3);
    // The first step is lr g / (|g| + epsilon).
    assertValues(parameters, 1 - 0.001 * 1e-3 / (1e-3 + 1e-8), 1 + 0.001 * 1e3 / (1e3 + 1e-8));
  }

  @Test
  void adamAddsItsWeightDecayToTheGradient() {
    OptimizerPlan plan = adam(new AdamSpec(0.5, 0.5, 1, 0.1));
    parameters.upload(new double[] {10, 10});
    step(plan, 0, 1, 1, -1); // 1 + 1 and -1 + 1
    assertValues(parameters, 10 - 2.0 / 3, 10);
  }

  @Test
  void optimizersLeaveGradientsAndPaddingAlone() {
    OptimizerPlan plan = adam(AdamSpec.DEFAULT);
    parameters.upload(new double[] {1, 1});
    step(plan, 0, 0.5, 3, 4);
    assertValues(gradients, 3, 4);
    assertValues(p.tensor(0, fixture.layout(32)), new double[32]);
  }

  @Test
  void sgdWithMomentumByHand() {
    OptimizerPlan plan =
        fixture.own(
            fixture.backend.sgd(new SgdSpec(0.5, 0.25), new ParameterSlabs(p, g), v, state));
    parameters.upload(new double[] {8, 0});
    Tensor velocity = v.tensor(256, fixture.layout(2));
    velocity.upload(new double[] {Double.NaN, 100}); // The first step does not read it.
    step(plan, 0, 1, 2, 4); // v = 2 + 8/4, 4
    assertValues(velocity, 4, 4);
    assertValues(parameters, 4, -4);
    step(plan, 1, 0.5, 1, 5); // v = 2 + 1 + 1, 2 + 5 - 1
    assertValues(velocity, 4, 6);
    assertValues(parameters, 2, -7);
    step(plan, 2, 2, 0, 0); // v = 2 + 0.5, 3 - 1.75
    assertValues(velocity, 2.5, 1.25);
    assertValues(parameters, -3, -9.5);
    assertValues(gradients, 0, 0);
  }

  @Test
  void sgdWithoutMomentumByHand() {
    OptimizerPlan plan =
        fixture.own(
            fixture.backend.sgd(new SgdSpec(0, 0.5), new ParameterSlabs(p, g), null, state));
    parameters.upload(new double[] {8, 0});
    step(plan, 0, 0.5, 2, 4); // 2 + 4, 4
    assertValues(parameters, 5, -2);
    step(plan, 1, 1, 0, 1); // 2.5, 1 - 1
    assertValues(parameters, 2.5, -2);
    step(plan, 2, 0, 7, 7);
    assertValues(parameters, 2.5, -2);
  }

  @Test
  void refusesSlabsThatDoNotFit() {
    Arena small = fixture.arena(256);
    IllegalArgumentException thrown =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                fixture.backend.adam(AdamSpec.DEFAULT, new ParameterSlabs(p, small), m, v, state));
    assertEquals("Adam: m has 512 bytes, g has 256", thrown.getMessage());
    SgdSpec momentum = new SgdSpec(0.9, 0);
    SgdSpec plain = new SgdSpec(0, 0);
    assertThrows(
        IllegalArgumentException.class,
        () -> fixture.backend.sgd(momentum, new ParameterSlabs(p, g), null, state));
    assertThrows(
        IllegalArgumentException.class,
        () -> fixture.backend.sgd(plain, new ParameterSlabs(p, g), v, state));
    assertThrows(
        IllegalArgumentException.class,
        () -> fixture.backend.sgd(plain, new ParameterSlabs(null, g), null, state));
    OptimizerPlan plan = adam(AdamSpec.DEFAULT);
    v.close();
    assertThrows(IllegalStateException.class, plan::step);
    OptimizerPlan closed =
        fixture.own(fixture.backend.sgd(plain, new ParameterSlabs(p, g), null, state));
    closed.close();
    assertThrows(IllegalStateException.class, closed::step);
  }

  private OptimizerPlan adam(AdamSpec spec) {
    return fixture.own(fixture.backend.adam(spec, new ParameterSlabs(p, g), m, v, state));
  }

  private void step(OptimizerPlan plan, long step, double learningRate, double... gradient) {
    gradients.upload(gradient);
    state.set(step, 99, learningRate);
    plan.step();
  }
}
