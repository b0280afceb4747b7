package org.vgg4j.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.OperationTime;
import org.vgg4j.tensor.SectionTime;
import org.vgg4j.tensor.StepPart;
import org.vgg4j.tensor.StepTime;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** What becomes of times that are given. */
final class ProfileTest {
  /** A byte a nanosecond, and two multiply-adds: 1e6 bytes or 2e6 multiply-adds a millisecond. */
  private static final Ceilings CEILINGS = new Ceilings(1e9, 2e9);

  private static final double ROUNDING = 1e-12;

  private static OperationTime operation(String name, double millis, long bytes, long products) {
    return new OperationTime(name, "by " + name, name.equals("reorder"), millis, bytes, products);
  }

  /** A step of 40 ms and more, of which 5 are outside of its sections. */
  private static StepTime step(double more) {
    return new StepTime(
        40 + more,
        List.of(
            new SectionTime(StepPart.INPUT, "wait", 1, List.of()),
            new SectionTime(
                StepPart.FORWARD,
                "features.0",
                14 + more,
                List.of(
                    operation("conv", 6, 1_000_000, 4_000_000),
                    operation("reorder", 3, 1_000_000, 0),
                    operation("reorder", 3, 1_000_000, 0),
                    operation("norm", 1 + more, 500_000, 0))),
            new SectionTime(
                StepPart.UPDATE, "a <& b>", 20, List.of(operation("sweep", 20, 0, 0)))));
  }

  private static Profile profile() {
    return Profile.of("an engine", 4, 7, 64, CEILINGS, List.of(step(0), step(2), step(4)));
  }

  private static ProfileRow row(String name) {
    return profile().rows().stream().filter(row -> row.name().equals(name)).findFirst().get();
  }

  @Test
  void rowsAreInTheOrderOfAStep() {
    assertEquals(
        List.of(
            "input wait all of it",
            "forward features.0 conv",
            "forward features.0 reorder",
            "forward features.0 norm",
            "forward features.0 between operations",
            "update a <& b> sweep",
            "update a <& b> between operations",
            "rest  between sections"),
        profile().rows().stream()
            .map(row -> row.part() + " " + row.layer() + " " + row.name())
            .toList());
  }

  @Test
  void sharesAddUpToOne() {
    double sum = profile().rows().stream().mapToDouble(ProfileRow::share).sum();
    assertFalse(!(Math.abs(sum - 1) <= ROUNDING), "the shares add up to " + sum);
    assertFalse(!(Math.abs(row("conv").share() - 18 / 126.0) <= ROUNDING));
    assertFalse(!(Math.abs(row("between sections").share() - 15 / 126.0) <= ROUNDING));
  }

  @Test
  void timesAreMediansOverTheSteps() {
    assertEquals(42, profile().millis());
    assertEquals(3, row("norm").millis());
    assertEquals(6, row("reorder").millis());
    assertEquals(2, row("reorder").runs());
    assertEquals(1, row("between operations").millis());
    double even = Profile.of("e", 1, 2, 1, CEILINGS, List.of(step(0), step(2))).millis();
    assertEquals(41, even);
  }

  @Test
  void aSectionIsNoShorterThanItsOperations() {
    List<OperationTime> late = List.of(operation("conv", 6, 1, 1));
    StepTime step = new StepTime(3, List.of(new SectionTime(StepPart.LOSS, "loss", 4, late)));
    assertEquals(6, step.sections().get(0).millis());
    assertEquals(6, step.millis());
  }

  @Test
  void threeTimesTheBoundIsMarked() {
    assertEquals(2, row("conv").boundMillis()); // of its products, for its bytes take 1 ms
    assertTrue(row("conv").isMarked());
    assertEquals(4, row("conv").lostMillis());
    assertEquals(2, row("reorder").boundMillis());
    assertTrue(row("reorder").isMarked());
    ProfileRow almost = new ProfileRow("p", "l", "n", "i", false, 1, 2.999, 0, 1, 0, 1);
    assertFalse(almost.isMarked());
    assertFalse(row("sweep").isMarked(), "nothing is known of it");
  }

  @Test
  void speedsCountAMultiplyAddAsTwo() {
    assertEquals(2.0 * 4_000_000 / 6e-3 / 1e12, row("conv").teraflops(), ROUNDING);
    assertEquals(2_000_000 / 6e-3 / 1e9, row("reorder").gigabytesPerSecond(), ROUNDING);
  }

  @Test
  void tableFitsIntoEightyColumnsAndNamesWhatComputes() {
    List<String> lines = ProfileTable.lines(profile());
    String text = String.join("\n", lines);
    for (String line : lines) {
      assertTrue(line.length() <= 80, line);
    }
    assertTrue(text.contains("3 steps of 64 images, from step 4 to 7: 42.00 ms a step"), text);
    assertTrue(text.contains("3.0!   1\n"), text);
    assertTrue(text.contains("\n  1  by conv\n  2  by reorder"), text);
    assertTrue(text.contains("3 operations take 3 times"), text);
    assertTrue(text.contains("Conversions of order or type take 14.3%"), text);
  }

  @Test
  void jsonHasTheDocumentedKeys() {
    Map<String, Object> map = profile().toMap();
    assertEquals(
        "[format, engine, firstStep, lastStep, steps, imagesPerStep, stepMillis,"
            + " ceilingBytesPerSecond, ceilingMultiplyAddsPerSecond, operations]",
        map.keySet().toString());
    assertEquals(1, map.get("format"));
    Map<?, ?> first = (Map<?, ?>) ((List<?>) map.get("operations")).get(1);
    assertEquals(
        "[part, layer, name, implementation, conversion, runs, millis, share, bytes,"
            + " multiplyAdds, boundMillis, marked]",
        first.keySet().toString());
    assertEquals(true, first.get("marked"));
  }

  @Test
  void pictureIsXmlWithABoxForEachOperation() throws Exception {
    String svg = ProfilePicture.svg(profile());
    Document picture =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    int boxes = picture.getElementsByTagName("g").getLength();
    assertEquals(1 + 4 + 3 + 8, boxes, "the step, its parts, the layers, the operations");
    assertTrue(svg.contains(">norm</text>"), svg);
  }
}
