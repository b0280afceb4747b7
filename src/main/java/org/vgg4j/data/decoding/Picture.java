package org.vgg4j.data.decoding;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.WritableRaster;
import java.util.Arrays;
import org.vgg4j.data.Luma;
import org.vgg4j.data.preprocessing.ByteResize;

/**
 * A decoded picture, its values as the file has them: no colour management, no gamma. What is
 * transparent is laid on white.
 *
 * @param channels 1 for grey, 3 for red, green and blue
 * @param height in pixels
 * @param width in pixels
 * @param values (channels, height, width), unsigned
 */
record Picture(int channels, int height, int width, byte[] values) {
  /** Takes the values of an image. */
  static Picture of(BufferedImage image) {
    Picture opaque = ofBytes(image);
    return opaque != null ? opaque : byRows(image);
  }

  /** Takes them from the image's own array, null when they lie otherwise or are not opaque. */
  private static Picture ofBytes(BufferedImage image) {
    WritableRaster raster = image.getRaster();
    int bands = raster.getNumBands();
    if (!isPlain(image.getColorModel())
        || image.getColorModel().getNumComponents() != image.getColorModel().getNumColorComponents()
        || !(raster.getSampleModel() instanceof PixelInterleavedSampleModel model)
        || !(raster.getDataBuffer() instanceof DataBufferByte buffer)
        || raster.getParent() != null
        || Arrays.stream(model.getSampleSize()).anyMatch(bits -> bits != 8)) {
      return null;
    }
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] from = buffer.getData();
    byte[] values = new byte[bands * height * width];
    int step = model.getPixelStride();
    int to = 0;
    for (int c = 0; c < bands; c++) {
      for (int y = 0; y < height; y++) {
        int at = buffer.getOffset() + y * model.getScanlineStride() + model.getBandOffsets()[c];
        for (int x = 0; x < width; x++, at += step) {
          values[to++] = from[at];
        }
      }
    }
    return new Picture(bands, height, width, values);
  }

  private static Picture byRows(BufferedImage image) {
    int height = image.getHeight();
    int width = image.getWidth();
    ColorModel model = image.getColorModel();
    boolean plain = isPlain(model);
    int channels = plain ? model.getNumColorComponents() : 3;
    int bands = plain ? image.getRaster().getNumBands() : 4;
    if (model.isAlphaPremultiplied()) {
      image.coerceData(false);
    }
    int[] most = new int[bands];
    Arrays.setAll(most, b -> plain ? (1 << model.getComponentSize(b)) - 1 : 255);
    byte[] values = new byte[channels * height * width];
    int[] row = new int[bands * width];
    for (int y = 0; y < height; y++) {
      if (plain) {
        image.getRaster().getPixels(0, y, width, 1, row);
      } else {
        unpack(image.getRGB(0, y, width, 1, null, 0, width), row);
      }
      for (int x = 0; x < width; x++) {
        int alpha = bands > channels ? eightBits(row[x * bands + channels], most[channels]) : 255;
        for (int c = 0; c < channels; c++) {
          int value = eightBits(row[x * bands + c], most[c]);
          values[(c * height + y) * width + x] = onWhite(value, alpha);
        }
      }
    }
    return new Picture(channels, height, width, values);
  }

  /** Returns whether the samples are grey or red, green, blue, perhaps with alpha. */
  private static boolean isPlain(ColorModel model) {
    if (model instanceof IndexColorModel) {
      return false;
    }
    int expected =
        switch (model.getColorSpace().getType()) {
          case ColorSpace.TYPE_GRAY -> 1;
          case ColorSpace.TYPE_RGB -> 3;
          default -> 0;
        };
    int type = model.getTransferType();
    boolean whole =
        type == DataBuffer.TYPE_BYTE
            || type == DataBuffer.TYPE_USHORT
            || type == DataBuffer.TYPE_INT;
    return whole
        && model.getNumColorComponents() == expected
        && Arrays.stream(model.getComponentSize()).allMatch(bits -> bits <= 16);
  }

  private static void unpack(int[] argb, int[] row) {
    for (int x = 0; x < argb.length; x++) {
      row[4 * x] = argb[x] >> 16 & 0xFF;
      row[4 * x + 1] = argb[x] >> 8 & 0xFF;
      row[4 * x + 2] = argb[x] & 0xFF;
      row[4 * x + 3] = argb[x] >>> 24;
    }
  }

  private static int eightBits(int value, int most) {
    return most == 255 ? value : (value * 255 + most / 2) / most;
  }

  static byte onWhite(int value, int alpha) {
    return (byte) (alpha == 255 ? value : (value * alpha + 255 * (255 - alpha) + 127) / 255);
  }

  /** Returns the brightness of a pixel in [0, 255]. */
  double luma(int y, int x) {
    int at = y * width + x;
    if (channels == 1) {
      return values[at] & 0xFF;
    }
    int plane = height * width;
    return Luma.of(values[at] & 0xFF, values[plane + at] & 0xFF, values[2 * plane + at] & 0xFF);
  }

  /** Returns this in grey, each pixel rounded to the nearest level. */
  Picture grey() {
    if (channels == 1) {
      return this;
    }
    byte[] grey = new byte[height * width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        grey[y * width + x] = (byte) Math.round(luma(y, x));
      }
    }
    return new Picture(1, height, width, grey);
  }

  /**
   * Returns this with its shorter side scaled down to a length, the longer one in proportion
   * (rounded down), antialiased; this itself when it is no longer, or for {@link
   * CacheOptions#FULL}.
   */
  Picture shrunk(int shorterSide) {
    int shorter = Math.min(height, width);
    if (shorterSide == CacheOptions.FULL || shorter <= shorterSide) {
      return this;
    }
    int tall = (int) ((long) shorterSide * height / shorter);
    int wide = (int) ((long) shorterSide * width / shorter);
    ByteResize resize = new ByteResize(height, width, tall, wide);
    byte[] shrunk = new byte[channels * tall * wide];
    for (int c = 0; c < channels; c++) {
      resize.resize(values, c * height * width, shrunk, c * tall * wide);
    }
    return new Picture(channels, tall, wide, shrunk);
  }

  /** Returns this with light and dark exchanged. */
  Picture inverted() {
    byte[] inverted = new byte[values.length];
    for (int i = 0; i < inverted.length; i++) {
      inverted[i] = (byte) ~values[i];
    }
    return new Picture(channels, height, width, inverted);
  }

  /**
   * Returns this upright.
   *
   * @param orientation as EXIF numbers them, 1 to 8: 1 is upright, 2 to 4 are mirrored across,
   *     turned round and mirrored down, 5 to 8 the same with rows and columns exchanged
   */
  Picture upright(int orientation) {
    if (orientation == 1) {
      return this;
    }
    boolean exchanged = orientation >= 5;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean fromBelow =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int tall = exchanged ? width : height;
    int wide = exchanged ? height : width;
    byte[] turned = new byte[values.length];
    int to = 0;
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < tall; y++) {
        for (int x = 0; x < wide; x++) {
          int row = exchanged ? x : y;
          int column = exchanged ? y : x;
          row = fromBelow ? height - 1 - row : row;
          column = fromRight ? width - 1 - column : column;
          turned[to++] = values[(c * height + row) * width + column];
        }
      }
    }
    return new Picture(channels, tall, wide, turned);
  }
}
