package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.stat.correlation.Covariance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.InMemoryImages;
import org.vgg4j.data.MixedImages;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

final class ImageStatisticsTest {
  /** Sums of some thousand values in double, and the rotations' rounding. */
  private static final double TOLERANCE = 1e-11;

  /** Returns all pixels as rows of channels in [0, 1]; grey ones count for every channel. */
  private static double[][] pixels(ImageSource data, int channels) {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < data.size(); i++) {
      ImageShape shape = data.shape(i);
      byte[] bytes = Images.bytes(data, i);
      int plane = shape.height() * shape.width();
      for (int p = 0; p < plane; p++) {
        double[] row = new double[channels];
        for (int c = 0; c < channels; c++) {
          row[c] = (bytes[(shape.channels() == 1 ? 0 : c * plane) + p] & 0xFF) / 255.0;
        }
        rows.add(row);
      }
    }
    return rows.toArray(new double[0][]);
  }

  /** Colour whose channels go together, so that the components are told apart. */
  private static ImageSource colours(int channels) {
    byte[] bytes = new byte[7 * channels * 30];
    Random random = new Random(channels);
    for (int i = 0; i < 7; i++) {
      for (int p = 0; p < 30; p++) {
        int bright = random.nextInt(180);
        for (int c = 0; c < channels; c++) {
          bytes[(i * channels + c) * 30 + p] = (byte) (bright + random.nextInt(20 + 30 * c));
        }
      }
    }
    return new InMemoryImages(
        "colours", new ImageShape(channels, 5, 6), List.of("a"), bytes, new int[7]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void theyAreThoseOfALibrary(int channels) {
    requireSame(colours(channels), channels);
  }

  @Test
  void greyImagesCountForEveryChannel() {
    requireSame(colours(1), 3);
    requireSame(new MixedImages(23), 3);
  }

  private static void requireSame(ImageSource data, int channels) {
    ImageStatistics actual = ImageStatistics.of(data, Preprocessing.of(channels, 8));
    double[][] pixels = pixels(data, channels);
    // A library's covariance of one column alone is refused.
    double[][] covariance = new double[channels][channels];
    for (int a = 0; a < channels; a++) {
      for (int b = 0; b < channels; b++) {
        int first = a;
        int second = b;
        covariance[a][b] =
            new Covariance()
                .covariance(
                    Arrays.stream(pixels).mapToDouble(row -> row[first]).toArray(),
                    Arrays.stream(pixels).mapToDouble(row -> row[second]).toArray(),
                    false);
      }
    }
    for (int c = 0; c < channels; c++) {
      int channel = c;
      double mean = Arrays.stream(pixels).mapToDouble(row -> row[channel]).average().orElseThrow();
      assertEquals(mean, actual.mean().get(c), TOLERANCE);
      assertEquals(Math.sqrt(covariance[c][c]), actual.deviation().get(c), TOLERANCE);
    }
    EigenDecomposition expected = new EigenDecomposition(new Array2DRowRealMatrix(covariance));
    RealMatrix again = new Array2DRowRealMatrix(channels, channels);
    for (int k = 0; k < channels; k++) {
      assertEquals(expected.getRealEigenvalue(k), actual.variances().get(k), TOLERANCE);
      double[] direction =
          actual.components().get(k).stream().mapToDouble(Double::doubleValue).toArray();
      RealMatrix column = new Array2DRowRealMatrix(direction);
      again =
          again.add(column.multiply(column.transpose()).scalarMultiply(actual.variances().get(k)));
      double largest = 0;
      double length = 0;
      for (double entry : direction) {
        largest = Math.abs(entry) > Math.abs(largest) + TOLERANCE ? entry : largest;
        length += entry * entry;
      }
      assertTrue(largest > 0, "the sign of component " + k);
      assertEquals(1, length, TOLERANCE);
    }
    // Together they are the covariance: this tells directions, where variances differ or not.
    assertEquals(0, again.subtract(new Array2DRowRealMatrix(covariance)).getNorm(), 10 * TOLERANCE);
  }

  /** The same bits however the images fall to threads, and from JSON. */
  @Test
  void theyAreExact() throws Exception {
    ImageSource data = new MixedImages(34);
    Preprocessing how = Preprocessing.of(3, 8);
    ImageStatistics expected = ImageStatistics.of(data, how);
    PixelSums one = new PixelSums(data, how);
    PixelSums other = new PixelSums(data, how);
    for (int i = 33; i >= 0; i--) {
      (i % 3 == 0 ? one : other).add(i);
    }
    one.addAll(other);
    assertEquals(expected, one.statistics(34));
    ObjectMapper json = new ObjectMapper();
    assertEquals(
        expected,
        ImageStatistics.fromMap(
            json.readValue(json.writeValueAsString(expected.toMap()), Map.class)));
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    assertThrows(
        InvalidInputException.class, () -> ImageStatistics.of(colours(3), Preprocessing.of(1, 8)));
    assertThrows(
        InvalidInputException.class, () -> ImageStatistics.of(colours(1), Preprocessing.of(5, 8)));
    assertThrows(InvalidInputException.class, () -> ImageStatistics.fromMap(Map.of()));
    assertThrows(
        InvalidInputException.class,
        () ->
            ImageStatistics.fromMap(
                Map.of(
                    "images",
                    1,
                    "mean",
                    List.of("x"),
                    "deviation",
                    List.of(1.0),
                    "variances",
                    List.of(1.0),
                    "components",
                    List.of(List.of(1.0)))));
  }

  @Test
  void normalizations() {
    ImageStatistics known = ImageStatistics.of(colours(3), Preprocessing.of(3, 8));
    Preprocessing plain = Preprocessing.of(3, 8);
    assertEquals(plain, Normalization.NONE.applied(plain, null));
    assertEquals(known.mean(), Normalization.MEAN.applied(plain, known).mean());
    assertEquals(
        List.of(1 / 255.0, 1 / 255.0, 1 / 255.0),
        Normalization.MEAN.applied(plain, known).deviation());
    assertEquals(known.deviation(), Normalization.STANDARD.applied(plain, known).deviation());
    assertEquals(
        Preprocessing.torchvision(8).mean(), Normalization.IMAGENET.applied(plain, null).mean());
    assertThrows(
        InvalidInputException.class,
        () -> Normalization.IMAGENET.applied(Preprocessing.of(1, 8), null));
    ImageStatistics flat = ImageStatistics.of(1, new double[] {0.5}, new double[][] {{0}});
    assertEquals(
        List.of(1.0), Normalization.STANDARD.applied(Preprocessing.of(1, 8), flat).deviation());
  }
}
