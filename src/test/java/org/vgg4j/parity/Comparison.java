package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.vgg4j.testing.Errors;

/**
 * Compares an engine's tensors with a fixture's. The measure of a tensor is the Euclidean norm of
 * the difference over the norm of the fixture's tensor, or over {@link #FLOOR} where that is
 * larger.
 */
final class Comparison {
  /**
   * No tensor of the fixtures has a smaller norm (the smallest is a second moment's, 1.6e-5), so it
   * counts for a tensor of zeros only.
   */
  static final double FLOOR = 1e-5;

  /** What was compared: a tensor may be compared as more than one kind. */
  record Compared(String kind, String name) {}

  private final String engine;
  private final Fixture fixture;
  private final ToDoubleFunction<String> tolerance; // of a kind of tensors
  private final Set<String> compared = new TreeSet<>();
  private final Map<Compared, Double> errors = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();

  Comparison(String engine, Fixture fixture, ToDoubleFunction<String> tolerance) {
    this.engine = engine;
    this.fixture = fixture;
    this.tolerance = tolerance;
  }

  /** Compares a tensor with the fixture's of this name. */
  void tensor(String kind, String name, double... actual) {
    compared.add(name);
    compare(kind, name, fixture.values(name), actual);
  }

  /**
   * Compares the way that a tensor went from {@code before}: a step is small beside the parameter,
   * and so would be its error.
   */
  void change(String kind, String before, String name, double[] actual) {
    double[] start = fixture.values(before);
    compare(kind, name, minus(fixture.values(name), start), minus(actual, start));
  }

  private void compare(String kind, String name, double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length, name);
    double error = norm(minus(actual, expected)) / Math.max(FLOOR, norm(expected));
    Errors.record(engine, kind, error, expected.length);
    errors.put(new Compared(kind, name), error);
    if (!(error <= tolerance.applyAsDouble(kind))) {
      failures.add("%s of %s: %s differs by %.2e".formatted(kind, fixture.net(), name, error));
    }
  }

  /** Returns the errors that were found. */
  Map<Compared, Double> errors() {
    return errors;
  }

  /** Fails unless all these tensors were compared, no other was, and none differed. */
  void finish(Set<String> all) {
    assertEquals(all, compared);
    assertEquals(List.of(), failures);
  }

  private static double[] minus(double[] a, double[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }

  private static double norm(double[] values) {
    double squares = 0;
    for (double value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares);
  }
}
