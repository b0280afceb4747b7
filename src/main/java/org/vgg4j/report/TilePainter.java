package org.vgg4j.report;

import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.ImageViews;
import org.vgg4j.data.preprocessing.PreprocessedImages;
import org.vgg4j.data.preprocessing.Preprocessing;

/**
 * Draws one image as it is and as a net sees it, no larger than a tile.
 *
 * @param tile the side of a tile, in pixels
 */
record TilePainter(ImageSource data, int image, int tile) {
  /** Returns the image as the data set has it. */
  BufferedImage original() {
    ImageShape shape = data.shape(image);
    ByteBuffer pixels = ByteBuffer.allocate(shape.bytes());
    data.read(image, pixels, 0);
    int plane = shape.height() * shape.width();
    return fitted(
        picture(
            shape.height(),
            shape.width(),
            shape.channels(),
            (c, i) -> pixels.get(c * plane + i) & 0xFF));
  }

  /** Returns what the net sees, with the normalization undone. */
  BufferedImage view(ImageViews views) {
    Preprocessing how = views.preprocessing();
    int side = how.crop();
    int plane = side * side;
    ByteBuffer values =
        ByteBuffer.allocate(how.channels() * plane * Float.BYTES).order(ByteOrder.nativeOrder());
    new PreprocessedImages(data, views).read(image, values, 0);
    return fitted(
        picture(
            side,
            side,
            how.channels(),
            (c, i) -> {
              float normalized = values.getFloat((c * plane + i) * Float.BYTES);
              double value = normalized * how.deviation().get(c) + how.mean().get(c);
              return (int) Math.round(255 * Math.max(0, Math.min(1, value)));
            }));
  }

  /** Gives the level of a pixel of a channel. */
  private interface Levels {
    int of(int channel, int pixel);
  }

  /** Three channels are red, green and blue; of any others the first is shown in grey. */
  private static BufferedImage picture(int height, int width, int channels, Levels levels) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < height * width; i++) {
      int rgb = 0;
      for (int c = 0; c < 3; c++) {
        rgb = rgb << 8 | levels.of(channels == 3 ? c : 0, i);
      }
      picture.setRGB(i % width, i / width, rgb);
    }
    return picture;
  }

  /** Enlarges by a whole number or shrinks to the tile, in proportion. */
  private BufferedImage fitted(BufferedImage picture) {
    int longer = Math.max(picture.getWidth(), picture.getHeight());
    int whole = tile / longer;
    double by = whole >= 1 ? whole : (double) tile / longer;
    int width = Math.max(1, (int) Math.round(picture.getWidth() * by));
    int height = Math.max(1, (int) Math.round(picture.getHeight() * by));
    BufferedImage fitted = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = fitted.createGraphics();
    try {
      int how = by >= 1 ? Image.SCALE_REPLICATE : Image.SCALE_AREA_AVERAGING;
      graphics.drawImage(picture.getScaledInstance(width, height, how), 0, 0, null);
    } finally {
      graphics.dispose();
    }
    return fitted;
  }
}
