package org.vgg4j.testing;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Folders of very small pictures: each class has a hue of its own, each picture a size. */
public final class TinyPictures {
  private TinyPictures() {}

  /** Writes so many pictures, 0.png, 1.jpg, ..., of each class of a part. */
  public static Path write(Path part, int each, String... classes) throws IOException {
    for (int c = 0; c < classes.length; c++) {
      for (int i = 0; i < each; i++) {
        String kind = i % 2 == 0 ? "png" : "jpg";
        Path file = part.resolve(classes[c]).resolve(i + "." + kind);
        one(file, kind, 9 + i % 5, 8 + i % 3, hue(c, classes.length, i));
      }
    }
    return part;
  }

  private static Color hue(int c, int classes, int i) {
    return Color.getHSBColor((float) c / classes, 1, 1 - 0.02f * (i % 20));
  }

  /** Writes one picture of one colour. */
  public static void one(Path file, String kind, int width, int height, Color color)
      throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, color.getRGB());
    }
    if (!ImageIO.write(image, kind, file.toFile())) {
      throw new IOException("cannot write " + kind);
    }
  }
}
