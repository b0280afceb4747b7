package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.ImageFile.Inversion;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

final class ImageFileTest {
  private static final int SIDE = 28;

  @TempDir Path folder;

  private Path write(BufferedImage image, String kind) throws IOException {
    Path file = folder.resolve("image." + kind);
    assertTrue(ImageIO.write(image, kind, file.toFile()));
    return file;
  }

  /** Returns a picture of one colour with a rectangle of another in it. */
  private static BufferedImage picture(
      int type, int width, int height, Color background, Color thing, int x, int y, int w, int h) {
    BufferedImage image = new BufferedImage(width, height, type);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(background);
    graphics.fillRect(0, 0, width, height);
    graphics.setColor(thing);
    graphics.fillRect(x, y, w, h);
    graphics.dispose();
    return image;
  }

  @Test
  void anImageOfTheDataSetComesBackAsItIs() throws IOException {
    ImageSource sample =
        FashionMnist.load(FashionMnist.SAMPLE, places(), DownloadListener.NONE).test();
    for (int i = 0; i < 20; i++) {
      byte[] pixels = Images.bytes(sample, i);
      BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
      image.getRaster().setDataElements(0, 0, SIDE, SIDE, pixels);
      assertArrayEquals(pixels, ImageFile.read(write(image, "png"), Inversion.NEVER).pixels());
    }
  }

  private static DataPlaces places() {
    return DataPlaces.ofThisMachine();
  }

  @Test
  void aDarkThingOnWhiteIsInvertedAndALightOneOnBlackIsNot() throws IOException {
    int rgb = BufferedImage.TYPE_INT_RGB;
    Path light = write(picture(rgb, 56, 56, Color.WHITE, Color.BLACK, 14, 14, 28, 28), "png");
    ImageFile inverted = ImageFile.read(light, Inversion.AUTO);
    assertTrue(inverted.inverted());
    assertEquals(0, inverted.pixels()[0]);
    assertEquals((byte) 255, inverted.pixels()[14 * SIDE + 14]);
    assertFalse(ImageFile.read(light, Inversion.NEVER).inverted());
    Path dark = write(picture(rgb, 56, 56, Color.BLACK, Color.WHITE, 14, 14, 28, 28), "png");
    ImageFile kept = ImageFile.read(dark, Inversion.AUTO);
    assertFalse(kept.inverted());
    assertArrayEquals(inverted.pixels(), kept.pixels());
    assertTrue(ImageFile.read(dark, Inversion.ALWAYS).inverted());
  }

  @Test
  void areasAreAveraged() throws IOException {
    // 14 pixels become 28: each is doubled; 84 become 28: nine make one.
    BufferedImage small =
        picture(BufferedImage.TYPE_INT_RGB, 14, 14, Color.BLACK, Color.WHITE, 3, 5, 1, 1);
    byte[] doubled = ImageFile.read(write(small, "png"), Inversion.NEVER).pixels();
    byte[] expected = new byte[SIDE * SIDE];
    for (int row = 10; row < 12; row++) {
      Arrays.fill(expected, row * SIDE + 6, row * SIDE + 8, (byte) 255);
    }
    assertArrayEquals(expected, doubled);
    BufferedImage large =
        picture(BufferedImage.TYPE_INT_RGB, 84, 84, Color.BLACK, Color.WHITE, 30, 60, 1, 2);
    byte[] reduced = ImageFile.read(write(large, "png"), Inversion.NEVER).pixels();
    assertEquals(Math.round(255 * 2 / 9.0), reduced[20 * SIDE + 10]);
    assertEquals(0, reduced[20 * SIDE + 11]);
  }

  @Test
  void aWidePictureIsPaddedWithItsOwnBackground() throws IOException {
    Color grey = new Color(40, 40, 40);
    BufferedImage wide =
        picture(BufferedImage.TYPE_INT_RGB, 56, 28, grey, Color.WHITE, 20, 10, 16, 8);
    byte[] pixels = ImageFile.read(write(wide, "png"), Inversion.AUTO).pixels();
    assertEquals(40, pixels[0]);
    assertEquals(40, pixels[27 * SIDE + 27]);
    assertEquals((byte) 255, pixels[14 * SIDE + 14]);
  }

  @ParameterizedTest
  @CsvSource({"255,0,0,76", "0,255,0,150", "0,0,255,29", "10,20,30,18"})
  void coloursBecomeGreyByLuma(int red, int green, int blue, int grey) throws IOException {
    Color colour = new Color(red, green, blue);
    BufferedImage plain = picture(BufferedImage.TYPE_INT_RGB, 28, 28, colour, colour, 0, 0, 1, 1);
    byte[] pixels = ImageFile.read(write(plain, "png"), Inversion.NEVER).pixels();
    assertEquals(grey, pixels[100] & 0xFF);
  }

  @Test
  void whatIsTransparentCountsAsWhite() throws IOException {
    BufferedImage clear = new BufferedImage(28, 28, BufferedImage.TYPE_INT_ARGB);
    byte[] pixels = ImageFile.read(write(clear, "png"), Inversion.NEVER).pixels();
    assertEquals(255, pixels[0] & 0xFF);
  }

  @Test
  void sixteenBitsAndPalettesAreRead() throws IOException {
    BufferedImage deep = new BufferedImage(28, 28, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(3, 2, 0, 0x8080);
    assertEquals(
        128, ImageFile.read(write(deep, "png"), Inversion.NEVER).pixels()[2 * SIDE + 3] & 0xFF);
    BufferedImage indexed =
        picture(BufferedImage.TYPE_BYTE_INDEXED, 28, 28, Color.BLACK, Color.WHITE, 3, 2, 1, 1);
    assertEquals(
        255, ImageFile.read(write(indexed, "gif"), Inversion.NEVER).pixels()[2 * SIDE + 3] & 0xFF);
  }

  @Test
  void whatIsNoImageIsRefusedInOneLine() throws IOException {
    Path text = Files.writeString(folder.resolve("text.png"), "no image");
    Path empty = Files.createFile(folder.resolve("empty.jpg"));
    BufferedImage picture =
        picture(BufferedImage.TYPE_INT_RGB, 28, 28, Color.BLACK, Color.WHITE, 9, 9, 9, 9);
    byte[] png = Files.readAllBytes(write(picture, "png"));
    Path cut = Files.write(folder.resolve("cut.png"), Arrays.copyOf(png, png.length / 2));
    byte[] lying = png.clone();
    lying[16] = 0x7F; // the width's first byte
    Path huge = Files.write(folder.resolve("huge.png"), lying);
    for (Path file : List.of(text, empty, cut, huge, folder, folder.resolve("missing.png"))) {
      InvalidInputException refusal =
          assertThrows(
              InvalidInputException.class,
              () -> ImageFile.read(file, Inversion.AUTO),
              file.toString());
      assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
      assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }
    assertThrows(InvalidInputException.class, () -> Inversion.of("sometimes"));
  }

  @Test
  void picturesMakeADataSet() throws IOException {
    BufferedImage picture =
        picture(BufferedImage.TYPE_INT_RGB, 28, 28, Color.BLACK, Color.WHITE, 9, 9, 9, 9);
    ImageFile file = ImageFile.read(write(picture, "png"), Inversion.AUTO);
    ImageSource set = ImageFile.source(List.of(file, file));
    assertEquals(2, set.size());
    assertArrayEquals(file.pixels(), Images.bytes(set, 1));
  }
}
