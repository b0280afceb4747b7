package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.Backend;
import org.vgg4j.testing.Errors;

/**
 * Small nets of an engine against libtorch's double precision: a pass forward and backward, an
 * evaluation, and ten steps of each optimizer, every one from the fixture's state before it. No
 * tensor of a fixture is left out. An engine's test is a subclass that opens it.
 */
abstract class ParityTest {
  /** Opens the engine under test. */
  abstract Backend open();

  /** Returns what the table of errors calls the engine. */
  abstract String engine();

  /** Returns the largest error of a tensor, by {@link Comparison}'s measure. */
  abstract double tolerance();

  /** Returns the largest error of a kind of tensors: by default all have the same. */
  double tolerance(String kind) {
    return tolerance();
  }

  record Built(Fixture fixture, FixtureModule.Style style) {}

  record Trained(Fixture fixture, FixtureModule.Style style, Run run) {}

  static Stream<Built> nets() {
    return Fixture.NETS.stream()
        .map(Fixture::read)
        .flatMap(
            fixture ->
                Stream.of(FixtureModule.Style.values()).map(style -> new Built(fixture, style)));
  }

  static Stream<Trained> runs() {
    return nets()
        .flatMap(
            built ->
                Run.ALL.stream()
                    .filter(run -> built.fixture.metadata().containsKey(run.label()))
                    .map(run -> new Trained(built.fixture, built.style, run)));
  }

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  @ParameterizedTest
  @MethodSource("nets")
  void passAndEvaluation(Built built) {
    Fixture fixture = built.fixture;
    Comparison comparison = new Comparison(engine(), fixture, this::tolerance);
    try (Backend backend = open();
        FixtureNet net = new FixtureNet(fixture, built.style, null, backend)) {
      net.load(0);
      comparison.tensor("logits", "logits", net.logits(true));
      net.load(0); // That pass moved the running statistics.
      comparison.tensor("loss", "loss", net.pass());
      comparison.tensor("input gradient", "input_grad", net.inputGradient());
      for (Parameter parameter : net.parameters()) {
        double[] gradient = Values.of(parameter.gradient());
        comparison.tensor("parameter gradients", "grad." + parameter.name(), gradient);
      }
      statistics(comparison, net, "", "forward.");
      comparison.tensor("evaluation logits", "eval_logits", net.logits(false));
      comparison.finish(resultsOfPass(fixture, net));
    }
  }

  /** Returns the names of all tensors but the given ones and the runs'. */
  private static Set<String> resultsOfPass(Fixture fixture, FixtureNet net) {
    Set<String> names = new TreeSet<>(fixture.names(""));
    names.remove("x");
    net.parameters().forEach(parameter -> names.remove(parameter.name()));
    net.buffers().forEach(buffer -> names.remove(buffer.name()));
    for (Run run : Run.ALL) {
      for (int t = 1; t <= Run.STEPS; t++) {
        names.removeAll(fixture.names(Fixture.state(run, t)));
      }
    }
    return names;
  }

  @ParameterizedTest
  @MethodSource("runs")
  void singleSteps(Trained trained) {
    steps(trained, engine(), false);
  }

  /**
   * Makes ten steps and compares everything after each.
   *
   * @param name of the engine in the table of errors
   * @param consecutive whether a step starts where the engine's own last one ended, not the
   *     fixture's
   */
  final void steps(Trained trained, String name, boolean consecutive) {
    steps(
        trained, open(), consecutive, t -> new Comparison(name, trained.fixture, this::tolerance));
  }

  /**
   * As above, on an engine that it closes.
   *
   * @param comparisons the comparison of each step, from 1
   */
  static void steps(
      Trained trained, Backend engine, boolean consecutive, IntFunction<Comparison> comparisons) {
    Fixture fixture = trained.fixture;
    Run run = trained.run;
    assertEquals(run.settings(), fixture.metadata().get(run.label()));
    try (Backend backend = engine;
        FixtureNet net = new FixtureNet(fixture, trained.style, run, backend)) {
      for (int t = 1; t <= Run.STEPS; t++) {
        if (t == 1 || !consecutive) {
          net.load(t - 1);
        }
        Comparison comparison = comparisons.apply(t);
        comparison.tensor("loss", Fixture.state(run, t) + "loss", net.step(t));
        state(comparison, net, run, t);
        comparison.finish(fixture.names(Fixture.state(run, t)));
      }
    }
  }

  private static void state(Comparison comparison, FixtureNet net, Run run, int t) {
    String before = Fixture.state(run, t - 1);
    String after = Fixture.state(run, t);
    String by = run.optimizer().name();
    for (Parameter parameter : net.parameters()) {
      double[] values = Values.of(parameter.value());
      String name = after + parameter.name();
      comparison.tensor("parameters after " + by, name, values);
      comparison.change("steps of " + by, before + parameter.name(), name, values);
    }
    for (AttachedOptimizer.State moment : net.moments()) {
      String name = after + moment.kind() + "." + moment.parameter();
      comparison.tensor("moments " + moment.kind(), name, Values.of(moment.tensor()));
    }
    statistics(comparison, net, before, after);
  }

  private static void statistics(
      Comparison comparison, FixtureNet net, String before, String after) {
    for (Buffer buffer : net.buffers()) {
      double[] values = Values.of(buffer.value());
      String name = after + buffer.name();
      comparison.tensor("running statistics", name, values);
      comparison.change("changes of running statistics", before + buffer.name(), name, values);
    }
  }
}
