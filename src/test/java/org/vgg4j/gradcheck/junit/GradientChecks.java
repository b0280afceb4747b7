package org.vgg4j.gradcheck.junit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests that ask for it a {@link GradientChecker}.
 *
 * <pre>{@code
 * @ExtendWith(GradientChecks.class)
 * class MyModuleTest {
 *   @Test
 *   void gradients(GradientChecker checker) {
 *     checker.check(new MyModule(), Shape.of(2, 3, 4, 4));
 *   }
 * }
 * }</pre>
 */
public final class GradientChecks implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == GradientChecker.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return new GradientChecker();
  }
}
