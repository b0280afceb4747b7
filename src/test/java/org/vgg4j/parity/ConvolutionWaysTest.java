package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.Tensor;

/**
 * Nets in other ways than oneDNN's direct convolutions, against the reference, which is compared
 * with libtorch on nets of fewer channels.
 */
final class ConvolutionWaysTest {
  private static final int BATCH = 5;

  /**
   * The tolerances are those of {@link OneDnnParityTest} and {@link Bf16ParityTest}: of outputs,
   * and of gradients, to which each value that falls to the other side of an edge brings its own.
   */
  @ParameterizedTest
  @CsvSource({
    "'16,16,M,32,48,M', WINOGRAD_1D, FP32, 1e-5, 1e-4",
    "'16,16,M,32,48,M', WINOGRAD_2D, FP32, 1e-5, 1e-4",
    "'16,16,M,32,48,M', WINOGRAD_2D, BF16, 0.03125, 0.177",
    "'16,16,M,32,48,M', WINOGRAD_6X6, BF16, 0.03125, 0.177",
    "'8,8,M,16,8,M', NARROW, FP32, 1e-5, 1e-4",
    "'8,8,M,16,32,M', PREFERRED, FP32, 1e-5, 1e-4",
    "'8,8,M,16,32,M', WINOGRAD_2D, BF16, 0.03125, 0.177"
  })
  void aPassIsTheReferences(
      String layers, Convolutions way, Precision precision, double outputs, double gradients) {
    assumeTrue(Bf16UnderTest.isThere(), "no AVX-512");
    assumeTrue(precision != Precision.BF16 || Bf16UnderTest.filters(), "no library in C++");
    OneDnnOptions options = Bf16UnderTest.options().withPrecision(precision);
    List<double[]> values;
    List<double[]> right;
    try (Backend reference = new ReferenceBackend();
        Vgg net = net(layers, reference)) {
      right = pass(net.network());
      values = net.network().parameters().stream().map(each -> Values.of(each.value())).toList();
    }
    List<double[]> filtered =
        pass(layers, new OneDnnBackend(options.withConvolutions(way)), values);
    List<double[]> direct =
        pass(layers, new OneDnnBackend(options.withConvolutions(Convolutions.DIRECT)), values);
    assertFalse(Arrays.equals(filtered.get(0), direct.get(0)), "both are computed in the same way");
    for (int i = 0; i < right.size(); i++) {
      double error = error(filtered.get(i), right.get(i));
      double tolerance = i == 0 ? outputs : gradients;
      int which = i;
      assertTrue(error <= tolerance, () -> "result " + which + ": " + error + " > " + tolerance);
    }
  }

  private static Vgg net(String layers, Backend backend) {
    VggConfig config =
        VggConfig.builder()
            .layers(layers)
            .batchNorm(true)
            .channels(1)
            .classes(7)
            .imageSize(20)
            .hidden(96)
            .dropout(0)
            .build();
    return Vgg.build(config, Initialization.KAIMING, NetworkOptions.training(BATCH), backend);
  }

  /** Closes the engine. */
  private static List<double[]> pass(String layers, Backend engine, List<double[]> values) {
    try (Backend backend = engine;
        Vgg net = net(layers, backend)) {
      List<Parameter> parameters = net.network().parameters();
      for (int i = 0; i < values.size(); i++) {
        parameters.get(i).value().upload(values.get(i));
      }
      net.network().refreshCompute();
      return pass(net.network());
    }
  }

  /** Returns logits, and the gradients of all parameters. */
  private static List<double[]> pass(Network network) {
    Tensor x = network.input(BATCH);
    x.fill(i -> 2 * CounterRandom.uniform(CounterRandom.key(1, 1, 1), i) - 1);
    CrossEntropyLoss loss = network.loss();
    loss.labels(BATCH).upload(new int[] {0, 3, 6, 1, 2});
    List<double[]> results = new ArrayList<>();
    Tensor dlogits = network.outputGradient(BATCH);
    Tensor logits = network.forward(x, true);
    results.add(Values.of(logits));
    loss.forward(logits, dlogits, BATCH, 1.0 / BATCH);
    network.backward(dlogits);
    for (Parameter parameter : network.parameters()) {
      results.add(Values.of(parameter.gradient()));
    }
    return results;
  }

  /**
   * Returns the norm of the difference by that of what is right, if that is not zero: before a
   * batch norm, a bias has no gradient but rounding errors.
   */
  private static double error(double[] values, double[] right) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < right.length; i++) {
      difference += Math.pow(values[i] - right[i], 2);
      norm += Math.pow(right[i], 2);
    }
    return Math.sqrt(difference / Math.max(norm, 1e-4));
  }
}
