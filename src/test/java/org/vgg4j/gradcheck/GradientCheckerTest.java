package org.vgg4j.gradcheck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.opentest4j.AssertionFailedError;
import org.vgg4j.gradcheck.junit.GradientChecker;
import org.vgg4j.gradcheck.junit.GradientChecks;
import org.vgg4j.tensor.Shape;

/** The JUnit 5 extension. */
@ExtendWith(GradientChecks.class)
class GradientCheckerTest {
  private static final Shape X = Shape.of(2, 5);

  @Test
  void rightModulePasses(GradientChecker checker) {
    GradientReport report = checker.check(ElementwiseModule.smooth(), X);
    assertEquals("ElementwiseModule", report.name());
    assertEquals(1e-7, report.options().tolerance());
    assertEquals(30, report.checked());
  }

  @Test
  void wrongModuleFailsWithTheTable(GradientChecker checker) {
    AssertionFailedError e =
        assertThrows(AssertionFailedError.class, () -> checker.check(wrong(), X));
    assertTrue(e.getMessage().contains("FAILED ElementwiseModule: x is off by "), e.getMessage());
  }

  @Test
  void optionsCount(GradientChecker checker) {
    GradientCheckOptions options = GradientCheckOptions.LAYER.withTolerance(1e-3);
    assertTrue(checker.with(options).check(wrong(), X).passed());
    assertThrows(AssertionFailedError.class, () -> checker.check(wrong(), X));
  }

  @Test
  void anonymousModuleIsNamedAfterItsTest(GradientChecker checker) {
    ElementwiseModule module = new ElementwiseModule(x -> x, x -> 1) {};
    assertEquals("GradientCheckerTest$1", checker.check(module, X).name());
  }

  private static ElementwiseModule wrong() {
    return ElementwiseModule.smooth().tamperX((dx, x) -> dx[3] *= 1 + 1e-4);
  }
}
