package org.vgg4j.data.decoding;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.vgg4j.tensor.InvalidInputException;

/** Decodes picture files: the only way from a file to a picture. */
final class PictureDecoder {
  /** More than any camera has. */
  private static final long MOST_PIXELS = 200_000_000L;

  /** Of the heap: what the decoder makes, the picture, and its copy on the way to the net. */
  private static final long BYTES_PER_PIXEL = 12;

  private static final long MEBIBYTE = 1 << 20;

  private static final String KINDS = "PNG, JPEG, GIF, BMP, TIFF";

  /**
   * JDK's own reader takes the four inks of CMYK for colours with alpha, and half a file for whole.
   */
  private static final JPEGImageReaderSpi JPEG = jpeg();

  private PictureDecoder() {}

  /** Not from the services on the class path, which a jar of jars often loses. */
  private static JPEGImageReaderSpi jpeg() {
    JPEGImageReaderSpi spi = new JPEGImageReaderSpi();
    spi.onRegistration(IIORegistry.getDefaultInstance(), ImageReaderSpi.class);
    return spi;
  }

  /**
   * Checks that there is something to read.
   *
   * @throws InvalidInputException when there is not
   */
  static void requireFile(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(file + " is not a file");
    }
  }

  /**
   * Decodes a file.
   *
   * @throws InvalidInputException when it is missing, of no kind that is read, damaged, or too
   *     large
   */
  static Picture decode(Path file) {
    requireFile(file);
    try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
      int orientation = Orientation.of(in);
      ImageReader reader = reader(file, in);
      try {
        reader.setInput(in, true, true);
        requireRoom(file, reader.getWidth(0), reader.getHeight(0), freeHeap());
        WholeFile.require(file);
        List<String> missing = new ArrayList<>();
        reader.addIIOReadWarningListener(
            (source, warning) -> {
              if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
                missing.add(warning);
              }
            });
        BufferedImage image = reader.read(0);
        if (!missing.isEmpty()) {
          throw damaged(file, missing.get(0), null);
        }
        return Picture.of(image).upright(orientation);
      } finally {
        reader.dispose();
      }
    } catch (InvalidInputException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // decoders throw what they stumble over
      throw damaged(file, e.getMessage() == null ? "it ends too early" : e.getMessage(), e);
    }
  }

  /** Returns the refusal of a file whose kind is known. */
  static InvalidInputException damaged(Path file, String why, Exception cause) {
    return new InvalidInputException(file + " is not an intact image: " + why, cause);
  }

  private static ImageReader reader(Path file, ImageInputStream in) throws IOException {
    if (JPEG.canDecodeInput(in)) {
      return JPEG.createReaderInstance(null);
    }
    Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
    if (!readers.hasNext()) {
      String hint = ForeignPicture.hint(file);
      throw new InvalidInputException(
          hint == null
              ? file + " is not an image of a known kind (" + KINDS + ")"
              : file + " is " + hint);
    }
    return readers.next();
  }

  /** Refuses what would not fit, before it is decoded. */
  static void requireRoom(Path file, int width, int height, long freeBytes) {
    long pixels = (long) width * height;
    if (pixels > MOST_PIXELS) {
      throw new InvalidInputException(
          "%s has %d x %d pixels, more than the %d million that are read; make it smaller"
              .formatted(file, width, height, MOST_PIXELS / 1_000_000));
    }
    if (pixels * BYTES_PER_PIXEL > freeBytes) {
      throw new InvalidInputException(
          ("%s has %d x %d pixels, for which the Java heap is too small (about %d MB needed, %d MB"
                  + " free); make it smaller, or the heap larger (-Xmx)")
              .formatted(
                  file,
                  width,
                  height,
                  pixels * BYTES_PER_PIXEL / MEBIBYTE + 1,
                  freeBytes / MEBIBYTE));
    }
  }

  private static long freeHeap() {
    Runtime java = Runtime.getRuntime();
    return java.maxMemory() - java.totalMemory() + java.freeMemory();
  }
}
