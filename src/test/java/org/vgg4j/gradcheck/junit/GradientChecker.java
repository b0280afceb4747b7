package org.vgg4j.gradcheck.junit;

import org.opentest4j.AssertionFailedError;
import org.vgg4j.backend.Backends;
import org.vgg4j.gradcheck.GradientCheck;
import org.vgg4j.gradcheck.GradientCheckOptions;
import org.vgg4j.gradcheck.GradientReport;
import org.vgg4j.nn.Module;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;

/** Checks modules on the reference engine and fails the test when a gradient is wrong. */
public final class GradientChecker {
  private final GradientCheckOptions options;

  /** Creates a checker with {@link GradientCheckOptions#LAYER}; needs no extension. */
  public GradientChecker() {
    this(GradientCheckOptions.LAYER);
  }

  private GradientChecker(GradientCheckOptions options) {
    this.options = options;
  }

  /**
   * Returns a checker with other options, such as {@code GradientCheckOptions.LAYER.withRange(0.5,
   * 3)}.
   */
  public GradientChecker with(GradientCheckOptions other) {
    return new GradientChecker(other);
  }

  /**
   * Checks the gradients of the input and of every parameter, as {@link GradientCheck#module} does.
   *
   * @param module not yet built
   * @param x the shape of the input, batch first
   * @return the report
   * @throws AssertionFailedError with the table when the check fails
   */
  public GradientReport check(Module module, Shape x) {
    String type = module.getClass().getTypeName();
    String name = type.substring(type.lastIndexOf('.') + 1);
    try (Backend backend = Backends.open("reference").backend()) {
      GradientReport report = new GradientCheck(backend, options).module(name, module, x);
      if (!report.passed()) {
        throw new AssertionFailedError("wrong gradients\n" + report.table());
      }
      return report;
    }
  }
}
