package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.BlockChain.Layer;
import org.vgg4j.backend.BlockChain.Norm;
import org.vgg4j.backend.onednn.Bf16UnderTest;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.backend.onednn.OrderTuning;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Types;

/** The CPU engine's blocks with the orders of images chosen layer by layer. */
final class OneDnnOrdersTest {
  /** Every sum is exact, so each order must give the reference's bits. */
  private static final BlockChain CHAIN =
      new BlockChain(
          Shape.of(3, 1, 12, 12),
          true,
          true,
          List.of(
              new Layer(8, 3, true, Norm.NONE, false),
              new Layer(16, 3, false, Norm.FROZEN, true),
              new Layer(20, 3, true, Norm.NONE, false)));

  @TempDir Path folder;

  /** Returns what a run would have stored, with an order for each of the three layers. */
  private static Map<String, String> choices(String one, String two, String three, String filters) {
    return Map.of(
        "orders of 1>8 3x3+1 on 12x12 plain",
        "any " + one + " " + filters + " direct",
        "orders of 8>16 3x3+1 on 12x12 " + one + " norm pool",
        two + " " + two + " " + filters + " direct",
        "orders of 16>20 3x3+1 on 6x6 " + two,
        three + " " + three + " " + filters + " direct");
  }

  private static OneDnnOptions options(boolean bf16) {
    assumeTrue(!bf16 || Bf16UnderTest.isThere(), "bf16 needs AVX-512");
    return bf16 ? Bf16UnderTest.options() : OneDnnOptions.DEFAULT;
  }

  @ParameterizedTest
  @CsvSource({
    "plain, plain, plain, any",
    "nhwc, nhwc, nhwc, nhwc",
    "blocks8, blocks8, blocks8, blocks8",
    "blocks16, blocks16, blocks16, blocks16",
    "nhwc, blocks16, nhwc, any",
    "blocks16, nhwc, blocks16, nhwc",
    "blocks8, nhwc, plain, blocks16"
  })
  void everyOrderGivesTheSameBits(String one, String two, String three, String filters) {
    Map<String, String> choices = choices(one, two, three, filters);
    for (boolean bf16 : Bf16UnderTest.isThere() ? new boolean[] {false, true} : new boolean[1]) {
      OrderTuning tuning = new OrderTuning(choices, false, null);
      Types types;
      Outputs actual;
      try (OneDnnBackend engine = new OneDnnBackend(options(bf16).withOrders(tuning));
          Bench bench = Bench.over(engine)) {
        actual = CHAIN.run(bench);
        assertEquals(choices, engine.choices(), "each layer has its order");
        types = engine.types();
      }
      try (Bench bench = new Bench(new ReferenceBackend(types))) {
        actual.exact(CHAIN.run(bench), choices + (bf16 ? " in bf16" : ""));
      }
    }
  }

  @Test
  void anOrderDecidesTheLayout() {
    OrderTuning nhwc = new OrderTuning(choices("nhwc", "nhwc", "nhwc", "any"), false, null);
    OrderTuning plain = new OrderTuning(choices("plain", "plain", "plain", "any"), false, null);
    try (Bench one = new Bench(new OneDnnBackend(OneDnnOptions.DEFAULT.withOrders(nhwc)));
        Bench other = new Bench(new OneDnnBackend(OneDnnOptions.DEFAULT.withOrders(plain)))) {
      assertNotEquals(CHAIN.plan(one), CHAIN.plan(other));
    }
  }

  /** What was timed is stored with the run and on the machine, and taken from there. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void whatWasTimedIsKept(boolean bf16) throws IOException {
    OneDnnOptions options = options(bf16);
    Map<String, String> timed = planned(options, new OrderTuning(Map.of(), true, folder));
    assertEquals(3, timed.size(), timed.toString());
    assertEquals(timed, planned(options, new OrderTuning(timed, false, null)));
    List<Path> files;
    try (var list = Files.list(folder)) {
      files = list.toList();
    }
    assertEquals(1, files.size(), files.toString());
    Map<String, String> lines = new TreeMap<>();
    for (String line : Files.readAllLines(files.get(0))) {
      lines.put(line.split("\t")[0], line.split("\t")[1]);
    }
    assertEquals(timed, lines);
    // An order that no timing takes shows where the next engine has it from.
    String first = "orders of 1>8 3x3+1 on 12x12 plain";
    Files.writeString(files.get(0), first + "\tany plain plain direct\n");
    Map<String, String> again = planned(options, new OrderTuning(Map.of(), true, folder));
    assertEquals("any plain plain direct", again.get(first));
    assertTrue(planned(options, new OrderTuning(Map.of(), false, folder)).isEmpty(), "not asked");
  }

  private static Map<String, String> planned(OneDnnOptions options, OrderTuning tuning) {
    try (OneDnnBackend engine = new OneDnnBackend(options.withOrders(tuning));
        Bench bench = Bench.over(engine)) {
      CHAIN.plan(bench);
      return engine.choices();
    }
  }

  /** A cache of a later version may hold what this one does not know. */
  @Test
  void anUnknownOrderIsTimedAgain() {
    Map<String, String> odd = Map.of("orders of 1>8 3x3+1 on 12x12 plain", "any spiral any direct");
    assertEquals(Map.of(), planned(OneDnnOptions.DEFAULT, new OrderTuning(odd, false, null)));
    assertEquals(3, planned(OneDnnOptions.DEFAULT, new OrderTuning(odd, true, null)).size());
  }
}
