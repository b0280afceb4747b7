package org.vgg4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.report.LineChart.Series;

/** Lines and their axes. */
final class LineChartTest {
  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static Series series(double... ys) {
    return Series.of("line", DoubleStream.of(ys).boxed().toList());
  }

  private static String html(Series... lines) {
    return new LineChart("title", "epoch", List.of(lines)).html();
  }

  private static List<String> paths(String html) {
    return found("class=\"line\" d=\"([^\"]*)\"", html);
  }

  private static List<String> found(String regex, String html) {
    return Pattern.compile(regex).matcher(html).results().map(r -> r.group(1)).toList();
  }

  @Test
  void whatIsNotFiniteIsAGap() {
    String html = html(series(1, NAN, 3, 4, INFINITY, 2));
    assertEquals(
        List.of("MMLM"), paths(html).stream().map(p -> p.replaceAll("[^ML]", "")).toList());
    assertEquals(4, found("<(circle)", html).size());
    assertFalse(html.contains("NaN"), html);
    assertFalse(html.contains("Infinity"), html);
  }

  @Test
  void aSinglePointIsInTheMiddle() {
    String html = html(series(0.5));
    assertEquals(List.of("267.0"), found("circle cx=\"([^\"]*)\"", html)); // of 68 to 466
    assertTrue(html.contains(">1</text>"), html);
  }

  @Test
  void withoutValuesItSaysSo() {
    assertTrue(html(series(NAN, NAN)).contains("no values"));
    assertTrue(html(series()).contains("no values"));
    assertTrue(html().contains("no values"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "1,1",
    "-3,-3",
    "1e-9,2e-9",
    "1e300,-1e300",
    "0.1,0.3",
    "99999,100001",
    "-1e-320,1e-320"
  })
  void everyPointIsWithinTheAxes(double first, double second) {
    String html = html(series(first, second, first));
    for (MatchResult at :
        Pattern.compile("cx=\"([^\"]*)\" cy=\"([^\"]*)\"").matcher(html).results().toList()) {
      double x = Double.parseDouble(at.group(1));
      double y = Double.parseDouble(at.group(2));
      assertTrue(x >= 68 && x <= 466, html);
      assertTrue(y >= 10 && y <= 228, html);
    }
    int ticks = found("(class=\"grid\")", html).size();
    assertTrue(ticks >= 1 && ticks <= 12, html);
  }

  @Test
  void linesBeyondTheColoursAreDashed() {
    List<Series> lines = new ArrayList<>();
    IntStream.range(0, 10).forEach(i -> lines.add(Series.of("line " + i, List.of(1.0, i + 1.0))));
    String html = new LineChart("title", "epoch", lines).html();
    assertEquals(10, found("<span class=\"(s[^\"]*)\">", html).stream().distinct().count());
    assertEquals(10, found("<g class=\"(s[^\"]*)\">", html).stream().distinct().count());
  }

  @Test
  void aLongLineHasNoDots() {
    double[] many = IntStream.range(0, 500).mapToDouble(Math::sqrt).toArray();
    assertEquals(0, found("<(circle)", html(series(many))).size());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 5, '0 0.2 0.4 0.6 0.8 1'",
    "0.31, 0.79, 5, '0.3 0.4 0.5 0.6 0.7 0.8'",
    "12, 12, 5, '6 8 10 12 14 16 18'",
    "-4, 5, 4, '-4 -2 0 2 4'",
    "2.48501, 2.48549, 4, '2.485 2.4851 2.4852 2.4853 2.4854 2.4855'",
    "1e-6, 3e-6, 4, '1e-6 1.5e-6 2e-6 2.5e-6 3e-6'",
    "1e6, 3e6, 4, '1e6 1.5e6 2e6 2.5e6 3e6'",
  })
  void ticksAreRound(double least, double most, int count, String expected) {
    Ticks ticks = Ticks.around(least, most, count);
    List<String> texts = ticks.at().stream().map(ticks::label).toList();
    assertEquals(expected, String.join(" ", texts));
  }

  @Test
  void placesAreWhole() {
    assertEquals(List.of(1.0, 2.0, 3.0), Ticks.ofPlaces(1, 3, 8).at());
    assertEquals(List.of(10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0), Ticks.ofPlaces(1, 74, 8).at());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "0.30000000000000004, 0.3",
    "1234.56, 1235",
    "7.8125e-6, 7.813e-6",
    "0.0005, 0.0005",
    "123456, 123500",
    "-2e7, -2e7",
    "1e-320, 1e-320",
    "NaN, -"
  })
  void numbersAreShort(double value, String text) {
    assertEquals(text, Ticks.text(value));
  }
}
