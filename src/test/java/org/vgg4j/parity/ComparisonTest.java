package org.vgg4j.parity;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.AssertionFailedError;
import org.vgg4j.tensor.Shape;
import org.vgg4j.testing.Errors;

/** The comparison can fail. */
final class ComparisonTest {
  private static final double TOLERANCE = 1e-4;
  private static final Fixture FIXTURE =
      new Fixture(
          "made up",
          Map.of(),
          Shape.of(1, 1, 1, 1),
          new int[] {0},
          Map.of("a", new double[] {3, 4}, "b", new double[] {3, 4.01}, "zero", new double[2]));

  private final Comparison comparison = new Comparison("none", FIXTURE, kind -> TOLERANCE);

  @AfterAll
  static void printErrors() {
    Errors.print();
  }

  @Test
  void whatIsNearPasses() {
    comparison.tensor("kind", "a", 3 + 4e-4, 4);
    comparison.tensor("kind", "zero", 0, 1e-10);
    comparison.finish(Set.of("a", "zero"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {3 + 6e-4, 3 - 6e-4, Double.NaN, Double.POSITIVE_INFINITY})
  void whatDiffersFails(double value) {
    comparison.tensor("kind", "a", value, 4);
    assertThrows(AssertionFailedError.class, () -> comparison.finish(Set.of("a")));
  }

  @Test
  void aZeroThatIsNoneFails() {
    comparison.tensor("kind", "zero", 0, 1e-8);
    assertThrows(AssertionFailedError.class, () -> comparison.finish(Set.of("zero")));
  }

  /** One part in 10,000 of the step is far less than that of the tensor. */
  @Test
  void anErrorOfTheStepFails() {
    double[] values = {3, 4.01 + 2e-6};
    comparison.tensor("kind", "b", values);
    comparison.finish(Set.of("b"));
    comparison.change("kind", "a", "b", values);
    assertThrows(AssertionFailedError.class, () -> comparison.finish(Set.of("b")));
  }

  @Test
  void whatIsLeftOutFails() {
    comparison.tensor("kind", "a", 3, 4);
    for (Set<String> all : List.of(Set.of("a", "b"), Set.<String>of())) {
      assertThrows(AssertionFailedError.class, () -> comparison.finish(all));
    }
    assertThrows(AssertionFailedError.class, () -> comparison.tensor("kind", "a", 3));
    assertThrows(IllegalArgumentException.class, () -> comparison.tensor("kind", "c", 3, 4));
  }
}
