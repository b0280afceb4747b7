package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.vgg4j.tensor.Precision;

/**
 * The choices of a GPU engine that fuses and defers as a test wants: no timing decides. What is
 * given to an engine comes first, so nothing in the engine is there for tests.
 */
public final class Answers {
  private static final int MOST_ROUNDS = 5;

  private Answers() {}

  /** Returns whether a choice is an answer to a question, and no plan. */
  public static boolean isAnswer(String name) {
    return name.startsWith("fuse ") || name.startsWith("defer ");
  }

  /**
   * Returns plans and answers for what is built on an engine. An answer may raise another question,
   * so this builds until none is left.
   *
   * @param plans choices that are kept, of which answers are replaced
   * @param yes whether the answer to a question is yes
   */
  public static Map<String, String> of(
      Precision precision,
      Activations activations,
      Map<String, String> plans,
      Predicate<String> yes,
      Consumer<CudaBackend> build) {
    Map<String, String> choices = answered(plans, yes);
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Map<String, String> taken;
      try (CudaBackend backend = open(precision, activations, choices, null)) {
        build.accept(backend);
        taken = backend.choices();
      }
      Map<String, String> next = answered(taken, yes);
      if (choices.keySet().containsAll(next.keySet())) {
        return next;
      }
      next.putAll(choices);
      choices = next;
    }
    throw new AssertionError("questions without end: " + choices);
  }

  private static Map<String, String> answered(Map<String, String> choices, Predicate<String> yes) {
    Map<String, String> all = new TreeMap<>(choices);
    all.replaceAll((name, choice) -> isAnswer(name) ? yes.test(name) ? "yes" : "no" : choice);
    return all;
  }

  /** Opens an engine that measures what is not given. */
  public static CudaBackend open(
      Precision precision, Activations activations, Map<String, String> choices, Path cache) {
    return CudaUnderTest.open(CudaUnderTest.measuring(precision, activations, choices, cache));
  }
}
