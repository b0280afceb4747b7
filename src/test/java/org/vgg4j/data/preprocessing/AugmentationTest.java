package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.Draw;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;

/** How what is drawn for images is distributed. */
final class AugmentationTest {
  /** The draws are fixed, so a p-value below this is a fault of theirs and not bad luck. */
  private static final double SMALLEST_P = 0.001;

  private static final int IMAGES = 20_000;
  private static final Draw DRAW = new Draw(20260726, 3);
  private static final Preprocessing HOW =
      Preprocessing.of(3, 224).withResize(256).withFit(PictureFit.SHORTER);
  private static final ImageShape WIDE = new ImageShape(3, 300, 450);

  /** Of components along the axes, so that a channel's shift is a component's draw. */
  private static final ImageStatistics AXES =
      new ImageStatistics(
          1,
          List.of(0.5, 0.5, 0.5),
          List.of(0.5, 0.25, 0.125),
          List.of(0.25, 0.0625, 0.015625),
          List.of(List.of(1.0, 0.0, 0.0), List.of(0.0, 1.0, 0.0), List.of(0.0, 0.0, 1.0)));

  private static final Augmentation ALL =
      Augmentation.NONE
          .withScale("256..319")
          .withFlip(true)
          .withColorShift(0.1)
          .withStatistics(AXES);

  private static ImageView view(Augmentation how, int image, Draw draw) {
    return how.view(HOW, WIDE, draw, image);
  }

  /** Checks that a value is each of 0..count-1 equally often. */
  private static void requireUniform(
      String what, Augmentation how, int count, ToLongFunction<ImageView> value) {
    long[] seen = new long[count];
    for (int i = 0; i < IMAGES; i++) {
      seen[(int) value.applyAsLong(view(how, i, DRAW))]++;
    }
    double[] expected = new double[count];
    Arrays.fill(expected, (double) IMAGES / count);
    double p = new ChiSquareTest().chiSquareTest(expected, seen);
    assertTrue(p >= SMALLEST_P, () -> what + ": p = " + p);
  }

  @Test
  void everyScaleIsAsLikely() {
    requireUniform("scale", ALL, 64, view -> view.window().height() - 256);
    for (int i = 0; i < 100; i++) {
      ResizeWindow window = view(ALL, i, DRAW).window();
      assertEquals(window.height() * 450 / 300, window.width());
      assertEquals(224, window.rows());
      assertEquals(224, window.columns());
    }
  }

  @Test
  void everyPlaceIsAsLikely() {
    Augmentation fixed = ALL.withScale(256, 256); // to 256 x 384
    requireUniform("top", fixed, 33, view -> view.window().top());
    requireUniform("left", fixed, 161, view -> view.window().left());
    requireUniform(
        "both", fixed, 21, view -> view.window().top() / 11 * 7 + view.window().left() / 23);
  }

  @Test
  void halfOfTheImagesAreFlipped() {
    requireUniform("flip", ALL, 2, view -> view.flipped() ? 1 : 0);
    requireUniform(
        "flip in two epochs",
        ALL,
        2,
        view -> view.flipped() ^ view(ALL, (int) view.window().left(), DRAW).flipped() ? 1 : 0);
    for (int i = 0; i < 100; i++) {
      assertFalse(view(ALL.withFlip(false), i, DRAW).flipped());
    }
  }

  /** Of each component, and no two of them together. */
  @Test
  void shiftsAreNormal() {
    double[][] shifts = new double[3][IMAGES];
    for (int i = 0; i < IMAGES; i++) {
      ImageView view = view(ALL, i, DRAW);
      for (int c = 0; c < 3; c++) {
        shifts[c][i] = view.shift(c);
      }
    }
    for (int c = 0; c < 3; c++) {
      double deviation = 0.1 * AXES.variances().get(c);
      double p =
          new KolmogorovSmirnovTest()
              .kolmogorovSmirnovTest(new NormalDistribution(null, 0, deviation), shifts[c]);
      assertTrue(p >= SMALLEST_P, () -> "p = " + p);
      double together = new PearsonsCorrelation().correlation(shifts[c], shifts[(c + 1) % 3]);
      // Four standard deviations of the correlation of independent values.
      assertTrue(Math.abs(together) <= 4 / Math.sqrt(IMAGES), () -> "correlation " + together);
    }
  }

