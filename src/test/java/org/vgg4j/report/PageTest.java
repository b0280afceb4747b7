package org.vgg4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.report.LineChart.Series;

/** Pages: what comes in is escaped, and nothing is asked for. */
final class PageTest {
  private static final String HOSTILE = "<script>alert('\"&\u0007\uD800')</script> ﷺ \ud83c\udf39";

  @TempDir private Path folder;

  /** A page with everything there is, and a hostile text wherever one goes in. */
  private static Page hostile() {
    BufferedImage dot = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    List<String> names = List.of(HOSTILE, "b");
    return new Page(HOSTILE)
        .section(HOSTILE)
        .paragraph(HOSTILE)
        .add(new Table(List.of(HOSTILE, "n"), List.of(List.of(HOSTILE, "1"))))
        .add(
            new LineChart(
                HOSTILE,
                HOSTILE,
                List.of(Series.of(HOSTILE, List.of(1.0, 2.0)), Series.of("", List.of(1.0)))))
        .add(new Bars(List.of(new Bars.Bar(HOSTILE, 0.5, HOSTILE))))
        .add(new Pictures(List.of(new Pictures.Picture(dot, List.of(HOSTILE)))))
        .add(new Matrix(names, new long[][] {{1, 2}, {3, 4}}))
        .add(new Listing(HOSTILE));
  }

  @Test
  void everyTextIsEscaped() {
    String html = hostile().html();
    assertFalse(html.contains("<script"), html);
    assertFalse(html.contains("alert('"), html);
    String safe =
        "&lt;script&gt;alert(&#39;&quot;&amp;\uFFFD\uFFFD&#39;)&lt;/script&gt; ﷺ \ud83c\udf39";
    // The title twice, a heading, a paragraph, three cells of tables and lists, a chart's name
    // thrice and its points and legend, a bar twice, a picture twice, a matrix.
    assertTrue(html.split(java.util.regex.Pattern.quote(safe), -1).length > 14, html);
  }

  @Test
  void nothingIsAskedFor() {
    String html = hostile().html();
    assertFalse(html.matches("(?s).*(src|href)=\"(?!data:).*"), html);
    assertFalse(html.contains("url("), html);
    assertFalse(html.contains("@import"), html);
    assertTrue(html.contains("default-src 'none'"), html);
  }

  @Test
  void equalPartsGiveEqualBytes() throws IOException {
    Path one = folder.resolve("one.html");
    hostile().write(one);
    assertEquals(hostile().html(), Files.readString(one));
  }

  @Test
  void aPageThatCannotBeWrittenLeavesTheOldOne() throws IOException {
    Path file = folder.resolve("page.html");
    Files.createDirectories(file.resolve("in the way"));
    assertThrows(IOException.class, () -> hostile().write(file));
    assertTrue(Files.isDirectory(file.resolve("in the way")));
  }

  @Test
  void onlyColumnsOfNumbersStandToTheRight() {
    String html =
        new Table(
                List.of("a", "b", "c"),
                List.of(List.of("x", "1,024", "3.5%"), List.of("7", "-1e-5", "-")))
            .html();
    assertTrue(
        html.contains("<td dir=\"auto\">x</td><td class=\"n\">1,024</td><td class=\"n\">3.5%"),
        html);
    assertThrows(
        IllegalArgumentException.class, () -> new Table(List.of("a"), List.of(List.of("x", "y"))));
  }

  @Test
  void barsStayWithinTheirRoom() {
    String html =
        new Bars(
                List.of(
                    new Bars.Bar("a", 2, ""),
                    new Bars.Bar("b", Double.NaN, ""),
                    new Bars.Bar("c", 0.125, "")))
            .html();
    assertEquals(
        List.of("100.0%", "0.0%", "12.5%"),
        java.util.regex.Pattern.compile("width:([\\d.]+%)")
            .matcher(html)
            .results()
            .map(found -> found.group(1))
            .toList());
  }
}
