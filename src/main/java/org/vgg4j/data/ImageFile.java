package org.vgg4j.data;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A picture converted to the form of a data set's images: grey (Rec. 601), padded to a square with
 * its own background, reduced to 28x28 by area averaging, light on dark.
 *
 * @param pixels (28, 28), unsigned
 * @param inverted whether light and dark were swapped
 */
public record ImageFile(byte[] pixels, boolean inverted) {
  private static final int SIDE = 28;

  /** More pixels than any camera has; larger images are rejected before decoding. */
  private static final long MAX_PIXELS = 200_000_000L;

  /** When to swap light and dark. */
  public enum Inversion {
    /** When the picture's border is light. */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER;

    /**
     * Returns the value of this name.
     *
     * @throws InvalidInputException when the name is unknown
     */
    public static Inversion of(String name) {
      return Choice.of("invert", Inversion.class, name.toLowerCase(Locale.ROOT));
    }
  }

  /**
   * Reads a PNG, JPEG, GIF or BMP file. Transparent pixels count as white.
   *
   * @throws InvalidInputException when it is missing or not an image
   */
  public static ImageFile read(Path file, Inversion inversion) {
    double[][] grey = square(grey(decode(file)));
    boolean invert =
        inversion == Inversion.ALWAYS || (inversion == Inversion.AUTO && border(grey) > 127.5);
    byte[] pixels = new byte[SIDE * SIDE];
    double step = (double) grey.length / SIDE;
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        double value = area(grey, row * step, (row + 1) * step, column * step, (column + 1) * step);
        pixels[row * SIDE + column] = (byte) Math.round(invert ? 255 - value : value);
      }
    }
    return new ImageFile(pixels, invert);
  }

  /** Returns pictures as images without known labels; grey, whatever the net's channels. */
  public static ImageSource source(List<ImageFile> files) {
    byte[] pixels = new byte[files.size() * SIDE * SIDE];
    for (int i = 0; i < files.size(); i++) {
      System.arraycopy(files.get(i).pixels, 0, pixels, i * SIDE * SIDE, SIDE * SIDE);
    }
    ImageShape shape = new ImageShape(1, SIDE, SIDE);
    return new InMemoryImages(
        "the images", shape, List.of("unknown"), pixels, new int[files.size()]);
  }

  private static BufferedImage decode(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(file + " is not a file");
    }
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = in == null ? null : ImageIO.getImageReaders(in);
      if (readers == null || !readers.hasNext()) {
        throw new InvalidInputException(
            file + " is not an image of a known kind (PNG, JPEG, GIF, BMP)");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        long area = (long) reader.getWidth(0) * reader.getHeight(0);
        if (area > MAX_PIXELS) {
          throw new InvalidInputException(file + " has " + area + " pixels, too many to read");
        }
        return reader.read(0);
      } finally {
        reader.dispose();
      }
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new InvalidInputException(file + " is not an intact image: " + e.getMessage(), e);
    }
  }

  /** Returns (H, W) in [0, 255]. */
  private static double[][] grey(BufferedImage image) {
    BufferedImage rgb =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    if (image.getColorModel().hasAlpha() || image.getRaster().getNumBands() >= 3) {
      Graphics2D graphics = rgb.createGraphics();
      graphics.drawImage(image, 0, 0, Color.WHITE, null);
      graphics.dispose();
    } else {
      // A grey raster is used as is: drawing it would apply a gamma curve.
      double top = (1 << image.getColorModel().getComponentSize(0)) - 1;
      double[][] grey = new double[image.getHeight()][image.getWidth()];
      boolean indexed = image.getColorModel() instanceof java.awt.image.IndexColorModel;
      for (int y = 0; y < grey.length; y++) {
        for (int x = 0; x < grey[y].length; x++) {
          grey[y][x] =
              indexed
                  ? luma(image.getRGB(x, y))
                  : image.getRaster().getSampleDouble(x, y, 0) * 255 / top;
        }
      }
      return grey;
    }
    double[][] grey = new double[rgb.getHeight()][rgb.getWidth()];
    for (int y = 0; y < grey.length; y++) {
      for (int x = 0; x < grey[y].length; x++) {
        grey[y][x] = luma(rgb.getRGB(x, y));
      }
    }
    return grey;
  }

  private static double luma(int rgb) {
    return 0.299 * (rgb >> 16 & 0xFF) + 0.587 * (rgb >> 8 & 0xFF) + 0.114 * (rgb & 0xFF);
  }

  /** Centres the picture in a square of its border's colour. */
  private static double[][] square(double[][] grey) {
    int height = grey.length;
    int width = grey[0].length;
    int side = Math.max(height, width);
    double background = border(grey);
    double[][] square = new double[side][side];
    int top = (side - height) / 2;
    int left = (side - width) / 2;
    for (double[] row : square) {
      java.util.Arrays.fill(row, background);
    }
    for (int y = 0; y < height; y++) {
      System.arraycopy(grey[y], 0, square[top + y], left, width);
    }
    return square;
  }

  /** Returns the mean of the outermost pixels. */
  private static double border(double[][] grey) {
    int height = grey.length;
    int width = grey[0].length;
    double sum = 0;
    int count = 0;
    for (int y = 0; y < height; y++) {
      boolean edge = y == 0 || y == height - 1;
      for (int x = 0; x < width; x += edge ? 1 : Math.max(1, width - 1)) {
        sum += grey[y][x];
        count++;
      }
    }
    return sum / count;
  }

  /** Returns the mean over a rectangle whose sides need not align with pixels. */
  private static double area(
      double[][] grey, double top, double bottom, double left, double right) {
    double sum = 0;
    double weights = 0;
    for (int y = (int) top; y < Math.min(grey.length, Math.ceil(bottom)); y++) {
      double tall = Math.min(bottom, y + 1) - Math.max(top, y);
      for (int x = (int) left; x < Math.min(grey.length, Math.ceil(right)); x++) {
        double weight = tall * (Math.min(right, x + 1) - Math.max(left, x));
        sum += weight * grey[y][x];
        weights += weight;
      }
    }
    return sum / weights;
  }
}
