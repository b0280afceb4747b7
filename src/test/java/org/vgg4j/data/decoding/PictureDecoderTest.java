package org.vgg4j.data.decoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.tensor.InvalidInputException;

/** The values of a picture are those of its file, upright and whole, or it is refused. */
final class PictureDecoderTest {
  /** Behind the signature and the header of a PNG file. */
  private static final int FIRST_CHUNK = 33;

  @TempDir private Path folder;

  private Path write(byte[] bytes, String name) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] encoded(BufferedImage image, String kind) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, kind, bytes), kind);
    return bytes.toByteArray();
  }

  private static byte[] inserted(byte[] file, int at, byte[] what) {
    return ByteBuffer.allocate(file.length + what.length)
        .put(file, 0, at)
        .put(what)
        .put(file, at, file.length - at)
        .array();
  }

  private static byte[] chunk(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    return ByteBuffer.allocate(12 + data.length)
        .putInt(data.length)
        .put(name)
        .put(data)
        .putInt((int) crc.getValue())
        .array();
  }

  private static BufferedImage grey(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < width * height; i++) {
      image.getRaster().setSample(i % width, i / width, 0, i * 5 % 251);
    }
    return image;
  }

  /** Every alpha over every value of a few: laid on white, value by value, without a gamma. */
  @Test
  void greyWithAlphaIsLaidOnWhite() throws IOException {
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY), true, false, 3, DataBuffer.TYPE_BYTE);
    WritableRaster raster = model.createCompatibleWritableRaster(256, 5);
    int[] values = {0, 40, 100, 200, 255};
    for (int alpha = 0; alpha < 256; alpha++) {
      for (int y = 0; y < 5; y++) {
        raster.setPixel(alpha, y, new int[] {values[y], alpha});
      }
    }
    byte[] png = encoded(new BufferedImage(model, raster, false, null), "png");
    Picture picture = PictureDecoder.decode(write(png, "alpha.png"));
    assertEquals(1, picture.channels());
    for (int alpha = 0; alpha < 256; alpha++) {
      for (int y = 0; y < 5; y++) {
        double expected = (values[y] * alpha + 255.0 * (255 - alpha)) / 255;
        assertEquals(Math.rint(expected), picture.luma(y, alpha), alpha + " " + y);
      }
    }
  }

  /** A transparent colour that the picture has, and one that it has not. */
  @ParameterizedTest
  @ValueSource(ints = {20, 255})
  void greyWithATransparentColourIsItsOpaqueTwin(int transparent) throws IOException {
    byte[] png = encoded(grey(16, 12), "png");
    byte[] clear = inserted(png, FIRST_CHUNK, chunk("tRNS", new byte[] {0, (byte) transparent}));
    Picture opaque = PictureDecoder.decode(write(png, "opaque.png"));
    Picture picture = PictureDecoder.decode(write(clear, "clear.png"));
    for (int i = 0; i < 16 * 12; i++) {
      double level = opaque.luma(i / 16, i % 16);
      assertEquals(i * 5 % 251, level);
      assertEquals(level == transparent ? 255 : level, picture.luma(i / 16, i % 16), 1e-9);
    }
  }

  @Test
  void aPaletteWithAlphaIsLaidOnWhite() throws IOException {
    byte[] level = {0, 100, (byte) 200};
    IndexColorModel palette =
        new IndexColorModel(8, 3, level, level, level, new byte[] {0, (byte) 255, 51});
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 1, 2});
    Picture picture = PictureDecoder.decode(write(encoded(image, "png"), "palette.png"));
    assertArrayEquals(new byte[] {(byte) 255, 100, (byte) 244}, Arrays.copyOf(picture.values(), 3));
  }

  /** The grey of a JPEG file is as in the file too: a plain ramp that JPEG hardly changes. */
  @Test
  void aGreyJpegHasNoGamma() throws IOException {
    BufferedImage ramp = new BufferedImage(64, 16, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 64 * 16; i++) {
      ramp.getRaster().setSample(i % 64, i / 64, 0, 4 * (i % 64));
    }
    Picture picture = PictureDecoder.decode(write(encoded(ramp, "jpg"), "ramp.jpg"));
    assertEquals(1, picture.channels());
    for (int x = 0; x < 64; x++) {
      assertEquals(4 * x, picture.luma(8, x), 6);
    }
  }

  /**
   * Red, green, blue and black at half strength in four inks. Made by Pillow 12.3.0, which reads it
   * as (255, 0, 0), (0, 255, 0), (0, 0, 255), (126, 126, 126):
   *
   * <pre>
   * image = Image.new('CMYK', (16, 16))
   * inks = [(0, 255, 255, 0), (255, 0, 255, 0), (255, 255, 0, 0), (0, 0, 0, 128)]
   * for x in range(16):
   *     for y in range(16):
   *         image.putpixel((x, y), inks[y // 8 * 2 + x // 8])
   * image.save(file, 'JPEG', quality=50, subsampling=0, optimize=True)
   * </pre>
   */
  @Test
  void fourInksAreRead() throws IOException {
    byte[] jpeg =
        Base64.getDecoder()
            .decode(
                "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBE"
                    + "V0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAA"
                    + "AAAAAAAAAAAAAAgAB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8A0Bn7P2gD"
                    + "+QCSH8gEQBAJnz//2Q==");
    Picture picture = PictureDecoder.decode(write(jpeg, "cmyk.jpg"));
    int[][] expected = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {126, 126, 126}};
    for (int quarter = 0; quarter < 4; quarter++) {
      for (int c = 0; c < 3; c++) {
        int at = (c * 16 + quarter / 2 * 8 + 4) * 16 + quarter % 2 * 8 + 4;
        assertEquals(expected[quarter][c], picture.values()[at] & 0xFF, 2, quarter + " " + c);
      }
    }
  }

  /**
   * The corners of a picture whose file has them as a b / c d. By Pillow 12.3.0's
   * ImageOps.exif_transpose.
   */
  @ParameterizedTest
  @CsvSource({
    "0, abcd", "1, abcd", "2, badc", "3, dcba", "4, cdab", "5, acbd", "6, cadb", "7, dbca",
    "8, bdac", "9, abcd"
  })
  void picturesAreTurnedUpright(int orientation, String corners) throws IOException {
    BufferedImage image = new BufferedImage(48, 16, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 48 * 16; i++) {
      int corner = (i / 48 < 8 ? 0 : 2) + (i % 48 < 24 ? 0 : 1);
      image.setRGB(i % 48, i / 48, 0x010101 * 60 * corner);
    }
    byte[] tiff = exif(orientation);
    byte[] name = {'E', 'x', 'i', 'f', 0, 0};
    byte[] segment =
        ByteBuffer.allocate(4 + name.length + tiff.length)
            .putShort((short) 0xFFE1)
            .putShort((short) (2 + name.length + tiff.length))
            .put(name)
            .put(tiff)
            .array();
    byte[] jpeg = inserted(encoded(image, "jpg"), 2, segment);
    byte[] png = inserted(encoded(image, "png"), FIRST_CHUNK, chunk("eXIf", tiff));
    for (Path file : List.of(write(jpeg, "turned.jpg"), write(png, "turned.png"))) {
      Picture picture = PictureDecoder.decode(file);
      boolean exchanged = orientation >= 5 && orientation <= 8;
      assertEquals(exchanged ? 48 : 16, picture.height());
      assertEquals(exchanged ? 16 : 48, picture.width());
      StringBuilder found = new StringBuilder();
      for (int corner = 0; corner < 4; corner++) {
        int y = corner < 2 ? 2 : picture.height() - 3;
        int x = corner % 2 == 0 ? 2 : picture.width() - 3;
        found.append((char) ('a' + Math.round(picture.luma(y, x) / 60)));
      }
      assertEquals(corners, found.toString(), file.toString());
    }
  }

  /** One directory of one entry: the orientation, tag 0x112, a 16-bit number. */
  private static byte[] exif(int orientation) {
    return ByteBuffer.allocate(26)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(new byte[] {'I', 'I', 42, 0})
        .putInt(8)
        .putShort((short) 1)
        .putShort((short) 0x112)
        .putShort((short) 3)
        .putInt(1)
        .putInt(orientation)
        .putInt(0)
        .array();
  }

  /** Metadata that cannot be read leave the picture as it is. */
  @Test
  void damagedExifIsNoDamageToThePicture() throws IOException {
    byte[] png = encoded(grey(16, 12), "png");
    for (byte[] exif : List.of(new byte[0], new byte[] {'I', 'I'}, Arrays.copyOf(exif(6), 15))) {
      byte[] with = inserted(png, FIRST_CHUNK, chunk("eXIf", exif));
      assertEquals(16, PictureDecoder.decode(write(with, "odd.png")).width());
    }
  }

  /** At every length a file is refused in one line, or has lost nothing that is seen. */
  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg", "progressive", "gif", "bmp", "tif"})
  void aCutFileIsRefused(String kind) throws IOException {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 40 * 30; i++) {
      image.setRGB(i % 40, i / 40, i * 7919 * 31);
    }
    byte[] whole = kind.equals("progressive") ? progressive(image) : encoded(image, kind);
    byte[] expected = PictureDecoder.decode(write(whole, "whole")).values();
    List<Integer> accepted = new ArrayList<>();
    for (int length = 0; length < whole.length; length += Math.max(1, whole.length / 400)) {
      Path cut = write(Arrays.copyOf(whole, length), "cut");
      try {
        assertArrayEquals(expected, PictureDecoder.decode(cut).values(), kind + " of " + length);
        accepted.add(length);
      } catch (InvalidInputException e) {
        assertTrue(e.getMessage().startsWith(cut + " is not an "), e.getMessage());
      }
    }
    assertTrue(accepted.size() < 20, accepted.toString());
  }

  private static byte[] progressive(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam how = writer.getDefaultWriteParam();
    how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Half the data of a scan, then the end: whole to look at, but not to decode. */
  @Test
  void aJpegThatEndsInTheMiddleIsRefused() throws IOException {
    byte[] jpeg = encoded(grey(128, 128), "jpg");
    byte[] half = Arrays.copyOf(jpeg, jpeg.length / 2);
    half[half.length - 2] = (byte) 0xFF;
    half[half.length - 1] = (byte) 0xD9;
    refused(write(half, "half.jpg"), "is not an intact image: ");
  }

  /** What stands behind the end, as phones append films, is none of the picture's business. */
  @Test
  void whatFollowsTheEndIsIgnored() throws IOException {
    byte[] jpeg = encoded(grey(32, 32), "jpg");
    byte[] more = Arrays.copyOf(jpeg, jpeg.length + 1000);
    assertArrayEquals(
        PictureDecoder.decode(write(jpeg, "plain.jpg")).values(),
        PictureDecoder.decode(write(more, "more.jpg")).values());
  }

  private void refused(Path file, String why) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PictureDecoder.decode(file));
    assertTrue(refusal.getMessage().startsWith(file + " " + why), refusal.getMessage());
    assertEquals(1, refusal.getMessage().lines().count());
  }

  /** Refused by their headers: decoding would take tens of gigabytes. */
  @Test
  void hugePicturesAreRefusedBeforeDecoding() throws IOException {
    byte[] png = encoded(grey(16, 12), "png");
    ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
    CRC32 crc = new CRC32();
    crc.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
    refused(write(png, "huge.png"), "has 100000 x 100000 pixels, more than the 200 million");
    HeapRoom.require("it", 1_200_000_000, 1_200_000_000);
    InvalidInputException refusal =
        assertThrows(
            InvalidInputException.class,
            () -> HeapRoom.require("it", 1_200_000_000, 1_199_999_999));
    assertTrue(
        refusal.getMessage().contains("heap is too small (about 1145 MB needed, 1144 MB free)"),
        refusal.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "52494646xxxxxxxx57454250, a WebP picture, dwebp PLACE/it.x -o PLACE/it.png",
        "xxxxxxxx6674797061766966, an AVIF picture, avifdec PLACE/it.x PLACE/it.png",
        "xxxxxxxx6674797068656963, a HEIC picture, heif-convert PLACE/it.x PLACE/it.png",
        "xxxxxxxx667479706d696631, a HEIC picture, heif-convert PLACE/it.x PLACE/it.png",
        "ff0a, a JPEG XL picture, djxl PLACE/it.x PLACE/it.png",
        "0000000c6a502020, a JPEG 2000 picture, opj_decompress -i PLACE/it.x -o PLACE/it.png",
        "38425053, a Photoshop file, magick PLACE/it.x PLACE/it.png",
        "50360a, a picture of the PNM family, magick PLACE/it.x PLACE/it.png",
        "00000100, an icon, magick PLACE/it.x PLACE/it.png",
        "255044462d312e37, a PDF document, pdftoppm -png -singlefile PLACE/it.x PLACE/it",
        "3c73766720, an SVG drawing, rsvg-convert PLACE/it.x -o PLACE/it.png",
        "3c21444f43545950452068746d6c3e, \"a web page, not a picture\", download the file",
        "76657273696f6e2068747470733a2f2f6769742d6c6673, \"a Git LFS pointer, not the picture\","
            + " git lfs pull",
      })
  void otherKindsAreNamedWithWhatToDo(String start, String name, String advice) throws IOException {
    byte[] bytes = java.util.HexFormat.of().parseHex(start.replace('x', '7'));
    Path file = write(Arrays.copyOf(bytes, 64), "it.x");
    String message =
        assertThrows(InvalidInputException.class, () -> PictureDecoder.decode(file)).getMessage();
    assertTrue(message.startsWith(file + " is " + name + ", which is not read; "), message);
    assertTrue(message.contains(advice.replace("PLACE", folder.toString())), message);
  }
}
