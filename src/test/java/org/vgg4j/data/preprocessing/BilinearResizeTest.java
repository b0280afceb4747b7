package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.sets.TinyIdx;

class BilinearResizeTest {
  /**
   * In units of 2^-24, the rounding of a float near 1: three weights, three interpolations of three
   * roundings each, the scale and its product.
   */
  private static final double TOLERANCE = 16 * 0x1p-24;

  @Test
  void aRowOfTwoBecomesFour() {
    float[] expected = {0, 0.25f, 0.75f, 1};
    float[] across = resize(new int[] {0, 255, 0, 255}, 2, 2, 4);
    float[] down = resize(new int[] {0, 0, 255, 255}, 2, 2, 4);
    for (int row = 0; row < 4; row++) {
      for (int column = 0; column < 4; column++) {
        assertEquals(expected[column], across[row * 4 + column], TOLERANCE);
        assertEquals(expected[row], down[row * 4 + column], TOLERANCE);
      }
    }
  }

  /** Rows of the image before, and of the channel before, serve no other. */
  @Test
  void theNextImageHasItsOwnRows() {
    Resizer resizer = bilinear(2, 2, 4, 4);
    float[] y = new float[16];
    for (int[] image : new int[][] {{0, 255, 255, 0}, {255, 0, 0, 255}, {51, 51, 102, 102}}) {
      resizer.resize(bytes(image), 0, FloatBuffer.wrap(y), 0, new Levels(0, 0, 1));
      assertArrayEquals(resize(image, 2, 2, 4), y);
    }
  }

  /** By hand: both weights of the middle are 1/2, those of the corners 0. */
  @Test
  void aSquareOfTwoBecomesThree() {
    float[] y = resize(new int[] {0, 51, 102, 255}, 2, 2, 3);
    assertArrayEquals(
        new float[] {0, 0.1f, 0.2f, 0.2f, 0.4f, 0.6f, 0.4f, 0.7f, 1}, y, (float) TOLERANCE);
  }

  /** No antialiasing: going down by 4 reads the two pixels in the middle and no others. */
  @Test
  void downByFourTakesTheMiddle() {
    int[] image = new int[64];
    Arrays.fill(image, 255);
    for (int row : new int[] {1, 2, 5, 6}) {
      for (int column : new int[] {1, 2, 5, 6}) {
        image[row * 8 + column] = row < 4 ? 0 : 51;
      }
    }
    assertArrayEquals(new float[] {0, 0, 0.2f, 0.2f}, resize(image, 8, 8, 2), (float) TOLERANCE);
  }

