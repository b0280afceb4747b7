package org.vgg4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.run.RunData;
import org.vgg4j.run.RunRecord;

/**
 * Pages in a real browser: they ask for nothing, complain of nothing, and fit. The pictures that it
 * takes stay in target/screenshots, to be looked at.
 */
final class BrowserTest {
  private static final Path PICTURES =
      Path.of(System.getProperty("basedir", "."), "target", "screenshots");
  private static final int WHITE = 0xFFFFFFFF;
  private static final int DARK = 0xFF15181B;

  @TempDir private static Path folder;
  private static Browser browser;
  private static Path report;
  private static Path comparison;

  @BeforeAll
  static void open() throws IOException, InterruptedException {
    Path program = Browser.program();
    Assumptions.assumeTrue(program != null, "no Chromium on the PATH");
    Files.createDirectories(PICTURES);
    List<String> names =
        IntStream.range(0, 12)
            .mapToObj(i -> i == 3 ? "<a rather long name of a class> & more" : "class " + i)
            .toList();
    RunData data = TinyReports.data(3, 96, 60, names);
    Map<String, String> many = Map.of("classes", "12", "flip", "true", "epochs", "3");
    RunRecord run = TinyReports.train(folder.resolve("first"), data, many);
    RunRecord other =
        TinyReports.train(
            folder.resolve("a-run-with-a-name-that-is-longer-than-a-phone-is-wide"),
            data,
            Map.of("classes", "12", "learningRate", "0.02"));
    report = folder.resolve("report.html");
    Files.writeString(report, TinyReports.html(run, data));
    comparison = folder.resolve("comparison.html");
    RunComparison.of(List.of(run, other)).write(comparison);
    browser = new Browser(program, folder.resolve("profile"));
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  private static BufferedImage shot(String name) throws IOException, InterruptedException {
    Path file = PICTURES.resolve(name + ".png");
    browser.shoot(file);
    return ImageIO.read(file.toFile());
  }

  @ParameterizedTest
  @CsvSource({"1280,false", "1280,true", "390,false", "390,true"})
  void pagesFitAndAskForNothing(int width, boolean isDark)
      throws IOException, InterruptedException {
    for (Path page : List.of(report, comparison)) {
      browser.open(page, width, isDark);
      String name = page.getFileName().toString().replace(".html", "");
      BufferedImage image = shot(name + "-" + width + (isDark ? "-dark" : ""));
      assertEquals(
          List.of(page.toUri().toString()),
          browser.requests.stream().filter(url -> !url.startsWith("data:")).toList());
      assertEquals(List.of(), browser.complaints);
      assertEquals(width, image.getWidth());
      assertTrue(image.getHeight() > 1000, name + " is " + image.getHeight() + " pixels high");
      assertEquals(isDark ? DARK : WHITE, image.getRGB(1, 1));
      // Nothing makes the page wider than the window; what is wide is scrolled by itself.
      assertEquals(width, browser.value("document.documentElement.scrollWidth").intValue());
    }
  }

  @Test
  void everyPictureIsThereAndTextsAreNotHtml() throws IOException, InterruptedException {
    browser.open(report, 1280, false);
    String whole = "[...document.images].every(i => i.complete && i.naturalWidth > 0)";
    assertTrue(browser.value(whole).booleanValue());
    assertTrue(browser.value("document.images.length").intValue() > 12);
    assertTrue(
        browser
            .value("document.body.innerText.includes('<a rather long name of a class> & more')")
            .booleanValue());
  }

  @Test
  void thePhonesTextsAreNotTiny() throws IOException, InterruptedException {
    browser.open(report, 390, false);
    // The drawn height of a chart's letters, in pixels of the page.
    String height =
        "Math.min(...[...document.querySelectorAll('.chart text')].map(t =>"
            + " parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.clientWidth / 480))";
    assertTrue(browser.value(height).doubleValue() >= 11, browser.value(height).asText());
  }

  @Test
  void printIsOnWhite() throws IOException, InterruptedException {
    browser.open(report, 1280, true);
    browser.media("print", true);
    assertEquals(WHITE, shot("report-print").getRGB(1, 1));
  }
}
