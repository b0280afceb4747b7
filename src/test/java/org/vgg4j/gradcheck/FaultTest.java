package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;

/** Every kind of wrong backward is rejected, and the same layer without the fault accepted. */
class FaultTest {
  @Test
  void thirteenKinds() {
    assertEquals(13, Arrays.stream(Fault.values()).map(fault -> fault.kind).distinct().count());
  }

  @ParameterizedTest
  @EnumSource
  void isRejected(Fault fault) {
    GradientReport report = check(fault, fault.wrong());
    assertFalse(report.passed(), report.table());
    assertEquals(0, report.kinks(), report.table());
    assertTrue(
        report.tensors().stream()
            .anyMatch(tensor -> tensor.tensor().equals(fault.tensor) && !report.passed(tensor)),
        report.table());
  }

  @ParameterizedTest
  @EnumSource
  void twinIsAccepted(Fault fault) {
    GradientReport report = check(fault, fault.right());
    assertTrue(report.passed(), report.table());
  }

  private static GradientReport check(Fault fault, Module module) {
    GradientCheckOptions training = GradientCheckOptions.LAYER;
    GradientCheckOptions options = fault.training ? training : training.inEvaluation();
    try (Backend backend = new ReferenceBackend()) {
      return new GradientCheck(backend, options).module("planted", module, Shape.of(3, 4));
    }
  }
}
