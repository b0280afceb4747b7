package org.vgg4j.testing;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The largest relative error of each kind of output. A test class notes its errors and prints the
 * table when it is through ({@code @AfterAll}), which puts it into the class's own output file.
 */
public final class Errors {
  private record Worst(double error, long count) {}

  private static final Map<String, Worst> WORST = new ConcurrentSkipListMap<>();

  private Errors() {}

  /**
   * Notes an error.
   *
   * @param error relative, by the test's own measure
   * @param count how many values it is the largest error of
   */
  public static void record(String engine, String kind, double error, long count) {
    WORST.merge(
        engine + ": " + kind,
        new Worst(error, count),
        (a, b) -> new Worst(Math.max(a.error, b.error), a.count + b.count));
  }

  /** Prints the table and starts a new one. */
  public static void print() {
    WORST.forEach(
        (name, worst) ->
            System.out.printf("%-60s %.2e of %d values%n", name, worst.error, worst.count));
    WORST.clear();
  }
}
