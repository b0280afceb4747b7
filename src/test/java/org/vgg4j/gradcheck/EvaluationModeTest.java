package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.BuildContext;
import org.vgg4j.nn.Dropout;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Linear;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Relu;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Gradients of forwards in evaluation. */
class EvaluationModeTest {
  private static final GradientCheckOptions LAYER = GradientCheckOptions.LAYER;
  private static final Shape X = Shape.of(2, 3, 4);

  @ParameterizedTest
  @EnumSource(names = {"WRONG_SIGN", "MASK_OF_THE_FORMER_FORWARD", "BACKWARD_OF_EVALUATION"})
  void rightLayersPassInEvaluation(Fault fault) {
    GradientReport report = check(LAYER.inEvaluation(), fault.right(), Shape.of(3, 4));
    assertTrue(report.passed(), report.table());
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "WRONG_SIGN",
        "MASK_OF_THE_FORMER_FORWARD",
        "BACKWARD_OF_TRAINING",
        "ACCUMULATING_DX",
        "SECOND_CALL"
      })
  void wrongLayersFailInEvaluation(Fault fault) {
    GradientReport report = check(LAYER.inEvaluation(), fault.wrong(), Shape.of(3, 4));
    assertFalse(report.passed(), report.table());
  }

  @Test
  void layersWithoutABackwardInEvaluationAreRefused() {
    Module linear = new Linear(new LinearSpec(4, 2, false), Initialization.PYTORCH);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> check(LAYER.inEvaluation(), linear, Shape.of(3, 4)));
    assertEquals(
        "module: the module has no backward after a forward in evaluation, check it in training:"
            + " backward of a fully connected layer needs a training forward just before it",
        e.getMessage());
    assertTrue(check(LAYER.inEvaluation(), new Relu()).passed());
    assertFalse(check(LAYER.inEvaluation(), new Dropout(0.5)).passed());
  }

  /** In evaluation, a forward must not count, even if nothing that is checked depends on it. */
  @Test
  void evaluationThatMovesTheMeanIsRefused() {
    ElementwiseModule module =
        new ElementwiseModule(x -> x, x -> 1) {
          private Buffer mean;

          @Override
          public Layout build(BuildContext context, Layout x) {
            mean = context.buffer("mean", Shape.of(1), 0);
            return super.build(context, x);
          }

          @Override
          public Tensor forward(Tensor x, boolean training) {
            Values.fill(mean.value(), Values.of(x)[0]);
            return super.forward(x, training);
          }
        };
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> check(LAYER.inEvaluation(), module));
    assertEquals(
        "module: a forward in evaluation changed mean, which only one in training may",
        e.getMessage());
  }

  private static GradientReport check(GradientCheckOptions options, Module module) {
    return check(options, module, X);
  }

  private static GradientReport check(GradientCheckOptions options, Module module, Shape x) {
    try (Backend backend = new ReferenceBackend()) {
      return new GradientCheck(backend, options).module("module", module, x);
    }
  }
}
