package org.vgg4j.paper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.evaluation.Posteriors;

/** Tables and sentences from posteriors that are made up. */
final class StudyReportTest {
  private static final int IMAGES = 100;
  private static final int CLASSES = 10;

  /** Posteriors of which so many images are wrong, the sixth class for the first. */
  private static Posteriors wrong(int count) {
    int[] labels = new int[IMAGES];
    double[][] rows = new double[IMAGES][CLASSES];
    for (int i = 0; i < IMAGES; i++) {
      labels[i] = i % CLASSES;
      for (int c = 0; c < CLASSES; c++) {
        rows[i][c] = 0.01;
      }
      rows[i][(labels[i] + (i < count ? 5 : 0)) % CLASSES] = 0.91;
    }
    return new Posteriors(labels, rows);
  }

  private interface Count {
    int of(StudyTest test);
  }

  private static StudyResults results(String nets, int seeds, Count wrong) {
    StudyOptions options =
        new StudyOptions(
            PaperNet.parse(nets), TrainScales.of(224), seeds, Map.of("epochs", "2"), Path.of("x"));
    StudyResults results = new StudyResults(options);
    for (StudyRun run : options.runs()) {
      for (StudyTest test : StudyTest.of(run, options.scales())) {
        results.add(test, wrong(wrong.of(test)));
      }
    }
    return results;
  }

  @Test
  void tablesHaveThePapersRows() {
    StudyResults results = results("A,A-LRN,B,C,D,E", 2, test -> 20 + 2 * (int) test.run().seed());
    List<StudyTable> tables = new StudyReport(results).tables();
    assertEquals(List.of(12, 12, 6, 4), tables.stream().map(table -> table.rows().size()).toList());
    assertEquals(
        List.of("A", "256", "256", "23.00 \u00b1 1.41", "0.00 \u00b1 0.00", "29.6", "10.4"),
        withoutFive(tables.get(0).rows().get(0)));
    assertEquals(
        List.of("D", "256..512", "256, 384, 512"), tables.get(1).rows().get(8).subList(0, 3));
    assertEquals("multi-crop and dense", tables.get(2).rows().get(2).get(1));
    assertTrue(tables.get(3).rows().get(0).get(0).startsWith("7 nets: C/256, C/384, D/256,"));
    for (StudyTable table : tables) {
      table.rows().forEach(row -> assertEquals(table.header().size(), row.size(), row::toString));
    }
  }

  /** All others have the same probability, so that the top five say nothing here. */
  private static List<String> withoutFive(List<String> row) {
    return Arrays.asList(
        row.get(0), row.get(1), row.get(2), row.get(3), "0.00 \u00b1 0.00", row.get(5), row.get(6));
  }

  /** Where two nets err on other images, the mean of both is surer of the right ones. */
  @Test
  void severalSizesAreAveragedBeforeTheyAreCounted() {
    StudyResults results = results("B", 1, test -> test.size() == 256 ? 30 : 10);
    List<List<String>> single = new StudyReport(results).tables().get(0).rows();
    List<List<String>> several = new StudyReport(results).tables().get(1).rows();
    assertEquals("30.00", single.get(0).get(3));
    assertEquals("10.00", several.get(0).get(3)); // two of the three sizes are right
  }

  @Test
  void aNetAloneHasNoEmptyTables() {
    List<StudyTable> tables = new StudyReport(results("A", 1, test -> 10)).tables();
    assertEquals(2, tables.size());
    assertEquals(List.of(), new StudyReport(results("A", 1, test -> 10)).conclusions());
  }

  @Test
  void aDifferenceCountsWhereItsIntervalLeavesZeroOut() {
    Spread clear = Spread.of(List.of(-2.0, -2.2, -1.8));
    assertEquals(-2.0, clear.mean(), 1e-12);
    assertEquals(0.2, clear.deviation(), 1e-12);
    assertEquals(4.303 * 0.2 / Math.sqrt(3), clear.halfWidth(), 1e-12);
    assertTrue(clear.isClear());
    assertEquals(
        "-2.00 points, between -2.50 and -1.50 (95 %, 3 seeds): fewer errors.",
        Conclusions.verdict(clear));
    Spread open = Spread.of(List.of(-2.0, -0.2, 0.4));
    assertFalse(open.isClear());
    assertTrue(Conclusions.verdict(open).endsWith("these seeds do not tell them apart."));
    assertTrue(Conclusions.verdict(Spread.of(List.of(1.0, 1.0))).endsWith(": more errors."));
    Spread single = Spread.of(List.of(-5.0));
    assertFalse(single.isClear());
    assertEquals(
        "-5.00 points with one seed, from which nothing follows.", Conclusions.verdict(single));
    assertFalse(Spread.of(List.of(0.0, 0.0)).isClear());
  }

  @Test
  void everyComparisonOfThePaperHasASentence() {
    StudyResults results =
        results(
            "A,A-LRN,B,C,D,E",
            3,
            test -> (test.run().net() == PaperNet.B ? 20 : 25) + (int) test.run().seed());
    List<String> lines = new StudyReport(results).conclusions();
    assertEquals(15, lines.size(), lines::toString);
    assertTrue(
        lines.contains(
            "Depth, 11 to 13 layers (B against A): -5.00 points, between -5.00 and -5.00 (95 %, 3"
                + " seeds): fewer errors. In the paper -0.9."),
        lines::toString);
    assertTrue(
        lines.contains(
            "Three 1x1 convolutions more (C against B): +5.00 points, between +5.00 and +5.00 (95"
                + " %, 3 seeds): more errors. In the paper -0.6."),
        lines::toString);
    String text = String.join("\n", new StudyReport(results).markdown());
    assertTrue(text.contains("| net | train S | test Q | top-1 error, % |"), text);
    assertTrue(text.contains("- " + lines.get(0)), text);
    String page = new StudyReport(results).page().html();
    assertTrue(page.contains("D, S = 256..512"), page);
    assertTrue(page.contains("27.00 \u00b1 1.00 %"), page);
    lines.forEach(line -> assertTrue(page.contains(line), line));
  }
}
