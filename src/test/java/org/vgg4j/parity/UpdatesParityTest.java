package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.train.TrainingOptions;
import org.vgg4j.train.TrainingStep;

/**
 * Five steps of an engine with clipped gradients, averaged weights, a learning rate of the last
 * layer and frozen layers, against PyTorch's in double: benchmarks/torch_updates.py. An engine's
 * test is a subclass that opens it.
 */
abstract class UpdatesParityTest {
  private static final int STEPS = 5;
  private static final double RATE = 0.01;

  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns the largest error of a tensor, as a share of its largest value. */
  abstract double tolerance();

  /** A run of the file: its name, and what is said of it there. */
  record Updates(String name, Optimizer optimizer, UpdateOptions options, String said) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final Optimizer SGD = new Sgd(new SgdSpec(0.9, 0.01));
  private static final Optimizer ADAM = new Adam(new AdamSpec(0.9, 0.999, 1e-8, 0.01));
  private static final UpdateOptions NONE = UpdateOptions.NONE;

  static Stream<Updates> runs() {
    return Stream.of(
        new Updates("clip_sgd", SGD, NONE.withClipNorm(0.5), "{'optimizer': 'sgd', 'clip': 0.5}"),
        new Updates(
            "clip_adam", ADAM, NONE.withClipNorm(0.5), "{'optimizer': 'adam', 'clip': 0.5}"),
        new Updates(
            "head_sgd", SGD, NONE.withHeadLearningRate(0.03), "{'optimizer': 'sgd', 'head': 0.03}"),
        new Updates(
            "head_adam",
            ADAM,
            NONE.withHeadLearningRate(0.002),
            "{'optimizer': 'adam', 'head': 0.002}"),
        new Updates(
            "average", SGD, NONE.withAverageDecay(0.9), "{'optimizer': 'sgd', 'decay': 0.9}"),
        new Updates(
            "frozen_features",
            SGD,
            NONE.withFrozen("features.0", "features.4"),
            "{'optimizer': 'sgd', 'frozen': ['features']}"),
        new Updates(
            "frozen_within",
            ADAM,
            NONE.withFrozen("features.4", "classifier.3"),
            "{'optimizer': 'adam', 'frozen': ['features.4', 'features.5', 'classifier.3']}"),
        new Updates(
            "all",
            ADAM,
            new UpdateOptions(0.5, 0.9, 0.03, List.of("features.0")),
            "{'optimizer': 'adam', 'clip': 0.5, 'head': 0.03, 'decay': 0.9,"
                + " 'frozen': ['features.0', 'features.1']}"));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void asPyTorch(Updates run) {
    Fixture start = Fixture.read("batchnorm");
    Fixture.Results expected = Fixture.results("updates");
    assertEquals(run.said().replace('\'', '"'), expected.metadata().get(run.name()));
    Shape x = start.x();
    NetworkOptions net =
        NetworkOptions.training(x.dim(0)).withoutInitialValues().withFrozen(run.options().frozen());
    TrainingOptions training =
        new TrainingOptions(1, x.dim(0), RATE, LearningRateSchedule.CONSTANT, 1)
            .withUpdates(run.options());
    try (Backend backend = open();
        Network network =
            Network.build(
                () -> FixtureModule.of(start, FixtureModule.Style.BLOCKS),
                Shape.of(x.dim(1), x.dim(2), x.dim(3)),
                net,
                backend);
        TrainingStep step = new TrainingStep(network, run.optimizer(), training)) {
      load(network, start);
      Execution at = network.execution(x.dim(0));
      at.input().upload(start.values("x"));
      at.labels().upload(start.labels());
      double[] losses = new double[STEPS];
      for (int t = 0; t < STEPS; t++) {
        network.loss().resetTotals();
        network.stepState().set(t, t, RATE, x.dim(0), 1.0 / x.dim(0));
        step.run(at, true, true);
        losses[t] = network.loss().totals().meanLoss();
      }
      Set<String> left = new TreeSet<>(expected.names(run.name() + "."));
      compare(expected, run.name() + ".loss", losses, left);
      compare(expected, run.name() + ".", network, left);
      if (run.options().averages()) {
        step.averaged(
            () -> {
              compare(expected, run.name() + ".average.", network, left);
              return null;
            });
        compare(expected, run.name() + ".", network, new TreeSet<>());
      }
      assertEquals(Set.of(), left);
    }
  }

  private static void load(Network network, Fixture start) {
    for (Parameter parameter : network.parameters()) {
      parameter.value().upload(start.values(parameter.name()));
    }
    for (Buffer buffer : network.buffers()) {
      buffer.value().upload(start.values(buffer.name()));
    }
    network.refreshCompute();
  }

  private void compare(Fixture.Results expected, String prefix, Network network, Set<String> left) {
    for (Parameter parameter : network.parameters()) {
      compare(expected, prefix + parameter.name(), Values.of(parameter.value()), left);
    }
    for (Buffer buffer : network.buffers()) {
      compare(expected, prefix + buffer.name(), Values.of(buffer.value()), left);
    }
  }

  private void compare(Fixture.Results expected, String name, double[] actual, Set<String> left) {
    double[] right = expected.values(name);
    assertEquals(right.length, actual.length, name);
    double largest = 0;
    double error = 0;
    for (int i = 0; i < right.length; i++) {
      largest = Math.max(largest, Math.abs(right[i]));
      double difference = Math.abs(actual[i] - right[i]);
      error = !(difference <= error) ? difference : error;
    }
    double share = error / largest;
    assertTrue(share <= tolerance(), () -> name + " differs by " + share);
    left.remove(name);
  }
}
