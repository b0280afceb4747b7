package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.backend.onednn.OneDnnOptions.Activations;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * The CPU engine's batch norm over many values a channel, in each order of images. The tolerance of
 * the statistics is that of sums of a few values: they must not depend on how many there are.
 */
final class LargeBatchNormTest {
  private static final int BATCH = 2;
  private static final int WIDTH = 339; // no multiple of what is summed at once

  /** Few lines of many channels: the images are just so large that their sums are our own. */
  private static int height(int channels) {
    return (1 << 21) / (BATCH * WIDTH * channels) + 1;
  }

  /** Where images come from decides their order. */
  private static Layout images(Bench bench, Shape shape, boolean plain) {
    if (plain) {
      return bench.plain(shape);
    }
    int c = shape.dim(1);
    Conv2dSpec spec = new Conv2dSpec(c, c, 3, 1, false, false);
    return bench.own(bench.backend().conv2d(spec, bench.plain(shape), null, Usage.TRAINING)).y();
  }

  private static Outputs run(Bench bench, int channels, double mean, boolean plain) {
    Shape shape = Shape.of(BATCH, channels, height(channels), WIDTH);
    BatchNorm2dSpec spec = new BatchNorm2dSpec(channels, 1e-5, 1, false, false);
    Layout layout = images(bench, shape, plain);
    BatchNorm2dPlan plan = bench.own(bench.backend().batchNorm2d(spec, layout, Usage.TRAINING));
    double[] values = Arrays.stream(Bench.random(shape, 1)).map(v -> (float) (v + mean)).toArray();
    Tensor x = bench.tensor(layout, values);
    Tensor dy = bench.tensor(layout, Bench.random(shape, 2));
    Tensor gamma = bench.master(spec.parameter(), Bench.random(spec.parameter(), 3));
    Tensor beta = bench.master(spec.parameter(), Bench.random(spec.parameter(), 4));
    Tensor runningMean = bench.master(spec.parameter(), new double[channels]);
    Tensor runningVar = bench.master(spec.parameter(), new double[channels]);
    Tensor y = bench.output(layout);
    Tensor dx = bench.output(layout);
    Tensor dgamma = bench.output(bench.master(spec.parameter()));
    Tensor dbeta = bench.output(bench.master(spec.parameter()));
    Tensor saved = bench.opaque(plan.saved());
    plan.forwardTraining(x, gamma, beta, runningMean, runningVar, y, saved);
    plan.backward(x, dy, gamma, beta, saved, dx, dgamma, dbeta);
    int few = 1 + (int) (mean * mean); // what is lost of y where the mean is large
    int count = BATCH * height(channels) * WIDTH;
    return new Outputs(bench)
        .add("running mean", runningMean, 1)
        .add("running variance", runningVar, 1)
        .add("large batch norm y", y, few)
        .add("large batch norm dx", dx, 1)
        .add("large batch norm dgamma", dgamma, count)
        .add("large batch norm dbeta", dbeta, count);
  }

  @ParameterizedTest
  @CsvSource({
    "PREFERRED, 8, 1, false", // blocks of 8 where there is AVX-512
    "PREFERRED, 24, 10, false", // blocks of 16, of which the second is half empty
    "PREFERRED, 32, 10, false",
    "NHWC, 20, 1, false",
    "PREFERRED, 8, 10, true"
  })
  void agreesWithTheReference(Activations order, int channels, double mean, boolean plain) {
    OneDnnOptions options = OneDnnOptions.DEFAULT.withActivations(order);
    Outputs actual;
    try (Bench bench = new Bench(new OneDnnBackend(options))) {
      actual = run(bench, channels, mean, plain);
    }
    try (Bench bench = new Bench(new ReferenceBackend(), actual.stored())) {
      String what = order + " " + channels + " channels, mean " + mean;
      actual.compare(run(bench, channels, mean, plain), "OneDnn, large images", what);
    }
  }

  @ParameterizedTest
  @CsvSource({"PREFERRED, 24, false", "NHWC, 20, false"})
  void statisticsDoNotDependOnThreads(Activations order, int channels, boolean plain) {
    assertArrayEquals(statistics(order, channels, plain, 1), statistics(order, channels, plain, 2));
  }

  private static double[] statistics(Activations order, int channels, boolean plain, int threads) {
    OneDnnOptions options = OneDnnOptions.DEFAULT.withActivations(order).withThreads(threads);
    try (Bench bench = new Bench(new OneDnnBackend(options))) {
      return run(bench, channels, 1, plain).of("running variance");
    }
  }
}
