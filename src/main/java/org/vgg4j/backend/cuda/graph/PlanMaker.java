package org.vgg4j.backend.cuda.graph;

/**
 * What a plan is made with.
 *
 * @param target the GPU it is for
 * @param policy what it may be
 * @param compiled plans that were compiled earlier
 */
record PlanMaker(PlanTarget target, PlanPolicy policy, CompiledPlans compiled) {
  /**
   * Makes a plan; the caller closes it.
   *
   * @throws org.vgg4j.backend.cuda.calls.CudaException when cuDNN refuses it or the policy forbids
   *     it
   */
  BuiltPlan make(ConvProblem problem, EngineChoice choice) {
    return BuiltPlan.make(this, problem, choice);
  }
}
