package org.vgg4j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.data.sets.TinyIdx;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.testing.Images;

class InMemoryImagesTest {
  private static final List<String> CLASSES = List.of("shoe", "coat", "bag");

  private static final ImageShape SHAPE = new ImageShape(2, 2, 3);

  /** Three images. */
  private static final byte[] PIXELS = TinyIdx.noise(3 * 2 * 2 * 3, 5);

  @Test
  void itGivesWhatItWasGiven() {
    ImageSource data = tiny(2, 0, 1);
    assertEquals("tiny", data.name());
    assertEquals(3, data.size());
    assertEquals(SHAPE, data.shape(1));
    assertEquals(SHAPE, data.commonShape());
    assertEquals(CLASSES, data.classNames());
    assertEquals(2, data.label(0));
    assertEquals(0, data.label(1));
    assertEquals(1, data.label(2));
    assertArrayEquals(Arrays.copyOfRange(PIXELS, 12, 24), Images.bytes(data, 1));
    assertArrayEquals(Arrays.copyOfRange(PIXELS, 24, 36), Images.bytes(data, 2));
  }

  @Test
  void anImageGoesWhereItIsTold() {
    ByteBuffer target = ByteBuffer.allocate(20);
    tiny(2, 0, 1).read(1, target, 5);
    byte[] expected = new byte[20];
    System.arraycopy(PIXELS, 12, expected, 5, 12);
    assertArrayEquals(expected, target.array());
    assertEquals(0, target.position());
  }

  @ParameterizedTest
  @CsvSource({"0, 3", "1, 255", "2, 256", "2, -1", "1, 2147483647"})
  void labelsOfNoClassAreRefused(int image, int label) {
    int[] labels = new int[3];
    labels[image] = label;
    assertEquals(
        "tiny: label %d of image %d is not in 0..2".formatted(label, image), refusal(labels));
  }

  @Test
  void thereMayBeManyClasses() {
    List<String> classes = Collections.nCopies(1000, "one of many");
    ImageSource data = new InMemoryImages("many", SHAPE, classes, PIXELS, new int[] {0, 256, 999});
    assertEquals(256, data.label(1));
    assertEquals(999, data.label(2));
  }

  /** As {@code zlib.crc32} would be with the Castagnoli polynomial: of images, then labels. */
  @Test
  void theChecksumIsOfImagesAndLabels() {
    CRC32C crc = new CRC32C();
    crc.update(PIXELS);
    crc.update(new byte[] {2, 0, 1});
    String expected = HexFormat.of().toHexDigits((int) crc.getValue());
    assertEquals(expected, tiny(2, 0, 1).checksum());
    assertNotEquals(expected, tiny(2, 1, 1).checksum());
    assertNotEquals(tiny(2, 0, 1).limit(2).checksum(), tiny(2, 1, 1).limit(2).checksum());
    assertEquals(tiny(2, 0, 1).limit(2).checksum(), tiny(2, 0, 2).limit(2).checksum());
  }

  @Test
  void theChecksumTellsLabelsBeyondAByte() {
    List<String> classes = Collections.nCopies(1000, "one of many");
    Set<String> seen = new HashSet<>();
    for (int label : new int[] {1, 257, 513}) {
      int[] labels = {0, 0, label};
      seen.add(new InMemoryImages("many", SHAPE, classes, PIXELS, labels).checksum());
    }
    assertEquals(3, seen.size());
  }

  @Test
  void countsThatDifferAreRefused() {
    assertEquals("tiny has 2 labels and 36 bytes of images", refusal(0, 0));
    assertEquals("tiny has 4 labels and 36 bytes of images", refusal(0, 0, 0, 0));
    assertEquals("tiny has no images", refusal());
  }

  @Test
  void aProductThatFitsOnlyByWrappingIsRefused() {
    ImageShape large = new ImageShape(1, 1 << 14, 1 << 14);
    int[] labels = new int[16]; // 2^32 bytes, 0 in 32 bits
    assertThrows(
        InvalidInputException.class,
        () -> new InMemoryImages("odd", large, CLASSES, new byte[0], labels));
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
  void extentsOfNoImageAreRefused(int channels, int height, int width) {
    assertThrows(InvalidInputException.class, () -> new ImageShape(channels, height, width));
  }

  @Test
  void aLimitTakesTheFirst() {
    ImageSource data = tiny(2, 0, 1);
    ImageSource two = data.limit(2);
    assertEquals(2, two.size());
    assertEquals(2, two.label(0));
    assertEquals(0, two.label(1));
    assertArrayEquals(Images.bytes(data, 1), Images.bytes(two, 1));
    assertEquals("tiny", two.name());
    assertEquals(CLASSES, two.classNames());
    assertEquals(SHAPE, two.shape(1));
    assertEquals(SHAPE, two.commonShape());
    assertThrows(IndexOutOfBoundsException.class, () -> two.label(2));
    assertThrows(IndexOutOfBoundsException.class, () -> two.shape(2));
    assertThrows(IndexOutOfBoundsException.class, () -> Images.bytes(two, 2));
  }

  @Test
  void aLimitBeyondTheEndTakesAll() {
    ImageSource data = tiny(2, 0, 1);
    assertSame(data, data.limit(3));
    assertSame(data, data.limit(Integer.MAX_VALUE));
  }

  @Test
  void aLimitOfNoneIsRefused() {
    ImageSource data = tiny(2, 0, 1);
    assertThrows(InvalidInputException.class, () -> data.limit(0));
    assertThrows(InvalidInputException.class, () -> data.limit(-1));
  }

  private static String refusal(int... labels) {
    return assertThrows(InvalidInputException.class, () -> tiny(labels)).getMessage();
  }

  private static ImageSource tiny(int... labels) {
    return new InMemoryImages("tiny", SHAPE, CLASSES, PIXELS, labels);
  }
}
