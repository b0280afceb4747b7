package org.vgg4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Confusion matrices as pictures. */
final class MatrixTest {
  private static List<String> names(int count) {
    return IntStream.range(0, count).mapToObj(i -> "a class called " + i).toList();
  }

  /** Each class is answered rightly but for one image of four, which is taken for the next. */
  private static long[][] counts(int count) {
    long[][] counts = new long[count][count];
    for (int i = 0; i < count; i++) {
      counts[i][i] = 3;
      counts[i][(i + 1) % count]++;
    }
    return counts;
  }

  @Test
  void cellsAreAsStrongAsTheirShareOfTheRow() {
    String html = new Matrix(List.of("a", "b"), new long[][] {{3, 1}, {0, 0}}).html();
    Matcher cells =
        Pattern.compile("<rect class=\"(\\w+)\" .*?fill-opacity=\"([^\"]*)\"").matcher(html);
    assertEquals(
        List.of("right 0.87", "wrong 0.50", "wrong 0.00", "right 0.00"),
        cells.results().map(cell -> cell.group(1) + " " + cell.group(2)).toList());
    assertEquals(
        List.of("3", "1"),
        Pattern.compile("class=\"in[^>]*>(\\d+)<")
            .matcher(html)
            .results()
            .map(r -> r.group(1))
            .toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 30})
  void someClassesHaveNames(int count) {
    String html = new Matrix(names(count), counts(count)).html();
    assertEquals(count * count, html.split("<rect", -1).length - 1);
    assertTrue(html.contains("a class calle…"), html);
    assertEquals(count <= 15, html.contains("class=\"in"));
  }

  @ParameterizedTest
  @ValueSource(ints = {31, 200, 1000})
  void manyClassesAreAPictureOfPixels(int count) throws IOException {
    String html = new Matrix(names(count), counts(count)).html();
    assertFalse(html.contains("<rect"), html);
    assertTrue(html.length() < 100_000, "" + html.length());
    Matcher data = Pattern.compile("base64,([^\"]+)\"").matcher(html);
    assertTrue(data.find());
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(data.group(1))));
    int each = image.getWidth() / count;
    assertEquals(image.getWidth(), image.getHeight());
    assertTrue(image.getWidth() >= 400, "" + image.getWidth());
    assertEquals(0xDD2F6FB5, image.getRGB(5 * each, 5 * each)); // the root of 3/4, of 255
    assertEquals(0x80D9542B, image.getRGB(6 * each, 5 * each));
    assertEquals(0, image.getRGB(5 * each, 6 * each) >>> 24);
  }
}
