package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The progress bar on terminals of several widths. */
final class BarTest {
  @ParameterizedTest
  @ValueSource(ints = {60, 80, 99, 100, 101, 120, 200})
  void theLossStandsApartAndTheLineIsLeftEmpty(int width) throws InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    try (Bar bar = new Bar("epoch 1/3", 60_000, " images", 1, new Bar.Line(out, width))) {
      for (int done = 0; done <= 6400; done += 640) {
        bar.to(done);
        bar.say("loss 0.584");
        Thread.sleep(60); // the bar draws itself on a thread of its own
      }
    }
    String text = bytes.toString(StandardCharsets.UTF_8);
    assertFalse(text.contains("sloss") || text.contains("?loss"), text);
    assertFalse(text.contains("\n"), "the line was ended");
    String[] drawn = text.split("\r");
    assertTrue(Arrays.stream(drawn).anyMatch(line -> line.startsWith("epoch 1/3")), text);
    assertEquals("", drawn[drawn.length - 1].strip(), text);
    assertTrue(text.endsWith("\r"), text);
  }

  @ParameterizedTest
  @CsvSource({
    "0.4, 0 s",
    "119, 119 s",
    "120, 2 min",
    "7169, 119 min",
    "7170, 2 h 0 min",
    "258000, 71 h 40 min",
    "259200, 3 days 0 h",
    "300600, 3 days 12 h"
  })
  void durationsAreSaidAsAPersonSaysThem(double seconds, String text) {
    assertEquals(text, Bar.duration(seconds));
  }
}
