package org.vgg4j.report;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;

/** The filters of a net's first convolution as a picture, read from its model file. */
public final class FirstFilters {
  private static final String NAME = "features.0.weight";
  private static final int CELL = 8; // the side of a weight, in pixels
  private static final int GAP = 3;
  private static final int COLUMNS = 16;

  /** So many are shown. */
  private static final int MOST = 128;

  private FirstFilters() {}

  /**
   * Draws them in rows, each in its own contrast, zero in the middle grey. Those of three channels
   * are red, green and blue; of any others the first channel is shown.
   *
   * @param model a file that a run wrote
   * @throws IOException when it cannot be read
   */
  public static BufferedImage draw(Path model) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(model)) {
      List<Long> shape = reader.tensor(NAME).shape();
      ByteBuffer values = reader.read(NAME, SafeTensorType.F32);
      int channels = shape.get(1).intValue();
      int kernel = shape.get(2).intValue();
      int count = (int) Math.min(MOST, shape.get(0));
      int side = kernel * CELL + GAP;
      int columns = Math.min(COLUMNS, count);
      BufferedImage picture =
          new BufferedImage(
              columns * side - GAP,
              (count + columns - 1) / columns * side - GAP,
              BufferedImage.TYPE_INT_ARGB);
      for (int f = 0; f < count; f++) {
        int[] pixels = pixels(values, f * channels * kernel * kernel, channels, kernel * kernel);
        for (int p = 0; p < pixels.length * CELL * CELL; p++) {
          int x = p % (kernel * CELL);
          int y = p / (kernel * CELL);
          picture.setRGB(
              f % columns * side + x, f / columns * side + y, pixels[y / CELL * kernel + x / CELL]);
        }
      }
      return picture;
    }
  }

  /** Returns a filter's colours, row by row. */
  private static int[] pixels(ByteBuffer values, int first, int channels, int plane) {
    int shown = channels == 3 ? 3 : 1;
    float largest = Float.MIN_VALUE;
    for (int i = 0; i < shown * plane; i++) {
      largest = Math.max(largest, Math.abs(values.getFloat((first + i) * Float.BYTES)));
    }
    int[] pixels = new int[plane];
    for (int p = 0; p < plane; p++) {
      int rgb = 0xFF;
      for (int c = 0; c < 3; c++) {
        float value = values.getFloat((first + c % shown * plane + p) * Float.BYTES) / largest;
        rgb = rgb << 8 | Math.max(0, Math.min(255, Math.round(127.5F * (1 + value))));
      }
      pixels[p] = rgb;
    }
    return pixels;
  }
}
