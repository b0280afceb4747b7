package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.Errors;

/**
 * Short trainings in which each kind of fusion alone is taken, and all together, against the one
 * that takes none.
 */
@OnCuda
final class CudaForcedFusionsTest {
  private static final int BATCH = 8;
  private static final int STEPS = 4;
  private static final String DEFER = "defer norm forward ";
  private static final String SUMS = "fuse forward statistics ";
  private static final String NORM = "fuse norm forward ";
  private static final String BOTH = "fuse norm forward statistics ";
  private static final String BIAS = "fuse forward bias relu ";

  /** The training without fusions, by precision and batch norm. */
  private static final Map<String, List<double[]>> APART = new HashMap<>();

  /**
   * A training.
   *
   * @param yes the beginnings of the questions that are answered with yes; all must be asked
   */
  private record Case(Precision precision, boolean batchNorm, List<String> yes) {
    @Override
    public String toString() {
      return precision.text() + " " + yes;
    }
  }

  private static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
      for (List<String> yes :
          List.of(
              List.of(SUMS),
              List.of(DEFER),
              List.of(DEFER, SUMS),
              List.of(DEFER, BOTH),
              List.of(DEFER, NORM),
              List.of(DEFER, SUMS, BOTH, NORM))) {
        all.add(new Case(precision, true, yes));
      }
      all.add(new Case(precision, false, List.of(BIAS)));
    }
    return all;
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
    APART.clear();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachFusionTrainsAsItsPartsDo(Case c) {
    List<double[]> apart =
        APART.computeIfAbsent(
            c.precision + " " + c.batchNorm,
            key -> train(new Case(c.precision, c.batchNorm, List.of())));
    List<double[]> fused = train(c);
    assertEquals(apart.size(), fused.size());
    boolean isSame = true;
    for (int i = 0; i < apart.size(); i++) {
      isSame &= Arrays.equals(apart.get(i), fused.get(i));
      double error = difference(fused.get(i), apart.get(i));
      Errors.record("fused and apart, " + c, i % 2 == 0 ? "loss" : "way", error, 1);
      double tolerance = tolerance(c);
      if (!(error <= tolerance)) {
        throw new AssertionError(
            c + ": step " + (i / 2 + 1) + (i % 2 == 0 ? " loss" : " way") + " differs by " + error);
      }
    }
    if (c.yes.equals(List.of(DEFER))) {
      assertTrue(
          isSame, "to defer alone changes no bit: the same convolutions read the same values");
    }
  }

  /**
   * Sums in another order differ by 1e-7, which tips few roundings: of thousands of values perhaps
   * one goes over an edge, with its whole gradient. A norm inside a convolution in bf16 rounds
   * three times, by 3/256 in all, which moves 1 of 100 values, and gradients by sqrt(0.01).
   */
  private static double tolerance(Case c) {
    boolean rounds = c.yes.contains(BOTH) || c.yes.contains(NORM);
    return c.precision == Precision.BF16 && rounds ? 0.1 : 2e-3;
  }

  private static Predicate<String> answers(Case c) {
    return question -> c.yes.stream().anyMatch(question::startsWith);
  }

  /** Returns loss and way from the start after each step. */
  private static List<double[]> train(Case c) {
    Map<String, String> plans;
    CudaOptions fixed = CudaUnderTest.deterministic(c.precision, Activations.KEEP);
    try (CudaBackend backend = CudaUnderTest.open(fixed)) {
      train(backend, c, 0);
      plans = backend.choices();
    }
    Map<String, String> choices =
        Answers.of(
            c.precision, Activations.AUTO, plans, answers(c), backend -> train(backend, c, 0));
    try (CudaBackend backend = Answers.open(c.precision, Activations.AUTO, choices, null)) {
      List<double[]> all = train(backend, c, STEPS);
      requireAnswered(c, backend.choices());
      return all;
    }
  }

  private static void requireAnswered(Case c, Map<String, String> taken) {
    taken.forEach(
        (name, answer) -> {
          if (Answers.isAnswer(name)) {
            assertEquals(answers(c).test(name) ? "yes" : "no", answer, name);
          }
        });
    for (String question : c.yes) {
      assertTrue(
          taken.keySet().stream().anyMatch(name -> name.startsWith(question)),
          () -> "nobody asked to " + question + "in " + taken);
    }
  }

  private static List<double[]> train(CudaBackend backend, Case c, int steps) {
    List<double[]> all = new ArrayList<>();
    try (Vgg vgg =
            Vgg.build(
                config(c.batchNorm),
                Initialization.KAIMING,
                NetworkOptions.training(BATCH),
                backend);
        AttachedOptimizer optimizer = new Sgd(new SgdSpec(0.9, 5e-4)).attach(vgg.network())) {
      Network network = vgg.network();
      Tensor x = network.input(BATCH);
      x.fill(i -> CounterRandom.uniform(5, i));
      int[] labels = new int[BATCH];
      Arrays.setAll(labels, i -> i % 3);
      network.loss().labels(BATCH).upload(labels);
      double[] start = parameters(network);
      for (int step = 0; step < steps; step++) {
        network.stepState().set(step, step, 1e-2);
        network.loss().resetTotals();
        Tensor slope = network.outputGradient(BATCH);
        network.loss().forward(network.forward(x, true), slope, BATCH, 1.0 / BATCH);
        network.backward(slope);
        optimizer.step();
        all.add(new double[] {network.loss().totals().meanLoss()});
        double[] way = parameters(network);
        Arrays.setAll(way, i -> way[i] - start[i]);
        all.add(way);
      }
    }
    return all;
  }

  private static double[] parameters(Network network) {
    return network.parameters().stream()
        .map(Parameter::value)
        .flatMapToDouble(value -> Arrays.stream(Values.of(value)))
        .toArray();
  }

  private static double difference(double[] a, double[] b) {
    double squares = 0;
    double all = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
      all += b[i] * b[i];
    }
    return Math.sqrt(squares / all);
  }

  /** Of the third convolution behind a deferred norm the sums are not fused: 6 channels. */
  private static VggConfig config(boolean batchNorm) {
    return VggConfig.builder()
        .layers("8,8,M,16,6,8,M")
        .batchNorm(batchNorm)
        .channels(1)
        .classes(3)
        .imageSize(8)
        .hidden(8)
        .dropout(0)
        .build();
  }
}
