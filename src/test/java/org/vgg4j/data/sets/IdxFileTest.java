package org.vgg4j.data.sets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.InvalidInputException;

class IdxFileTest {
  private static final int IMAGES = 0x0803;
  private static final int LABELS = 0x0801;
  private static final int[] DIMS = {2, 3, 2};
  private static final byte[] VALUES = {0, 1, 127, -128, -1, 5, 6, 7, 8, 9, 10, 11};

  /** Of gzip (RFC 1952): where the flags and the body begin, and the bytes after the body. */
  private static final int FLAGS = 3;

  private static final int BODY = 10;
  private static final int TRAILER = 8;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("tiny.gz");
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    TinyIdx.write(file, IMAGES, DIMS, VALUES);
    assertTiny(IdxFile.read(file, 3));
    byte[] labels = {3, 0, 9, -1};
    IdxFile read = IdxFile.read(TinyIdx.write(file, LABELS, new int[] {4}, labels), 1);
    assertArrayEquals(new int[] {4}, read.dims());
    assertArrayEquals(labels, read.bytes());
  }

  @Test
  void anUnzippedFileIsRead() throws IOException {
    Files.write(file, TinyIdx.content(IMAGES, DIMS, VALUES));
    assertTiny(IdxFile.read(file, 3));
  }

  /** Longer than any buffer on the way. */
  @Test
  void longFilesAreRead() throws IOException {
    byte[] noise = TinyIdx.noise(300 * 31 * 29, 1);
    TinyIdx.write(file, IMAGES, new int[] {300, 31, 29}, noise);
    assertArrayEquals(noise, IdxFile.read(file, 3).bytes());
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = TinyIdx.gzip(TinyIdx.content(IMAGES, DIMS, VALUES));
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      refusal("the first " + length + " bytes");
    }
  }

  /** The same, where gzip itself is whole: the content was cut before it was packed. */
  @Test
  void everyTruncationOfTheContentIsRefused() throws IOException {
    byte[] content = TinyIdx.content(IMAGES, DIMS, VALUES);
    for (int length = 0; length < content.length; length++) {
      Files.write(file, TinyIdx.gzip(Arrays.copyOf(content, length)));
      String message = refusal("the first " + length + " bytes");
      assertTrue(message.contains("it ends after"), message);
    }
  }

  /**
   * A CRC guards the content; free are the header's flags, time and system, and the bits that fill
   * the last byte of the body.
   */
  @Test
  void noFlippedByteChangesTheContent() throws IOException {
    byte[] bytes = TinyIdx.gzip(TinyIdx.content(IMAGES, DIMS, VALUES));
    int[] flips = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    int refused = 0;
    for (int i = 0; i < bytes.length; i++) {
      for (int flip : flips) {
        byte[] changed = bytes.clone();
        changed[i] ^= (byte) flip;
        Files.write(file, changed);
        try {
          assertTiny(IdxFile.read(file, 3));
          boolean free = (i >= FLAGS && i < BODY) || i == bytes.length - 1 - TRAILER;
          assertTrue(free, "byte " + i + " xor " + flip + " went unnoticed");
        } catch (InvalidInputException e) {
          assertNames(e.getMessage(), "byte " + i + " xor " + flip);
          refused++;
        }
      }
    }
    assertTrue(refused >= (bytes.length - 8) * flips.length, "refused only " + refused);
  }

  @ParameterizedTest
  @CsvSource({
    "0x00000801, 0x00000801", // labels where images belong
    "0x00000802, 0x00000802",
    "0x00000903, 0x00000903", // signed bytes
    "0x01000803, 0x01000803",
    "0x03080000, 0x03080000", // little-endian
    "0x00000000, 0x00000000",
    "0x89504E47, 0x89504e47" // PNG
  })
  void otherMagicNumbersAreRefused(long magic, String shown) throws IOException {
    TinyIdx.write(file, (int) magic, DIMS, VALUES);
    String message = refusal("magic " + shown);
    assertTrue(message.contains("magic number is " + shown + ", not 0x00000803"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 3, 2",
    "2, 0, 2",
    "2, 3, 0",
    "0xFFFFFFFF, 3, 2",
    "2, 0xFFFFFFFF, 2",
    "0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF",
    "0x80000000, 1, 1",
    "0x7FFFFFFF, 1, 1",
    "65536, 65536, 1", // 0 in 32 bits
    "65536, 32768, 2",
    "1073741824, 1073741824, 16", // 0 in 64 bits
    "1073741824, 2, 1",
    "3, 715827883, 2" // 2 in 32 bits
  })
  void absurdExtentsAreRefused(long count, long height, long width) throws IOException {
    TinyIdx.write(file, IMAGES, new int[] {(int) count, (int) height, (int) width}, VALUES);
    String message = refusal("extents");
    assertTrue(message.contains(count + " x " + height + " x " + width), message);
  }

  /** Extents that a file could have, but this one is short: nothing like 1 GiB may be taken. */
  @Test
  void extentsBeyondTheFileCostNoMemory() throws IOException {
    TinyIdx.write(file, IMAGES, new int[] {1 << 20, 32, 32}, VALUES);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    refusal("warm");
    long before = threads.getCurrentThreadAllocatedBytes();
    String message = refusal("extents beyond the file");
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(message.contains("it ends after 12 of 1073741824 bytes"), message);
    assertTrue(taken < 10_000_000, () -> "took " + taken + " bytes");
  }

  @Test
  void moreThanTheHeaderDeclaresIsRefused() throws IOException {
    for (int extra : new int[] {1, 1000, 1_000_000}) {
      TinyIdx.write(file, IMAGES, DIMS, Arrays.copyOf(VALUES, VALUES.length + extra));
      String message = refusal(extra + " more");
      assertTrue(message.contains("more than the 12 bytes that its header declares"), message);
    }
  }

  /** A hundred megabytes of zeros in a hundred kilobytes: refused at the first byte too many. */
  @Test
  void aBombIsNotInflated() throws IOException {
    TinyIdx.write(file, IMAGES, DIMS, new byte[100_000_000]);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    refusal("a bomb");
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(taken < 10_000_000, () -> "took " + taken + " bytes");
  }

  @Test
  void aMissingFileIsNamed() {
    String message = refusal("a missing file");
    assertEquals(file + " is missing", message);
  }

  @Test
  void aFolderIsRefused() throws IOException {
    Files.createDirectory(file);
    refusal("a folder");
  }

  @Test
  void whatIsNeitherIdxNorGzipIsRefused() throws IOException {
    Files.writeString(file, "<html>not found</html>");
    String message = refusal("HTML");
    assertTrue(message.contains("neither an IDX file nor one in gzip format"), message);
  }

  private static void assertTiny(IdxFile read) {
    assertArrayEquals(DIMS, read.dims());
    assertArrayEquals(VALUES, read.bytes());
  }

  /** Reads the file, which must be refused, and returns the message. */
  private String refusal(String what) {
    String message =
        assertThrows(InvalidInputException.class, () -> IdxFile.read(file, 3), what).getMessage();
    assertNames(message, what);
    return message;
  }

  private void assertNames(String message, String what) {
    assertEquals(1, message.lines().count(), () -> what + ": " + message);
    assertTrue(message.startsWith(file + " "), () -> what + ": " + message);
  }
}
