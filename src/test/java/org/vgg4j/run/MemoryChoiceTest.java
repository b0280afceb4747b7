package org.vgg4j.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.collective.LocalCollective;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** Which way is taken at which limit. */
final class MemoryChoiceTest {
  private static final int IMAGES = 40;
  private final Backend backend = Backends.open("cpu").backend();

  @AfterEach
  void close() {
    backend.close();
  }

  private static Recipe recipe(String... settings) {
    Map<String, String> all =
        new java.util.HashMap<>(
            Map.of(
                "layers", "256,256,M,512,512,M,512,512,M",
                "width", "1/16",
                "imageSize", "32",
                "batchSize", "12"));
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    return Settings.recipe(Recipe.quick(), all);
  }

  private MemoryChoice choose(Recipe recipe, long limit) {
    return RunMemory.choose(recipe, IMAGES, backend, Long.toString(limit), 0).choice();
  }

  private List<MemoryChoice> ways(Recipe recipe, int split) {
    return MemoryChoice.ways(recipe, IMAGES, backend, split);
  }

  @Test
  void theCheapestThatFitsIsTaken() {
    Recipe recipe = recipe();
    List<MemoryChoice> ways = ways(recipe, 1);
    assertTrue(ways.size() >= 3, () -> ways.size() + " ways");
    assertEquals(Recomputation.NONE, ways.get(0).way().recomputation());
    for (int i = 0; i < ways.size(); i++) {
      MemoryChoice taken = choose(recipe, ways.get(i).bytes());
      assertTrue(taken.doesTheSameAs(ways.get(i)), taken::text);
      if (i > 0) {
        taken = choose(recipe, ways.get(i - 1).bytes() - 1);
        assertTrue(taken.doesTheSameAs(ways.get(i)), taken::text);
      }
    }
  }

  /** The CPU engine never keeps norms, so they are no choice there. */
  @Test
  void normsAreTheCheapestToComputeAgainWhereTheyAreKept() {
    try (Backend reference = Backends.open("reference").backend()) {
      List<MemoryChoice> ways = MemoryChoice.ways(recipe(), IMAGES, reference, 1);
      assertEquals(new Recomputation(true, List.of()), ways.get(1).way().recomputation());
    }
    assertTrue(ways(recipe(), 1).stream().noneMatch(way -> way.way().recomputation().norms()));
  }

  @Test
  void aBatchIsSplitLastAndIntoTheFewestPasses() {
    Recipe recipe = recipe();
    List<MemoryChoice> whole = ways(recipe, 1);
    long least = whole.get(whole.size() - 1).bytes();
    for (long limit : new long[] {least - 1, least * 9 / 10, least * 8 / 10}) {
      MemoryChoice taken = choose(recipe, limit);
      MemoryChoice expected = null;
      for (int split = 2; expected == null; split++) {
        expected =
            ways(recipe, split).stream()
                .filter(way -> way.bytes() <= limit)
                .findFirst()
                .orElse(null);
      }
      assertTrue(expected.doesTheSameAs(taken), taken::text);
    }
  }

  @Test
  void theSumOfGradientsCounts() {
    long slab = ways(recipe(), 1).get(0).way().plan().parameters();
    MemoryChoice two = ways(recipe(), 2).get(0);
    assertEquals(two.way().plan().totalBytes(3), two.bytes());
    assertEquals(two.bytes(), ways(recipe("accumulate", "2"), 2).get(0).bytes());
    assertEquals(
        ways(recipe(), 1).get(0).bytes() + slab, ways(recipe("accumulate", "2"), 1).get(0).bytes());
  }

  @Test
  void withoutBatchNormOnlyStagesAreComputedAgain() {
    for (MemoryChoice way : ways(recipe("batchNorm", "false"), 1)) {
      assertTrue(!way.way().recomputation().norms(), way::text);
    }
  }

