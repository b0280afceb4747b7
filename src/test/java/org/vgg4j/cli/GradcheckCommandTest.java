package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.gradcheck.GradientCheckOptions;
import org.vgg4j.gradcheck.GradientReport;
import org.vgg4j.gradcheck.Repeat;
import org.vgg4j.gradcheck.StandardCheck;
import org.vgg4j.gradcheck.TensorReport;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Shape;

/** The table and the exit code; what is checked is tested where it lies. */
class GradcheckCommandTest {
  private final List<Long> seeds = new ArrayList<>();

  @Test
  void exitsWithZeroWhenAllPass() {
    StringWriter out = new StringWriter();
    assertEquals(0, run(out, check("first", 1e-9, 3), check("second", 1e-10, 0)));
    List<String> lines = out.toString().lines().toList();
    assertEquals(4, lines.size());
    assertEquals(
        List.of(
            "check",
            "tensor",
            "elements",
            "gradient",
            "error",
            "limit",
            "element",
            "limit",
            "kinks"),
        words(lines.get(0)));
    assertEquals(
        List.of(
            "first", "w", "500/800", "2.0e+00", "1.0e-09", "1e-07", "3.0e-08", "1e-05", "3", "ok"),
        words(lines.get(1)));
    assertTrue(
        lines.get(3).startsWith("2 checks, 0 failed; 1000 elements, 3 kinks; seed 7, "),
        lines.get(3));
    assertEquals(List.of(7L, 7L), seeds);
  }

  @Test
  void exitsWithOneWhenOneFails() {
    for (StandardCheck bad :
        List.of(check("bad", 1e-6, 0), check("bad", Double.NaN, 0), check("bad", 0, 6))) {
      StringWriter out = new StringWriter();
      assertEquals(1, run(out, bad, check("good", 0, 0)));
      assertTrue(out.toString().contains("\nFAILED bad: "), out.toString());
      assertTrue(out.toString().contains("2 checks, 1 failed; "), out.toString());
    }
  }

  @Test
  void badSeedIsBadUsage() {
    assertEquals(2, Main.run("gradcheck", "--seed", "many"));
  }

  private static int run(StringWriter out, StandardCheck... checks) {
    try (Backend backend = new ReferenceBackend()) {
      return GradcheckCommand.run(List.of(checks), backend, 7, new PrintWriter(out));
    }
  }

  private StandardCheck check(String name, double error, int kinks) {
    TensorReport.Worst worst = new TensorReport.Worst(error, 0, 2, 2);
    TensorReport.Worst worstElement = new TensorReport.Worst(3e-8, 0, 2, 2);
    List<Integer> wrong = error <= 1e-7 ? List.of() : List.of(0);
    Repeat alike = new Repeat(0, 0, 0, 0, 0);
    TensorReport tensor =
        new TensorReport(
            "w", Shape.of(800), 500, 2, worst, worstElement, wrong, alike, kinks, List.of());
    return new StandardCheck(
        name,
        (title, backend, seed) -> {
          seeds.add(seed);
          return new GradientReport(title, GradientCheckOptions.LAYER, List.of(tensor));
        });
  }

  private static List<String> words(String line) {
    return List.of(line.trim().split(" +"));
  }
}
