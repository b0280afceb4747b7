package org.vgg4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.tensor.InvalidInputException;

/** Posteriors by hand, and what a test takes. */
final class PosteriorsTest {
  private static final int[] LABELS = {0, 1, 1, 0};
  private static final List<String> NAMES = List.of("a", "b");

  private static Posteriors of(double... first) {
    double[][] rows = new double[first.length][];
    for (int i = 0; i < first.length; i++) {
      rows[i] = new double[] {first[i], 1 - first[i]};
    }
    return new Posteriors(LABELS, rows);
  }

  @Test
  void figuresByHand() {
    Posteriors posteriors = of(0.75, 0.75, 0.25, 1);
    Evaluation evaluation = posteriors.evaluation(NAMES);
    assertArrayEquals(new long[] {2, 0}, evaluation.confusion()[0]);
    assertArrayEquals(new long[] {1, 1}, evaluation.confusion()[1]);
    assertEquals(0.25, evaluation.topOneError());
    assertEquals(0, evaluation.topFiveError());
    double loss = -(Math.log(0.75) + Math.log(0.25) + Math.log(0.75) + 0) / 4;
    assertEquals(loss, evaluation.meanLoss(), 1e-15);
    // Three answers of 0.75 in one bin, two of them right, and one of 1 that is right.
    assertEquals((3 * 0.75 - 2) / 4, posteriors.calibrationError(), 1e-15);
    assertEquals(posteriors.calibrationError(), evaluation.calibrationError(), 1e-15);
    posteriors.row(0)[0] = 5;
    assertEquals(0.75, posteriors.row(0)[0]);
  }

  @Test
  void answersFallIntoFifteenBins() {
    CalibrationBins bins = new CalibrationBins();
    bins.add(10 / 15.0, true); // the last of its bin
    bins.add(10.5 / 15, false); // of the next
    assertEquals((5 / 15.0 + 10.5 / 15) / 2, bins.error(), 1e-15);
    bins.add(10.6 / 15, true); // joins it
    assertEquals((5 / 15.0 + (21.1 / 15 - 1)) / 3, bins.error(), 1e-15);
  }

  @Test
  void whatIsImpossibleCostsMuchButNotAll() {
    double loss = of(0, 1, 0, 1).evaluation(NAMES).meanLoss();
    assertTrue(loss > 370 && loss < 373, "loss " + loss); // 2 of 4 at -log of the least double
  }

  @Test
  void theMeanIsOfTheSameImages() {
    Posteriors mean = Posteriors.mean(List.of(of(0.5, 0.25, 0, 1), of(0.25, 0.75, 1, 1)));
    assertArrayEquals(new double[] {0.375, 0.625}, mean.row(0));
    assertArrayEquals(new double[] {0.5, 0.5}, mean.row(1));
    assertArrayEquals(new double[] {1, 0}, mean.row(3));
    assertEquals(1, mean.label(2));
    refused(
        "averaged of the same images only: 4 of 2 classes and 3 of 2, with other labels",
        () -> {
          int[] labels = {0, 1, 1};
          Posteriors.mean(List.of(of(1, 1, 1, 1), new Posteriors(labels, new double[3][2])));
        });
    refused(
        "4 of 2 classes and 4 of 3, with the same labels",
        () -> Posteriors.mean(List.of(of(1, 1, 1, 1), new Posteriors(LABELS, new double[4][3]))));
    refused("there are no posteriors", () -> Posteriors.mean(List.of()));
    refused("do not fit 3 names", () -> of(1, 1, 1, 1).evaluation(List.of("a", "b", "c")));
  }

  @Test
  void scalesAreNumbersFromTheImageSizeUp() {
    assertEquals(List.of(224, 256, 288), TestOptions.scales("224,256, 288"));
    for (String text : List.of("", "a", "224,", "2.5", "224;256")) {
      refused("not '" + text + "'", () -> TestOptions.scales(text));
    }
    refused("at least 1, not 0", () -> scales(0));
    refused("one twice: [9, 8, 9]", () -> scales(9, 8, 9));
    Preprocessing how = Preprocessing.ofPictures(3, 8).withResize(10);
    assertEquals(List.of(10), TestOptions.PLAIN.scalesFor(how));
    assertEquals(List.of(12, 8), scales(12, 8).scalesFor(how));
    refused("at least the net's image size, 8, not 7", () -> scales(9, 7).scalesFor(how));
  }

  @Test
  void whatIsShownIsSaid() {
    Preprocessing how = Preprocessing.ofPictures(3, 8);
    assertEquals("the middle at scale 8", TestOptions.PLAIN.inWords(how));
    assertEquals(
        "the middle both ways round at scales 8, 9",
        new TestOptions(List.of(8, 9), false, false, true).inWords(how));
    assertEquals(
        "50 crops at scale 9", new TestOptions(List.of(9), false, true, true).inWords(how));
    assertEquals("whole pictures at scales 9, 12", scales(9, 12).inWords(how));
    assertEquals(
        "whole pictures both ways round and 50 crops at scale 8",
        new TestOptions(List.of(), true, true, true).inWords(how));
  }

  private static TestOptions scales(Integer... scales) {
    return new TestOptions(List.of(scales), true, false, false);
  }

  private static void refused(String part, Runnable action) {
    String message = assertThrows(InvalidInputException.class, action::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
