package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

class ImageDatasetTest {
  private static final List<String> CLASSES = List.of("shoe", "coat", "bag");

  /** Three images of 2 x 2 x 3. */
  private static final byte[] PIXELS = TinyIdx.noise(3 * 2 * 2 * 3, 5);

  @Test
  void itGivesWhatItWasGiven() {
    ImageDataset data = new ImageDataset("tiny", true, 2, 2, 3, CLASSES, PIXELS, bytes(2, 0, 1));
    assertEquals("tiny", data.name());
    assertTrue(data.isSample());
    assertEquals(3, data.size());
    assertEquals(2, data.channels());
    assertEquals(2, data.height());
    assertEquals(3, data.width());
    assertEquals(CLASSES, data.classNames());
    assertEquals(2, data.label(0));
    assertEquals(0, data.label(1));
    assertEquals(1, data.label(2));
    assertArrayEquals(Arrays.copyOfRange(PIXELS, 12, 24), data.image(1));
    assertArrayEquals(Arrays.copyOfRange(PIXELS, 24, 36), data.image(2));
  }

  @Test
  void anImageIsACopy() {
    ImageDataset data = tiny(bytes(0, 1, 2));
    Arrays.fill(data.image(0), (byte) 77);
    assertArrayEquals(Arrays.copyOf(PIXELS, 12), data.image(0));
  }

  /** Labels are unsigned: 0xFF is 255, not -1. */
  @ParameterizedTest
  @CsvSource({"0, 3", "1, 4", "2, 127", "2, 128", "1, 255"})
  void labelsOfNoClassAreRefused(int image, int label) {
    byte[] labels = new byte[3];
    labels[image] = (byte) label;
    assertEquals(
        "tiny: label %d of image %d is not in 0..2".formatted(label, image), refusal(labels));
  }

  @Test
  void labelsUpTo255AreTaken() {
    List<String> classes = Collections.nCopies(256, "one of many");
    byte[] labels = bytes(127, 128, 255);
    ImageDataset data = new ImageDataset("many", false, 2, 2, 3, classes, PIXELS, labels);
    assertEquals(128, data.label(1));
    assertEquals(255, data.label(2));
  }

  @Test
  void countsThatDifferAreRefused() {
    assertEquals("tiny has 2 labels and 36 bytes of images", refusal(bytes(0, 0)));
    assertEquals("tiny has 4 labels and 36 bytes of images", refusal(bytes(0, 0, 0, 0)));
    assertEquals("tiny has no images", refusal(new byte[0]));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 2, 3",
    "2, 0, 3",
    "2, 2, 0",
    "-2, -2, 3",
    "16, 1073741824, 1073741824", // 0 in 64 bits
    "4, 1073741825, 1073741824" // 2^32 in 64 bits
  })
  void extentsThatFitOnlyByWrappingAreRefused(int channels, int height, int width) {
    byte[] none = new byte[0];
    byte[] labels = new byte[1];
    assertThrows(
        InvalidInputException.class,
        () -> new ImageDataset("odd", false, channels, height, width, CLASSES, none, labels));
  }

  @Test
  void aLimitTakesTheFirst() {
    ImageDataset data = tiny(bytes(2, 0, 1));
    ImageDataset two = data.limit(2);
    assertEquals(2, two.size());
    assertEquals(2, two.label(0));
    assertEquals(0, two.label(1));
    assertArrayEquals(data.image(1), two.image(1));
    assertEquals("tiny", two.name());
    assertFalse(two.isSample());
    assertEquals(CLASSES, two.classNames());
    assertEquals(24, two.pixels().length);
    assertTrue(
        new ImageDataset("s", true, 2, 2, 3, CLASSES, PIXELS, bytes(0, 0, 0)).limit(1).isSample());
  }

  @Test
  void aLimitBeyondTheEndTakesAll() {
    ImageDataset data = tiny(bytes(2, 0, 1));
    assertSame(data, data.limit(3));
    assertSame(data, data.limit(Integer.MAX_VALUE));
  }

  @Test
  void aLimitOfNoneIsRefused() {
    ImageDataset data = tiny(bytes(2, 0, 1));
    assertThrows(InvalidInputException.class, () -> data.limit(0));
    assertThrows(InvalidInputException.class, () -> data.limit(-1));
  }

  private static String refusal(byte[] labels) {
    return assertThrows(InvalidInputException.class, () -> tiny(labels)).getMessage();
  }

  private static ImageDataset tiny(byte[] labels) {
    return new ImageDataset("tiny", false, 2, 2, 3, CLASSES, PIXELS, labels);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
