package org.vgg4j.backend;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** The largest error of each kind of output, printed to the test's output when the JVM ends. */
final class Errors {
  private record Worst(double error, long count) {}

  private static final Map<String, Worst> WORST = new ConcurrentSkipListMap<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Errors::print));
  }

  private Errors() {}

  /** Notes an error relative to the largest value of its tensor. */
  static void record(String engine, String kind, double error, long count) {
    WORST.merge(
        engine + ": " + kind,
        new Worst(error, count),
        (a, b) -> new Worst(Math.max(a.error, b.error), a.count + b.count));
  }

  private static void print() {
    WORST.forEach(
        (name, worst) ->
            System.out.printf("%-60s %.2e of %d values%n", name, worst.error, worst.count));
  }
}
