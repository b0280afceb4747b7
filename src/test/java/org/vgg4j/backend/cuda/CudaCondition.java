package org.vgg4j.backend.cuda;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips the tests of {@link OnCuda} and {@link OnStandIn} where they cannot run. A condition,
 * unlike an assumption before all tests of a class, is reported with its reason.
 */
final class CudaCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    boolean needsStandIn =
        context.getTestClass().map(type -> type.isAnnotationPresent(OnStandIn.class)).orElse(false);
    if (needsStandIn && CudaUnderTest.isGpu()) {
      return ConditionEvaluationResult.disabled("a GPU takes no injected faults");
    }
    String missing = CudaUnderTest.missing();
    return missing == null
        ? ConditionEvaluationResult.enabled("there is something to run on")
        : ConditionEvaluationResult.disabled(missing);
  }
}
