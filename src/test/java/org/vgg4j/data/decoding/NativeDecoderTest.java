package org.vgg4j.data.decoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.InvalidInputException;

/** The libraries of C decode to what the JDK and Pillow decode to. */
final class NativeDecoderTest {
  /** Pillow 12.3.0's, of a small picture in colour: {@code save(quality=80, method=6)}. */
  private static final String LOSSY =
      "UklGRnQAAABXRUJQVlA4IGgAAACwBACdASoSAAwAPm0skkWkIqGYBABABsS2AE6ZQjgb0D8VaUB+AKz/AeP4"
          + "LUcAAP75/XHTWbZdbaa/slzf/URrDIoanfh5QjH+/uUQ91NHvsQZyPTkWGcaBKEmuCxa+RyoJlYqoLAA"
          + "AA==";

  /** The same with a transparent half: {@code save(lossless=True, exact=True)}. */
  private static final String CLEAR =
      "UklGRlQAAABXRUJQVlA4TEgAAAAvEcACELmM6H/sil/06H+AQNLGEu+f9rAI47D/BiLJOCGEEEIIIYQQQggh"
          + "hBBClwkg4krEHTxpIAvkgSJQBqpAHWgCbaAL9A8=";

  /** Its first 6 columns of 4 rows, with the orientation 6. */
  private static final String TURNED =
      "UklGRmIAAABXRUJQVlA4WAoAAAAIAAAABQAAAwAAVlA4TCIAAAAvBcAAALmM6H/sihDR/4BCthGgkzh/2B9h"
          + "HG7/HxMAkZIDRVhJRhoAAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA==";

  @TempDir private Path folder;

  @BeforeEach
  void requireLibraries() {
    assumeTrue(NativeDecoder.IS_HERE, "no Leptonica for this machine");
  }

  private Picture decoded(String base64) throws IOException {
    byte[] file = Base64.getDecoder().decode(base64);
    return PictureDecoder.decode(Files.write(folder.resolve("it.webp"), file));
  }

  private static long crc32(Picture picture) {
    CRC32 crc = new CRC32();
    crc.update(picture.values());
    return crc.getValue();
  }

  /** The checksums are those of what Pillow reads, the second laid on white. */
  @Test
  void webpIsAsPillowReadsIt() throws IOException {
    Picture lossy = decoded(LOSSY);
    assertEquals(3, lossy.channels());
    assertEquals(12, lossy.height());
    assertEquals(18, lossy.width());
    assertEquals(3_069_521_578L, crc32(lossy));
    assertEquals(387_482_754L, crc32(decoded(CLEAR)));
  }

  @Test
  void webpIsTurnedUpright() throws IOException {
    Picture turned = decoded(TURNED);
    assertEquals(6, turned.height());
    assertEquals(4, turned.width());
    // The first column from below: rows of 21 levels of green each.
    byte[] green = Arrays.copyOfRange(turned.values(), 24, 28);
    assertArrayEquals(new byte[] {63, 42, 21, 0}, green);
  }

  @Test
  void damagedWebpIsRefused() throws IOException {
    byte[] whole = Base64.getDecoder().decode(LOSSY);
    for (int length = 34; length < whole.length - 10; length += 7) {
      Path file = Files.write(folder.resolve("cut.webp"), Arrays.copyOf(whole, length));
      InvalidInputException refusal =
          assertThrows(InvalidInputException.class, () -> PictureDecoder.decode(file));
      assertEquals(
          file + " is not an intact image: its data are damaged, or it is a film",
          refusal.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "false, true", "true, true"})
  void jpegIsAsTheJdkReadsIt(boolean grey, boolean progressive) throws IOException {
    int type = grey ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
    BufferedImage image = new BufferedImage(61, 47, type);
    for (int i = 0; i < 61 * 47; i++) {
      image.setRGB(i % 61, i / 61, i * 7919 * 31);
    }
    byte[] jpeg = jpeg(image, progressive);
    Picture expected = Picture.of(ImageIO.read(new ByteArrayInputStream(jpeg)));
    Picture actual = NativeDecoder.jpeg(jpeg, 1);
    assertEquals(grey ? 1 : 3, actual.channels());
    assertEquals(47, actual.height());
    assertArrayEquals(expected.values(), actual.values());
    assertEquals(new JpegHeader(8, 47, 61, grey ? 1 : 3), JpegHeader.of(jpeg));
  }

  private static byte[] jpeg(BufferedImage image, boolean progressive) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam how = writer.getDefaultWriteParam();
    how.setProgressiveMode(
        progressive ? ImageWriteParam.MODE_DEFAULT : ImageWriteParam.MODE_DISABLED);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({
    "480, 241, 1",
    "480, 240, 2",
    "480, 121, 2",
    "480, 120, 4",
    "4000, 256, 8",
    "480, 0, 1"
  })
  void aPictureIsNeverReducedBelowItsSize(int shorter, int wanted, int reduction) {
    assertEquals(reduction, PictureDecoder.reduction(shorter, wanted));
  }

  /** What is left out is what scaling down would: a level on average, of a picture with edges. */
  @ParameterizedTest
  @ValueSource(ints = {240, 100, 60})
  void aReducedPictureIsAsTheWholeOneScaledDown(int shorterSide) throws IOException {
    BufferedImage image = new BufferedImage(640, 480, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 480; y++) {
      for (int x = 0; x < 640; x++) {
        boolean isInside = Math.hypot(x - 300, y - 200) < 120;
        image.setRGB(x, y, new Color(x * 255 / 640, isInside ? 220 : 40, y * 255 / 480).getRGB());
      }
    }
    Path file = Files.write(folder.resolve("it.jpg"), jpeg(image, false));
    Picture expected = PictureDecoder.decode(file).shrunk(shorterSide);
    Picture actual = PictureDecoder.decode(file, shorterSide);
    assertEquals(480 / PictureDecoder.reduction(480, shorterSide), actual.height());
    actual = actual.shrunk(shorterSide);
    assertEquals(List.of(shorterSide, expected.width()), List.of(actual.height(), actual.width()));
    double sum = 0;
    for (int i = 0; i < expected.values().length; i++) {
      sum += Math.abs((expected.values()[i] & 0xFF) - (actual.values()[i] & 0xFF));
    }
    double mean = sum / expected.values().length;
    assertTrue(mean <= 1.5, "differs by " + mean + " levels");
  }

  /** Half of the data: grey where nothing came. */
  @Test
  void aJpegOfHalfItsDataIsLeftToTheOther() throws IOException {
    byte[] jpeg = jpeg(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), true);
    byte[] half = Arrays.copyOf(jpeg, jpeg.length / 2);
    assertNull(NativeDecoder.jpeg(half, 1));
    assertTrue(JpegHeader.of(jpeg).isPlain());
    assertNull(JpegHeader.of(Arrays.copyOf(jpeg, 40)));
  }
}
