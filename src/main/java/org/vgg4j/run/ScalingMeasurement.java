package org.vgg4j.run;

import java.util.Comparator;
import java.util.List;
import org.vgg4j.collective.Scaling;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Backend;
import org.vgg4j.train.DataParallel;

/**
 * What a step of a net takes on this machine, layer by layer, to compute with what workers would.
 */
public final class ScalingMeasurement {
  private static final StepBenchmark BENCHMARK = new StepBenchmark(2, 3, 3);

  private ScalingMeasurement() {}

  /**
   * Measures steps on random images: their median counts.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the engine cannot compute the net
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public static Scaling of(Recipe recipe, Backend backend) {
    List<Scaling.Layer> layers;
    try (NetworkPlan plan = recipe.plan(StepBenchmark.imagesOfStep(recipe), backend)) {
      layers = plan.memoryPlan().stages().stream().map(ScalingMeasurement::layer).toList();
    }
    List<Double> seconds =
        BENCHMARK.run(recipe, backend, StepBenchmark.Pace.STEADY).windows().stream()
            .map(window -> window.seconds() / BENCHMARK.steps())
            .sorted(Comparator.naturalOrder())
            .toList();
    long bytes = layers.stream().mapToLong(Scaling.Layer::gradientBytes).sum();
    int piece = DataParallel.pieceBytes(DataParallel.BUCKET_BYTES, bytes);
    return new Scaling(layers, seconds.get(seconds.size() / 2), piece);
  }

  private static Scaling.Layer layer(Stage stage) {
    long elements = stage.endElement() - stage.firstElement();
    return new Scaling.Layer(elements * Float.BYTES, stage.multiplyAdds());
  }
}