  @Test
  void theRefusalSaysWhatTheSmallestNeeds() {
    OutOfDeviceMemoryException thrown =
        assertThrows(OutOfDeviceMemoryException.class, () -> choose(recipe(), 1 << 20));
    List<MemoryChoice> ones = ways(recipe(), 12);
    assertEquals(ones.get(ones.size() - 1).bytes(), thrown.neededBytes());
    assertTrue(
        thrown
            .getMessage()
            .matches(
                "not enough memory on the cpu engine, even with stages? .*computed"
                    + " again, 12 passes of 1: \\d+ MiB needed, 1 MiB free of the limit that was"
                    + " asked for"),
        thrown.getMessage());
  }

  /** At this size one image has one value a channel in the last stage. */
  @Test
  void passesThatBatchNormRefusesAreNotTaken() {
    Recipe recipe = recipe("imageSize", "8", "layers", "128,128,M,128,M,128,M,128");
    assertThrows(InvalidInputException.class, () -> ways(recipe, 12));
    OutOfDeviceMemoryException thrown =
        assertThrows(OutOfDeviceMemoryException.class, () -> choose(recipe, 1 << 10));
    assertFalse(thrown.getMessage().contains(" of 1: "), thrown.getMessage());
  }

  @Test
  void aResumedRunKeepsItsPassesUnlessALimitIsGiven() {
    Recipe recipe = recipe();
    Map<String, Object> before = Map.of("split", 3, "memory", "1000000000");
    Map<String, String> given = Map.of("memory", "auto");
    assertEquals(
        3,
        RunMemory.choose(recipe, IMAGES, backend, Map.of(), before, 0, Sharing.NONE)
            .choice()
            .split());
    assertEquals(
        1,
        RunMemory.choose(recipe, IMAGES, backend, given, before, 0, Sharing.NONE).choice().split());
    Map<String, Object> whole = Map.of("memory", Integer.toString(1 << 20));
    OutOfDeviceMemoryException thrown =
        assertThrows(
            OutOfDeviceMemoryException.class,
            () -> RunMemory.choose(recipe, IMAGES, backend, Map.of(), whole, 0, Sharing.NONE));
    assertTrue(thrown.getMessage().endsWith("unless a limit is given anew)"), thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"64, '2 3 4 5 6 7 8 10 11 13 16 22 32 64'", "5, '2 3 5'", "1, ''"})
  void numbersOfPassesDiffer(int batch, String expected) {
    assertEquals(
        expected,
        MemoryChoice.splits(batch).stream()
            .map(String::valueOf)
            .collect(java.util.stream.Collectors.joining(" ")));
  }

  @ParameterizedTest
  @CsvSource({"auto, auto", "4G, 4294967296", "1g, 1073741824"})
  void limitsAreRead(String text, String expected) {
    assertEquals(expected, MemorySettings.limit(Map.of("memory", text)));
  }

  /** On a GPU other kernels take the first block of a net whose norms have all ranks' sums. */
  @Test
  void normsOfAllRanksArePlannedForToo() {
    Sharing own = new Sharing(LocalCollective.of(2).get(0), false);
    Sharing all = new Sharing(own.ranks(), true);
    EngineOptions options = EngineOptions.builder("cuda").deterministic(true).build();
    try (DescribedDevice gpu = Backends.described("h200", options)) {
      assertEquals(bytes(gpu.backend(), own), chosen(gpu.backend(), own));
      assertEquals(bytes(gpu.backend(), all), chosen(gpu.backend(), all));
      assertTrue(chosen(gpu.backend(), own) < chosen(gpu.backend(), all));
    }
  }

  private static long chosen(Backend gpu, Sharing sharing) {
    return RunMemory.choose(recipe(), IMAGES, gpu, Map.of(), Map.of(), 0, sharing).choice().bytes();
  }

  private static long bytes(Backend gpu, Sharing sharing) {
    try (NetworkPlan plan = recipe().plan(IMAGES, gpu, Recomputation.NONE, sharing)) {
      return recipe().trainingBytes(plan.memoryPlan());
    }
  }
}
