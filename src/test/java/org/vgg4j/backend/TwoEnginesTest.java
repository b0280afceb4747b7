package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Backend;

/** Trainings on two engines of one process at the same time have the bits of each alone. */
final class TwoEnginesTest {
  @ParameterizedTest
  @CsvSource({"reference, reference", "cpu, cpu", "cpu, reference"})
  void doNotDisturbEachOther(String first, String second) {
    assertUndisturbed(
        List.of(() -> Backends.open(first).backend(), () -> Backends.open(second).backend()));
  }

  /** Trains alone, then together, and compares every value. */
  static void assertUndisturbed(List<Supplier<Backend>> engines) {
    List<List<double[]>> alone = new ArrayList<>();
    for (int i = 0; i < engines.size(); i++) {
      alone.add(TwoEngines.alone(engines.get(i), i));
    }
    List<List<double[]>> together = TwoEngines.together(engines);
    for (int i = 0; i < engines.size(); i++) {
      assertEquals(alone.get(i).size(), together.get(i).size());
      for (int j = 0; j < alone.get(i).size(); j++) {
        assertArrayEquals(alone.get(i).get(j), together.get(i).get(j));
      }
    }
  }
}
