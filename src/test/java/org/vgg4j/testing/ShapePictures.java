package org.vgg4j.testing;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.Polygon;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * A folder of JPEG files of shapes and textures in ten classes. Colours, backgrounds, sizes and
 * places are drawn, so that only the form says the class.
 */
public final class ShapePictures {
  /** The classes, sorted. */
  public static final List<String> CLASSES =
      List.of(
          "checkers",
          "cross",
          "disc",
          "dots",
          "lines",
          "ring",
          "square",
          "stripes",
          "triangle",
          "waves");

  private static final int[][] SIZES = {{224, 224}, {224, 224}, {320, 240}, {200, 260}, {150, 150}};

  private final Random random;
  private BufferedImage image;
  private Graphics2D paint;

  /** Writes a folder for a trial by hand: DIR PICTURES_A_CLASS. */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]), Integer.parseInt(arguments[1]), 2, 1);
  }

  private ShapePictures(long seed) {
    random = new Random(seed);
  }

  /**
   * Writes the folder.
   *
   * @param each how many whole pictures a class has
   * @param broken how many of the classes have a file that ends too early besides
   */
  public static Path write(Path folder, int each, int broken, long seed) throws IOException {
    ShapePictures pictures = new ShapePictures(seed);
    for (int c = 0; c < CLASSES.size(); c++) {
      Path files = Files.createDirectories(folder.resolve(CLASSES.get(c)));
      for (int i = 0; i < each; i++) {
        Files.write(files.resolve("%03d.jpg".formatted(i)), pictures.jpeg(c));
      }
      if (c < broken) {
        byte[] whole = pictures.jpeg(c);
        Files.write(files.resolve("broken.jpg"), Arrays.copyOf(whole, whole.length / 3));
      }
    }
    return folder;
  }

  private byte[] jpeg(int label) throws IOException {
    int[] size = SIZES[random.nextInt(SIZES.length)];
    image = new BufferedImage(size[0], size[1], BufferedImage.TYPE_INT_RGB);
    paint = image.createGraphics();
    paint.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    float hue = random.nextFloat();
    paint.setPaint(
        new GradientPaint(
            0, 0, color(hue, 0.35f), size[0], size[1], color(hue + 0.15f * between(-1, 1), 0.6f)));
    paint.fillRect(0, 0, size[0], size[1]);
    paint.setColor(color(hue + 0.5f + 0.1f * between(-1, 1), 0.95f));
    draw(label);
    paint.dispose();
    noise();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", bytes);
    return bytes.toByteArray();
  }

  private static Color color(float hue, float brightness) {
    return Color.getHSBColor(hue, 0.7f, brightness);
  }

  private float between(float low, float high) {
    return low + random.nextFloat() * (high - low);
  }

  private void draw(int label) {
    int shorter = Math.min(image.getWidth(), image.getHeight());
    int size = Math.round(shorter * between(0.45f, 0.7f));
    int x = Math.round((image.getWidth() - size) / 2f + shorter * between(-0.12f, 0.12f));
    int y = Math.round((image.getHeight() - size) / 2f + shorter * between(-0.12f, 0.12f));
    int step = Math.round(shorter * between(0.14f, 0.2f));
    switch (CLASSES.get(label)) {
      case "disc" -> paint.fillOval(x, y, size, size);
      case "square" -> paint.fillRect(x, y, size, size);
      case "triangle" ->
          paint.fill(
              new Polygon(
                  new int[] {x, x + size / 2, x + size}, new int[] {y + size, y, y + size}, 3));
      case "ring" -> {
        paint.setStroke(new BasicStroke(size / 5f));
        paint.drawOval(x, y, size, size);
      }
      case "cross" -> {
        paint.fillRect(x + size * 3 / 8, y, size / 4, size);
        paint.fillRect(x, y + size * 3 / 8, size, size / 4);
      }
      case "stripes" -> tiles(step, (column, row) -> row % 2 == 0);
      case "lines" -> tiles(step, (column, row) -> column % 2 == 0);
      case "checkers" -> tiles(step, (column, row) -> (column + row) % 2 == 0);
      case "dots" -> {
        for (int top = 0; top < image.getHeight(); top += 2 * step) {
          for (int left = 0; left < image.getWidth(); left += 2 * step) {
            paint.fillOval(left, top, step, step);
          }
        }
      }
      default -> waves(step);
    }
  }

  /** Which tiles of a pattern are painted. */
  private interface Pattern {
    boolean isPainted(int column, int row);
  }

  private void tiles(int step, Pattern pattern) {
    int first = random.nextInt(step);
    for (int row = -1; row * step < image.getHeight(); row++) {
      for (int column = -1; column * step < image.getWidth(); column++) {
        if (pattern.isPainted(column + 1, row + 1)) {
          paint.fillRect(column * step + first, row * step + first, step, step);
        }
      }
    }
  }

  /** Diagonal bands, bent. */
  private void waves(int step) {
    for (int py = 0; py < image.getHeight(); py++) {
      for (int px = 0; px < image.getWidth(); px++) {
        double bent = px + py + step * Math.sin(px * Math.PI / (2.0 * step));
        if (Math.floorMod((int) Math.floor(bent / step), 2) == 0) {
          image.setRGB(px, py, paint.getColor().getRGB());
        }
      }
    }
  }

  private void noise() {
    for (int py = 0; py < image.getHeight(); py++) {
      for (int px = 0; px < image.getWidth(); px++) {
        Color at = new Color(image.getRGB(px, py));
        int by = random.nextInt(31) - 15;
        image.setRGB(
            px,
            py,
            new Color(level(at.getRed() + by), level(at.getGreen() + by), level(at.getBlue() + by))
                .getRGB());
      }
    }
  }

  private static int level(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
