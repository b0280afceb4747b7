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
import org.vgg4j.backend.cuda.Precision;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.run.Forecast;
import org.vgg4j.run.Recipe;

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
          Recipe.blog(),
          gpu,
          (plan, forecast) -> {
            plans.add(plan);
            forecasts.add(forecast);
          });
    }
    // One activation at 224 px is computed again beside the products: more would be a conversion.
    long again = 64L * 64 * 224 * 224 * 2;
    long workspace = plans.get(0).workspace();
    assertTrue(workspace >= again && workspace < again + 64 * MIB, "workspace " + workspace);
    // Fused as assumed, this is the second variant of docs/gpu.md; else it would be more.
    double megabytes = forecasts.get(0).total().bytes() / 1e6 / forecasts.get(0).images();
    assertTrue(megabytes <= 433, megabytes + " MB an image");
    assertEquals(64, forecasts.get(0).images());
  }
}