  /** A shift goes along the components: two channels that vary as one move as one. */
  @Test
  void shiftsGoAlongTheComponents() {
    ImageStatistics along =
        ImageStatistics.of(
            1, new double[] {0, 0, 0}, new double[][] {{4, 2, 0}, {2, 1, 0}, {0, 0, 0}});
    Augmentation how = ALL.withColorShift(1).withStatistics(along);
    for (int i = 0; i < 50; i++) {
      ImageView view = view(how, i, DRAW);
      assertEquals(view.shift(0), 2 * view.shift(1), 1e-5 * Math.abs(view.shift(0)));
      assertEquals(0, view.shift(2));
      assertNotEquals(0, view.shift(0));
    }
  }

  @Test
  void aViewIsAFunctionOfSeedEpochAndImage() {
    for (int i : new int[] {0, 1, 77, 1_000_000}) {
      ImageView view = view(ALL, i, new Draw(5, 2));
      assertEquals(view, view(ALL, i, new Draw(5, 2)));
      assertNotEquals(view, view(ALL, i, new Draw(5, 3)));
      assertNotEquals(view, view(ALL, i, new Draw(6, 2)));
      assertNotEquals(view, view(ALL, i + 1, new Draw(5, 2)));
    }
  }

  /** A change of these changes every run that could be repeated. */
  @Test
  void isPinned() {
    ImageView view = view(ALL, 12, new Draw(1, 1));
    assertEquals(
        "ResizeWindow[height=290, width=435, top=0, left=57, rows=224, columns=224], flipped=false,"
            + " shift=[-0.01716893, -0.0102109015, -7.3245325E-4]",
        "%s, flipped=%s, shift=%s".formatted(view.window(), view.flipped(), view.shift()));
  }

  @Test
  void nothingIsVariedWhereNothingIsAskedFor() {
    assertTrue(Augmentation.NONE.isNone());
    assertEquals(ImageView.centre(HOW, WIDE), Augmentation.NONE.view(HOW, WIDE, null, 5));
    assertThrows(IllegalStateException.class, () -> ALL.view(HOW, WIDE, null, 5));
    Augmentation crop = Augmentation.NONE.withFlip(true);
    assertEquals(256, view(crop, 3, DRAW).window().height()); // the preprocessing's
  }

  @Test
  void scalesInWords() {
    assertEquals("256", Augmentation.NONE.withScale("256").scale());
    assertEquals("256", Augmentation.NONE.withScale("256..256").scale());
    assertEquals("256..512", ALL.withScale("256..512").scale());
    assertEquals(384, ALL.withScale("256..512").middleScale());
    assertNull(ALL.withScale(null).scale());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-3",
        "256.",
        "256..",
        "..5",
        "512..256",
        "a",
        "1..2..3",
        "0..5",
        "1e3",
        "99999999999"
      })
  void unusableScalesAreRefused(String text) {
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> Augmentation.NONE.withScale(text));
    assertEquals("scale", e.field());
  }

  @Test
  void whatDoesNotFitIsRefused() {
    for (double shift : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(InvalidInputException.class, () -> ALL.withColorShift(shift));
    }
    assertThrows(InvalidInputException.class, () -> ALL.withScale(223, 300).requireFits(HOW));
    assertThrows(InvalidInputException.class, () -> ALL.withStatistics(null).requireReady(HOW));
    assertThrows(InvalidInputException.class, () -> ALL.requireReady(Preprocessing.of(1, 224)));
  }
}
