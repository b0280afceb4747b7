package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaOptions;
import org.vgg4j.backend.cuda.DescribedGpu;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Stage;
import org.vgg4j.run.Forecast;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Work;

/** Memory and bytes moved with the real cuDNN's plans. */
@OnCudnn
final class CudnnForecastTest {
  private static final long MIB = 1 << 20;

  @BeforeAll
  static void load() {
    CudnnUnderTest.load();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a100", "h200", "b200"})
  void cudnnOffersWhatIsAssumed(String name) {
    Recipe recipe = Recipe.blog();
    List<MemoryPlan> plans = new ArrayList<>();
    List<Forecast> forecasts = new ArrayList<>();
    CudaOptions options =
        new CudaOptions(
            0,
            List.of(),
            null,
            Precision.BF16,
            false,
            Map.of(),
            Activations.RECOMPUTE,
            true,
            20,
            null);
    try (DescribedGpu gpu = DescribedGpu.of(name, options)) {
      assertTrue(gpu.workspaceSource().startsWith("planned by cuDNN 9."), gpu.workspaceSource());
      Forecast.plan(
          recipe,
          gpu,
          (plan, forecast) -> {
            plans.add(plan);
            forecasts.add(forecast);
          });
      try (NetworkPlan assumed = recipe.plan(recipe.training().batchSize(), gpu.quickBackend())) {
        assertEquals(work(assumed.memoryPlan()), work(plans.get(0)));
      }
    }
    // The first block keeps no z, so its output is never computed again; the largest that is has
    // 128
    // channels at 112 px. It lies beside the products: much more would be a conversion.
    long again = 64L * 128 * 112 * 112 * 2;
    long workspace = plans.get(0).workspace();
    assertTrue(workspace >= again && workspace < again + 32 * MIB, "workspace " + workspace);
    // With norms and statistics fused, docs/gpu.md has 366.7 for images of more channels and more
    // classes. With custom kernels for both it would be 421.
    double megabytes = forecasts.get(0).total().bytes() / 1e6 / forecasts.get(0).images();
    assertTrue(megabytes <= 366.7, megabytes + " MB an image");
    assertEquals(64, forecasts.get(0).images());
  }

  /** Returns the names and bytes of all calls, by layer. */
  private static List<List<Work>> work(MemoryPlan plan) {
    return plan.stages().stream().map(Stage::work).toList();
  }
}
