package org.vgg4j.data.decoding;

import com.twelvemonkeys.imageio.plugins.jpeg.JPEGImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
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
import javax.imageio.stream.ImageInputStream;
import org.vgg4j.data.ImageShape;
import org.vgg4j.tensor.InvalidInputException;

/** Decodes picture files: the only way from a file to a picture. */
final class PictureDecoder {
  /** More than any camera has. */
  private static final long MOST_PIXELS = 200_000_000L;

  /** Of the heap: what the decoder makes, the picture, and its copy on the way to the net. */
  private static final long BYTES_PER_PIXEL = 12;

  /** What libjpeg can leave out: all but one pixel of a block of 8 x 8. */
  private static final int MOST_REDUCTION = 8;

  private static final long MOST_FILE_BYTES = 1L << 30;

  private static final String KINDS = "PNG, JPEG, WebP, GIF, BMP, TIFF";

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
    return decode(file, CacheOptions.FULL);
  }

  /**
   * Decodes a file that is to be scaled down.
   *
   * @param shorterSide the least that the shorter side must have, in pixels, where it has as many;
   *     a decoder may leave out what is finer. {@link CacheOptions#FULL} for all there is
   */
  static Picture decode(Path file, int shorterSide) {
    requireFile(file);
    byte[] bytes = bytes(file);
    try (ImageInputStream in = new ByteArrayImageInputStream(bytes)) {
      Picture picture = fast(file, bytes, shorterSide);
      return (picture != null ? picture : decode(file, bytes, in)).upright(Orientation.of(bytes));
    } catch (InvalidInputException e) {
      throw e;
    } catch (IOException | RuntimeException e) { // decoders throw what they stumble over
      throw damaged(file, e.getMessage() == null ? "it ends too early" : e.getMessage(), e);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      long size = Files.size(file);
      if (size > MOST_FILE_BYTES || !HeapRoom.isThere(size)) {
        throw new InvalidInputException(
            "%s has %d MB, more than is read at once; make it smaller, or the heap larger (-Xmx)"
                .formatted(file, size / HeapRoom.MEBIBYTE));
      }
      return Files.readAllBytes(file);
    } catch (AccessDeniedException e) {
      throw new InvalidInputException(file + " cannot be read: permission denied", e);
    } catch (IOException e) {
      throw new InvalidInputException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Decodes what the machine's own libraries can, null for all else. */
  private static Picture fast(Path file, byte[] bytes, int shorterSide) throws IOException {
    JpegHeader header = JpegHeader.of(bytes);
    if (header != null && header.isPlain()) {
      WholeFile.require(file, bytes);
      int reduction = reduction(Math.min(header.width(), header.height()), shorterSide);
      return within(
          file, header.width(), header.height(), () -> NativeDecoder.jpeg(bytes, reduction));
    }
    ImageShape webp = WebpHeader.shape(bytes);
    if (webp == null || !NativeDecoder.IS_HERE) {
      return null;
    }
    Picture picture = within(file, webp.width(), webp.height(), () -> NativeDecoder.webp(bytes));
    if (picture == null) {
      throw damaged(file, "its data are damaged, or it is a film", null);
    }
    return picture;
  }

  /** Returns how many times as small a picture may be decoded. */
  static int reduction(int shorter, int shorterSide) {
    int reduction = 1;
    while (shorterSide != CacheOptions.FULL
        && reduction < MOST_REDUCTION
        && shorter / (2 * reduction) >= shorterSide) {
      reduction *= 2;
    }
    return reduction;
  }

  private static Picture decode(Path file, byte[] bytes, ImageInputStream in) throws IOException {
    ImageReader reader = reader(file, in);
    try {
      reader.setInput(in, true, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      return within(
          file,
          width,
          height,
          () -> {
            WholeFile.require(file, bytes);
            return decode(file, reader);
          });
    } finally {
      reader.dispose();
    }
  }

  private static Picture decode(Path file, ImageReader reader) throws IOException {
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
    return Picture.of(image);
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

  /** Refuses what would not fit before it is decoded. */
  private static Picture within(Path file, int width, int height, HeapRoom.Use<Picture> decoding)
      throws IOException {
    long pixels = (long) width * height;
    if (pixels > MOST_PIXELS) {
      throw new InvalidInputException(
          "%s has %d x %d pixels, more than the %d million that are read; make it smaller"
              .formatted(file, width, height, MOST_PIXELS / 1_000_000));
    }
    String what = "%s has %d x %d pixels".formatted(file, width, height);
    return HeapRoom.with(pixels * BYTES_PER_PIXEL, what, decoding);
  }
}
