package org.vgg4j.spark.gloo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes of this machine, over loopback. */
class GlooCollectiveTest {
  @TempDir private Path folder;

  /** The sums themselves are checked in {@link OneRank}. */
  private List<String> sums(int world, String name) throws Exception {
    try (Ranks ranks = new Ranks(folder.resolve(name), world, "sums")) {
      for (int rank = 0; rank < world; rank++) {
        assertEquals(0, ranks.exitCode(rank), ranks.lines(rank).toString());
        assertEquals(ranks.lines(0), ranks.lines(rank));
      }
      return ranks.lines(0);
    }
  }

  @Test
  void allRanksGetTheSameBits() throws Exception {
    List<String> said = sums(4, "one");
    assertEquals(List.of("a", "a", "b", "c", "d", "3"), said.subList(2, said.size()));
  }

  @Test
  void twoGroupsAtOnceAreApartAndGiveTheSameBits() throws Exception {
    try (Ranks other = new Ranks(folder.resolve("other"), 3, "sums")) {
      List<String> own = sums(3, "own");
      assertEquals(0, other.exitCode(0));
      assertEquals(own, other.lines(0));
    }
  }

  @Test
  void memoryStaysFlat() throws Exception {
    try (Ranks ranks = new Ranks(folder, 2, "flat")) {
      for (int rank = 0; rank < 2; rank++) {
        assertEquals(0, ranks.exitCode(rank), ranks.lines(rank).toString());
        String grown = ranks.lines(rank).get(0);
        long kib = Long.parseLong(grown.substring(grown.lastIndexOf(' ') + 1));
        // A buffer of 200 KB that each of 1,500 rounds leaves behind would be 300 MB.
        assertTrue(kib < 12 << 10, grown);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, KILL, is gone: ", "1, STOP, does not answer for 4 s"})
  void theOthersHearWhoIsLost(int victim, String signal, String how) throws Exception {
    try (Ranks ranks = new Ranks(folder, 3, "endless")) {
      ranks.awaitLine(victim, "step 3");
      ranks.signal(victim, signal);
      for (int rank = 0; rank < 3; rank++) {
        if (rank != victim) {
          assertEquals(OneRank.LOST, ranks.exitCode(rank), ranks.lines(rank).toString());
          String last = ranks.lines(rank).get(ranks.lines(rank).size() - 1);
          assertTrue(last.startsWith("lost: rank " + victim + " ("), last);
          assertTrue(last.contains(how), last);
        }
      }
    }
  }
}