  @ParameterizedTest
  @CsvSource({
    "28, 28, 32",
    "28, 28, 224",
    "28, 28, 64",
    "28, 28, 14",
    "28, 28, 7",
    "28, 28, 1",
    "28, 28, 27",
    "28, 28, 29",
    "3, 5, 8",
    "5, 3, 4",
    "1, 1, 6",
    "1, 7, 5",
    "7, 1, 7",
    "2, 2, 101",
    "64, 48, 10",
    "6, 9, 9",
    "9, 6, 9"
  })
  void itIsTheNaiveFormula(int height, int width, int size) {
    int[] image = image(height, width);
    float[] y = resize(image, height, width, size);
    double[] expected = naive(image, height, width, size);
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(y[i] - expected[i]);
      int at = i;
      if (!(difference <= TOLERANCE)) {
        throw new AssertionError(at + ": " + y[at] + " instead of " + expected[at]);
      }
      assertTrue(y[i] >= 0 && y[i] <= 1, () -> at + ": " + y[at] + " is not in [0, 1]");
    }
  }

  @Test
  void theSameSizeIsOnlyScaled() {
    int[] image = new int[256];
    float[] expected = new float[256];
    for (int i = 0; i < 256; i++) {
      image[i] = i;
      expected[i] = i / 255f;
    }
    assertArrayEquals(expected, resize(image, 16, 16, 16));
  }

  /** Nothing outside the image is read, nothing outside the target written. */
  @Test
  void itKeepsToItsPlaces() {
    int[] image = image(5, 4);
    byte[] pixels = new byte[7 + 20 + 9];
    for (int other : new int[] {0, -1}) {
      Arrays.fill(pixels, (byte) other);
      System.arraycopy(bytes(image), 0, pixels, 7, 20);
      float[] target = new float[3 + 36 + 2];
      Arrays.fill(target, Float.NaN);
      bilinear(5, 4, 6, 6).resize(pixels, 7, FloatBuffer.wrap(target), 3, new Levels(0, 0, 1));
      assertArrayEquals(resize(image, 5, 4, 6), Arrays.copyOfRange(target, 3, 39));
      for (int i : new int[] {0, 1, 2, 39, 40}) {
        assertTrue(Float.isNaN(target[i]), "element " + i + " was written");
      }
    }
  }

  /** The kept square has the bits of the whole, normalized. */
  @ParameterizedTest
  @CsvSource({"7, 5, 9, 4", "7, 5, 9, 5", "5, 7, 9, 9", "9, 9, 9, 4", "9, 9, 9, 1", "2, 3, 9, 8"})
  void aCropIsTheMiddle(int height, int width, int size, int crop) {
    int[] image = image(height, width);
    float[] whole = resize(image, height, width, size);
    float[] y = new float[crop * crop];
    BilinearResize resize = bilinear(height, width, size, crop);
    resize.resize(bytes(image), 0, FloatBuffer.wrap(y), 0, new Levels(0, 0.25f, 3));
    int first = (size - crop) / 2;
    for (int row = 0; row < crop; row++) {
      for (int column = 0; column < crop; column++) {
        float pixel = whole[(first + row) * size + first + column];
        assertEquals((pixel - 0.25f) / 3, y[row * crop + column]);
      }
    }
  }

  private static BilinearResize bilinear(int height, int width, int size, int crop) {
    Preprocessing how = new Preprocessing(1, size, crop, List.of(0.0), List.of(1.0));
    return (BilinearResize) Resizer.of(how, height, width);
  }

  /** Each output pixel from its definition, in double. */
  private static double[] naive(int[] image, int height, int width, int size) {
    double[] y = new double[size * size];
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < size; column++) {
        double h = Math.max(0, (row + 0.5) * height / size - 0.5);
        double w = Math.max(0, (column + 0.5) * width / size - 0.5);
        double sum = 0;
        for (int i = 0; i <= 1; i++) {
          for (int j = 0; j <= 1; j++) {
            int fromRow = (int) Math.floor(h) + i;
            int fromColumn = (int) Math.floor(w) + j;
            double weight = (1 - Math.abs(h - fromRow)) * (1 - Math.abs(w - fromColumn));
            int pixel =
                image[Math.min(fromRow, height - 1) * width + Math.min(fromColumn, width - 1)];
            sum += weight * pixel;
          }
        }
        y[row * size + column] = sum / 255;
      }
    }
    return y;
  }

  /** Noise with plateaus of the extremes. */
  private static int[] image(int height, int width) {
    byte[] noise = TinyIdx.noise(height * width, 31L * height + width);
    int[] image = new int[noise.length];
    for (int i = 0; i < image.length; i++) {
      image[i] = Math.max(0, Math.min(255, (noise[i] & 0xFF) * 2 - 128));
    }
    return image;
  }

  private static float[] resize(int[] image, int height, int width, int size) {
    float[] y = new float[size * size];
    Arrays.fill(y, Float.NaN);
    bilinear(height, width, size, size)
        .resize(bytes(image), 0, FloatBuffer.wrap(y), 0, new Levels(0, 0, 1));
    return y;
  }

  private static byte[] bytes(int[] image) {
    byte[] bytes = new byte[image.length];
    for (int i = 0; i < image.length; i++) {
      bytes[i] = (byte) image[i];
    }
    return bytes;
  }
}
