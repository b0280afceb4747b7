package org.vgg4j.data.decoding;

import java.nio.IntBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.leptonica;

/**
 * Decodes with the libraries of C that are packed into Leptonica: libjpeg-turbo, some four times as
 * fast as the JDK's libjpeg and to the same values, and libwebp. Each method returns null for what
 * it cannot decode without loss, or where there is no such library for the machine.
 */
final class NativeDecoder {
  /** Whether the machine has the libraries. */
  static final boolean IS_HERE = isHere();

  private static final int GREY_BITS = 8;
  private static final int COLOUR_BITS = 32;
  private static final int WITH_ALPHA = 4; // samples a pixel

  private NativeDecoder() {}

  private static boolean isHere() {
    try {
      // As the engines do: JavaCPP would count other libraries' memory as its own.
      if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null) {
        System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
      }
      Loader.load(leptonica.class);
      leptonica.setMsgSeverity(leptonica.L_SEVERITY_NONE);
      return true;
    } catch (LinkageError | RuntimeException e) {
      return false;
    }
  }

  /**
   * Decodes a JPEG file of one or three components.
   *
   * @param reduction 1, or 2, 4 or 8 for a picture so many times as small, which is far less work:
   *     each block of the file becomes fewer pixels
   */
  static Picture jpeg(byte[] file, int reduction) {
    return IS_HERE
        ? picture(leptonica.pixReadMemJpeg(file, file.length, 0, reduction, (int[]) null, 0))
        : null;
  }

  /** Decodes a WebP file of one picture. */
  static Picture webp(byte[] file) {
    return IS_HERE ? picture(leptonica.pixReadMemWebP(file, file.length)) : null;
  }

  private static Picture picture(PIX pix) {
    if (pix == null || pix.isNull()) {
      return null;
    }
    try {
      int width = pix.w();
      int height = pix.h();
      IntBuffer words = leptonica.pixGetData(pix).capacity((long) pix.wpl() * height).asBuffer();
      return switch (pix.d()) {
        case GREY_BITS -> grey(words, pix.wpl(), height, width);
        case COLOUR_BITS -> colour(words, height, width, pix.spp() == WITH_ALPHA);
        default -> null;
      };
    } finally {
      leptonica.pixDestroy(pix);
    }
  }

  /** Takes four pixels from each word, the first from its highest byte. */
  private static Picture grey(IntBuffer words, int wordsPerRow, int height, int width) {
    byte[] values = new byte[height * width];
    int[] row = new int[wordsPerRow];
    for (int y = 0; y < height; y++) {
      words.get(y * wordsPerRow, row);
      for (int x = 0; x < width; x++) {
        values[y * width + x] = (byte) (row[x / 4] >>> (24 - 8 * (x % 4)));
      }
    }
    return new Picture(1, height, width, values);
  }

  /** Takes one pixel from each word: red, green, blue, alpha from the highest byte on. */
  private static Picture colour(IntBuffer words, int height, int width, boolean withAlpha) {
    int plane = height * width;
    byte[] values = new byte[3 * plane];
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      words.get(y * width, row);
      int at = y * width;
      for (int x = 0; x < width; x++, at++) {
        int word = row[x];
        values[at] = (byte) (word >>> 24);
        values[plane + at] = (byte) (word >>> 16);
        values[2 * plane + at] = (byte) (word >>> 8);
      }
      if (withAlpha) {
        for (int x = 0; x < width; x++) {
          for (int c = 0; c < 3; c++) {
            int to = c * plane + y * width + x;
            values[to] = Picture.onWhite(values[to] & 0xFF, row[x] & 0xFF);
          }
        }
      }
    }
    return new Picture(3, height, width, values);
  }
}
