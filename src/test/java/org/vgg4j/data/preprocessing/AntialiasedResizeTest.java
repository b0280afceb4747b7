package org.vgg4j.data.preprocessing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the levels that torchvision and Pillow compute. */
final class AntialiasedResizeTest {
  /**
   * Made by this program (Pillow 12.3.0, torchvision 0.28.0):
   *
   * <pre>
   * def picture(h, w):
   *     y, x, c = np.ogrid[0:h, 0:w, 0:3]
   *     return Image.fromarray(((x*x*(3+c) + y*11 + x*y*(1+c)) // 4 % 256).astype('uint8'))
   * for h, w, r, c in [(50,37,16,8), (37,50,16,9), (9,7,20,14), (120,31,12,12), (31,31,31,30), (64,64,31,16)]:
   *     a = np.asarray(T.CenterCrop(c)(T.Resize(r)(picture(h, w))))
   *     print(h, w, r, c, a.reshape(-1, 3).sum(0), a[0,:,1], a[:,-1,0])
   * </pre>
   */
  @ParameterizedTest
  @CsvSource({
    "50, 37, 16, 8, 8551 8004 8213, 200 81 105 172 87 149 117 138, 138 158 165 179 152 159 105 103",
    "37, 50, 16, 9, 10035 10365 10389, 76 160 113 116 138 120 133 127 108,"
        + " 153 149 98 107 90 102 118 132 147",
    "9, 7, 20, 14, 4396 5602 6747, 6 7 8 9 11 13 15 17 20 23 26 30 33 37,"
        + " 27 29 30 32 33 35 37 38 40 41 43 44 46 47",
    "120, 31, 12, 12, 18992 18764 18603, 149 176 66 135 152 111 138 124 99 137 114 112,"
        + " 88 98 116 134 160 176 143 144 92 108 91 102",
    "64, 64, 31, 16, 32881 32343 32596,"
        + " 155 65 155 95 136 147 133 129 142 111 102 125 117 121 148 136,"
        + " 136 151 139 90 115 98 114 144 138 138 168 123 107 123 103 132"
  })
  void theShorterSideIsTorchvisions(
      int height, int width, int resize, int crop, String sums, String top, String right) {
    int[][] levels = levels(height, width, how(PictureFit.SHORTER, resize, crop));
    assertEquals(sums, sums(levels));
    int[] column = new int[crop];
    Arrays.setAll(column, y -> levels[0][y * crop + crop - 1]);
    assertEquals(top, text(Arrays.copyOf(levels[1], crop)));
    assertEquals(right, text(column));
  }

  /** As above: T.Resize((10, 10))(picture(23, 41)). */
  @Test
  void theSquareIsTorchvisions() {
    int[][] levels = levels(23, 41, how(PictureFit.SQUARE, 10, 10));
    assertEquals("11488 11723 11969", sums(levels));
    assertEquals(
        "34 76 155 126 135 121 124 117 123 133", text(Arrays.copyOfRange(levels[1], 30, 40)));
  }

  /** What needs no resizing is cropped only. As above: 31, 31, 31, 30. */
  @Test
  void theSameSizeKeepsItsLevels() {
    int[][] levels = levels(31, 31, how(PictureFit.SHORTER, 31, 30));
    assertEquals("102175 105476 107625", sums(levels));
    for (int y = 0; y < 30; y++) {
      for (int x = 0; x < 30; x++) {
        assertEquals(level(y, x, 2), levels[2][y * 30 + x]);
      }
    }
  }

  @Test
  void oneColourStaysAndNothingElseIsRead() {
    byte[] pixels = new byte[5 + 77 * 13 + 9];
    Arrays.fill(pixels, 5, 5 + 77 * 13, (byte) 255);
    float[] x = new float[2 + 64 + 3];
    Arrays.fill(x, Float.NaN);
    Resizer.of(how(PictureFit.SHORTER, 9, 8), 77, 13)
        .resize(pixels, 5, FloatBuffer.wrap(x), 2, new Levels(0, 0.5f, 0.25f));
    float[] expected = new float[64];
    Arrays.fill(expected, 2f);
    assertArrayEquals(expected, Arrays.copyOfRange(x, 2, 66));
    for (int i : new int[] {0, 1, 66, 67, 68}) {
      assertTrue(Float.isNaN(x[i]), "element " + i + " was written");
    }
  }

  private static Preprocessing how(PictureFit fit, int resize, int crop) {
    List<Double> zeros = Collections.nCopies(3, 0.0);
    List<Double> ones = Collections.nCopies(3, 1.0);
    ResizeFilter filter = ResizeFilter.ANTIALIASED;
    return new Preprocessing(3, fit, resize, crop, filter, zeros, ones, Inversion.NEVER);
  }

  private static int level(int y, int x, int c) {
    return (x * x * (3 + c) + y * 11 + x * y * (1 + c)) / 4 % 256;
  }

  /** Returns the picture of the program, resized: (3, S * S). */
  private static int[][] levels(int height, int width, Preprocessing how) {
    int[][] levels = new int[3][];
    Resizer resizer = Resizer.of(how, height, width);
    for (int c = 0; c < 3; c++) {
      byte[] pixels = new byte[height * width];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) level(i / width, i % width, c);
      }
      float[] x = new float[how.crop() * how.crop()];
      resizer.resize(pixels, 0, FloatBuffer.wrap(x), 0, new Levels(0, 0, 1));
      int[] whole = new int[x.length];
      for (int i = 0; i < x.length; i++) {
        whole[i] = Math.round(x[i] * 255);
        assertEquals(whole[i] / 255f, x[i]);
      }
      levels[c] = whole;
    }
    return levels;
  }

  private static String sums(int[][] levels) {
    return text(Arrays.stream(levels).mapToInt(channel -> Arrays.stream(channel).sum()).toArray());
  }

  private static String text(int[] values) {
    return String.join(" ", Arrays.stream(values).mapToObj(Integer::toString).toList());
  }

  /** An image that has its size already is only cut, from the right where it is flipped. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anImageOfItsSizeIsOnlyCut(boolean flipped) {
    byte[] pixels = new byte[5 * 7];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (7 * i);
    }
    ImageView view = new ImageView(new ResizeWindow(5, 7, 1, 3, 3, 3), flipped, List.of());
    FloatBuffer cut = FloatBuffer.allocate(9);
    new AntialiasedResize(5, 7, view).resize(pixels, 0, cut, 0, new Levels(0, 0, 1));
    for (int y = 0; y < 3; y++) {
      for (int x = 0; x < 3; x++) {
        int at = (1 + y) * 7 + 3 + (flipped ? 2 - x : x);
        assertEquals(7 * at / 255f, cut.get(y * 3 + x), y + ", " + x);
      }
    }
  }
}
