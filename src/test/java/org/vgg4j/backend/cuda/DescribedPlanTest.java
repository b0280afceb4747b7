package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Work;

/** What is planned for a described GPU is what the engine plans on one that is there. */
@OnCuda
final class DescribedPlanTest {
  @ParameterizedTest
  @CsvSource({
    "FP32, KEEP, true",
    "BF16, KEEP, true",
    "FP32, RECOMPUTE, true",
    "BF16, RECOMPUTE, true",
    "FP32, KEEP, false",
    "BF16, RECOMPUTE, false"
  })
  void thePlansAreEqualUpToTheWorkspace(
      Precision precision, Activations activations, boolean batchNorm) {
    CudaOptions options =
        CudaUnderTest.with(
            new CudaOptions(
                0, List.of(), null, precision, true, Map.of(), activations, true, 20, null));
    Recipe recipe =
        Settings.recipe(
            Recipe.quick(), Map.of("width", "1/8", "batchNorm", "" + batchNorm, "batchSize", "4"));
    try (Backend backend = new CudaBackend(options);
        DescribedGpu gpu = DescribedGpu.assumed("h200", options);
        NetworkPlan there = recipe.plan(12, backend);
        NetworkPlan described = recipe.plan(12, gpu.backend())) {
      assertEquals(bytes(there.memoryPlan()), bytes(described.memoryPlan()));
      assertEquals(names(there.memoryPlan()), names(described.memoryPlan()));
      assertTrue(described.memoryPlan().workspace() > 0);
    }
  }

  private static List<Long> bytes(MemoryPlan plan) {
    return List.of(
        plan.parameters(),
        plan.copies(),
        plan.gradients(),
        plan.buffers(),
        plan.activations(),
        plan.activationGradients(),
        plan.inputs());
  }

  private static List<String> names(MemoryPlan plan) {
    return plan.stages().stream().flatMap(s -> s.work().stream()).map(Work::name).toList();
  }
}
