package org.vgg4j.data.decoding;

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
import org.vgg4j.data.ImageShape;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.loading.BatchLoader;
import org.vgg4j.data.preprocessing.Inversion;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataPlaces;
import org.vgg4j.data.sets.DownloadListener;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

/** What picture files become on their way to a net. */
final class PictureFilesTest {
  private static final int SIDE = 28;

  @TempDir Path folder;

  private Path write(BufferedImage image, String kind) throws IOException {
    Path file = folder.resolve("image." + kind);
    assertTrue(ImageIO.write(image, kind, file.toFile()));
    return file;
  }

  private static byte[] fashion(Path file, Inversion inversion) {
    return Images.bytes(source(file, Preprocessing.of(1, SIDE).withInversion(inversion)), 0);
  }

  private static boolean isInverted(Path file, Inversion inversion) {
    PictureFiles source = source(file, Preprocessing.of(1, SIDE).withInversion(inversion));
    Images.bytes(source, 0);
    return source.isInverted(0);
  }

  private static PictureFiles source(Path file, Preprocessing preprocessing) {
    return new PictureFiles(List.of(file), preprocessing);
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
      assertArrayEquals(pixels, fashion(write(image, "png"), Inversion.NEVER));
    }
  }

  private static DataPlaces places() {
    return DataPlaces.ofThisMachine();
  }

  @Test
  void aDarkThingOnWhiteIsInvertedAndALightOneOnBlackIsNot() throws IOException {
    int rgb = BufferedImage.TYPE_INT_RGB;
    Path light = write(picture(rgb, 56, 56, Color.WHITE, Color.BLACK, 14, 14, 28, 28), "png");
    byte[] inverted = fashion(light, Inversion.AUTO);
    assertTrue(isInverted(light, Inversion.AUTO));
    assertEquals(0, inverted[0]);
    assertEquals((byte) 255, inverted[14 * SIDE + 14]);
    assertFalse(isInverted(light, Inversion.NEVER));
    Path dark = write(picture(rgb, 56, 56, Color.BLACK, Color.WHITE, 14, 14, 28, 28), "png");
    assertFalse(isInverted(dark, Inversion.AUTO));
    assertArrayEquals(inverted, fashion(dark, Inversion.AUTO));
    assertTrue(isInverted(dark, Inversion.ALWAYS));
  }

  @Test
  void areasAreAveraged() throws IOException {
    // 14 pixels become 28: each is doubled; 84 become 28: nine make one.
    BufferedImage small =
        picture(BufferedImage.TYPE_INT_RGB, 14, 14, Color.BLACK, Color.WHITE, 3, 5, 1, 1);
    byte[] doubled = fashion(write(small, "png"), Inversion.NEVER);
    byte[] expected = new byte[SIDE * SIDE];
    for (int row = 10; row < 12; row++) {
      Arrays.fill(expected, row * SIDE + 6, row * SIDE + 8, (byte) 255);
    }
    assertArrayEquals(expected, doubled);
    BufferedImage large =
        picture(BufferedImage.TYPE_INT_RGB, 84, 84, Color.BLACK, Color.WHITE, 30, 60, 1, 2);
    byte[] reduced = fashion(write(large, "png"), Inversion.NEVER);
    assertEquals(Math.round(255 * 2 / 9.0), reduced[20 * SIDE + 10]);
    assertEquals(0, reduced[20 * SIDE + 11]);
  }

  @Test
  void aWidePictureIsPaddedWithItsOwnBackground() throws IOException {
    Color grey = new Color(40, 40, 40);
    BufferedImage wide =
        picture(BufferedImage.TYPE_INT_RGB, 56, 28, grey, Color.WHITE, 20, 10, 16, 8);
    byte[] pixels = fashion(write(wide, "png"), Inversion.AUTO);
    assertEquals(40, pixels[0]);
    assertEquals(40, pixels[27 * SIDE + 27]);
    assertEquals((byte) 255, pixels[14 * SIDE + 14]);
  }

  @ParameterizedTest
  @CsvSource({"255,0,0,76", "0,255,0,150", "0,0,255,29", "10,20,30,18"})
  void coloursBecomeGreyByLuma(int red, int green, int blue, int grey) throws IOException {
    Color colour = new Color(red, green, blue);
    BufferedImage plain = picture(BufferedImage.TYPE_INT_RGB, 28, 28, colour, colour, 0, 0, 1, 1);
    byte[] pixels = fashion(write(plain, "png"), Inversion.NEVER);
    assertEquals(grey, pixels[100] & 0xFF);
  }

  @Test
  void whatIsTransparentCountsAsWhite() throws IOException {
    BufferedImage clear = new BufferedImage(28, 28, BufferedImage.TYPE_INT_ARGB);
    byte[] pixels = fashion(write(clear, "png"), Inversion.NEVER);
    assertEquals(255, pixels[0] & 0xFF);
  }

  @Test
  void sixteenBitsAndPalettesAreRead() throws IOException {
    BufferedImage deep = new BufferedImage(28, 28, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(3, 2, 0, 0x8080);
    assertEquals(128, fashion(write(deep, "png"), Inversion.NEVER)[2 * SIDE + 3] & 0xFF);
    BufferedImage indexed =
        picture(BufferedImage.TYPE_BYTE_INDEXED, 28, 28, Color.BLACK, Color.WHITE, 3, 2, 1, 1);
    assertEquals(255, fashion(write(indexed, "gif"), Inversion.NEVER)[2 * SIDE + 3] & 0xFF);
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
              InvalidInputException.class, () -> fashion(file, Inversion.AUTO), file.toString());
      assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
      assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }
  }

  @Test
  void picturesMakeADataSet() throws IOException {
    Path file =
        write(
            picture(BufferedImage.TYPE_INT_RGB, 40, 28, Color.BLACK, Color.RED, 9, 9, 9, 9), "png");
    Path other = Files.copy(file, folder.resolve("other.png"));
    PictureFiles grey = new PictureFiles(List.of(file, other), Preprocessing.of(1, 32));
    assertEquals(2, grey.size());
    assertEquals(new ImageShape(1, 28, 28), grey.commonShape());
    assertArrayEquals(fashion(file, Inversion.NEVER), Images.bytes(grey, 1));
    PictureFiles colour = new PictureFiles(List.of(file, other), Preprocessing.of(3, 32));
    assertEquals(new ImageShape(3, 28, 40), colour.shape(1));
    byte[] values = Images.bytes(colour, 1);
    assertEquals((byte) 255, values[9 * 40 + 9]);
    assertEquals(0, values[(28 + 9) * 40 + 9]);
    PictureFiles plain =
        new PictureFiles(List.of(file), Preprocessing.of(1, 32).withFit(PictureFit.SHORTER));
    assertEquals(new ImageShape(1, 28, 40), plain.shape(0));
    assertEquals(76, Images.bytes(plain, 0)[9 * 40 + 9]);
    for (Preprocessing how : List.of(Preprocessing.of(2, 32), Preprocessing.of(4, 32))) {
      assertThrows(
          InvalidInputException.class, () -> new PictureFiles(List.of(file), how), how.toString());
    }
    assertThrows(
        InvalidInputException.class, () -> new PictureFiles(List.of(), Preprocessing.of(3, 32)));
  }

  @Test
  void aColourPictureIsInvertedInEachChannel() throws IOException {
    Color pale = new Color(250, 240, 200);
    Path file =
        write(picture(BufferedImage.TYPE_INT_RGB, 9, 7, pale, Color.BLUE, 3, 3, 2, 2), "png");
    Preprocessing how = Preprocessing.of(3, 8);
    for (Inversion inversion : Inversion.values()) {
      PictureFiles source = source(file, how.withInversion(inversion));
      byte[] values = Images.bytes(source, 0);
      boolean inverted = inversion != Inversion.NEVER;
      assertEquals(inverted, source.isInverted(0));
      assertEquals(inverted ? 5 : 250, values[0] & 0xFF);
      assertEquals(inverted ? 55 : 200, values[2 * 63] & 0xFF);
    }
  }

  /** Its square would have 10,000 million pixels. */
  @Test
  void aNarrowPictureTakesNoMoreMemoryThanItHas() throws IOException {
    BufferedImage wide = new BufferedImage(100_000, 10, BufferedImage.TYPE_BYTE_GRAY);
    for (int x = 50_000; x < 100_000; x++) {
      for (int y = 0; y < 10; y++) {
        wide.getRaster().setSample(x, y, 0, 200);
      }
    }
    Path file = write(wide, "png");
    byte[] pixels = fashion(file, Inversion.NEVER);
    assertEquals(100, pixels[0]); // the mean of its border
    assertEquals(100, pixels[14 * SIDE]); // ten rows of 3,571
    float[] x = new float[3 * 8 * 8];
    try (BatchLoader loader =
        new BatchLoader(
            source(file, Preprocessing.torchvision(8)), 1, Preprocessing.torchvision(8))) {
      loader.next().images().bytes().asFloatBuffer().get(x);
    }
    assertEquals((0 - 0.485f) / 0.229f, x[0], 1e-5f); // its middle, left and right of the edge
    assertEquals((200 / 255f - 0.485f) / 0.229f, x[7], 1e-5f);
  }
}
