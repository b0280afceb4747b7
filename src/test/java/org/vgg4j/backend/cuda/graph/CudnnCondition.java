package org.vgg4j.backend.cuda.graph;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests of {@link OnCudnn} where they cannot run. */
final class CudnnCondition implements ExecutionCondition {
  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    String missing = CudnnUnderTest.missing();
    return missing == null
        ? ConditionEvaluationResult.enabled("cuDNN is there")
        : ConditionEvaluationResult.disabled(missing);
  }
}
