package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.tensor.InvalidInputException;

class SafeTensorsDamageTest {
  @TempDir Path folder;

  /** A header, the number of bytes after it, and what the message must say. */
  static Stream<Arguments> badFiles() {
    String overflow = "[4294967296,4294967296,1]";
    return Stream.of(
        Arguments.of("", 0, "does not start with '{'"),
        Arguments.of("[]", 0, "does not start with '{'"),
        Arguments.of(" {}", 0, "does not start with '{'"),
        Arguments.of("{", 0, "not valid JSON"),
        Arguments.of("{\0}", 0, "not valid JSON"),
        Arguments.of("{\0}\0", 0, "not valid JSON"), // UTF-16
        Arguments.of("{} x", 0, "not valid JSON"),
        Arguments.of("{} {}", 0, "text follows"),
        Arguments.of("{\"a\":1}", 0, "'a': its entry is not a JSON object"),
        Arguments.of("{\"a\\n\\u2028b\":1}", 0, "'a??b': its entry is not a JSON object"),
        Arguments.of("{\"a\":{}}", 0, "'a': it has no dtype"),
        Arguments.of("{\"a\":{\"dtype\":\"U8\"}}", 0, "'a': it has no shape"),
        Arguments.of("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}", 0, "not have two data_offsets"),
        Arguments.of("{\"a\":{\"dtype\":5}}", 0, "its dtype is not a string"),
        Arguments.of("{\"a\":{\"dtype\":\"F8\"}}", 0, "dtype 'F8' is not supported; convert it"),
        Arguments.of("{\"a\":{\"kind\":5}}", 0, "unknown field 'kind'"),
        Arguments.of("{\"a\":{\"shape\":5}}", 0, "its shape is not a list"),
        Arguments.of("{\"a\":{\"shape\":[1.0]}}", 0, "must hold only 64-bit integers"),
        Arguments.of("{\"a\":{\"shape\":[[1]]}}", 0, "must hold only 64-bit integers"),
        Arguments.of("{\"a\":{\"shape\":[9223372036854775808]}}", 0, "64-bit integers"),
        Arguments.of("{\"__metadata__\":[]}", 0, "metadata are not a JSON object"),
        Arguments.of("{\"__metadata__\":{\"k\":1}}", 0, "metadata 'k' is not a string"),
        Arguments.of("{\"__metadata__\":{\"k\":\"\",\"k\":\"\"}}", 0, "Duplicate field 'k'"),
        Arguments.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "Duplicate field"),
        Arguments.of(header(u8("a", "[1]", 0, 1), u8("a", "[1]", 1, 2)), 2, "Duplicate field"),
        Arguments.of(header(u8("a", "[-1]", 0, 1)), 1, "shape [-1] has a negative dimension"),
        Arguments.of(header(u8("a", overflow, 0, 0)), 0, "'a': the size of shape"),
        Arguments.of(header(u8("a", "[1]", -1, 0)), 1, "data_offsets [-1, 0] are out of range"),
        Arguments.of(header(u8("a", "[1]", 1, 0)), 1, "data_offsets [1, 0] are out of range"),
        Arguments.of(header(u8("a", "[2,2]", 0, 3)), 3, "needs 4 bytes, its data_offsets hold 3"),
        Arguments.of(
            header(u8("a", "[2]", 0, 2), u8("b", "[2]", 1, 3)), 3, "'b': its data overlap"),
        Arguments.of(
            header(u8("b", "[2]", 0, 2), u8("a", "[0]", 1, 1)), 2, "'a': its data overlap"),
        Arguments.of(header(u8("a", "[1]", 1, 2)), 2, "the 1 bytes before its data"),
        Arguments.of(
            header(u8("a", "[1]", 0, 1), u8("b", "[1]", 2, 3)), 3, "'b': the 1 bytes before"),
        Arguments.of(header(u8("a", "[4]", 0, 4)), 3, "'a': its data end at byte 4 of the 3"),
        Arguments.of(header(u8("a", "[4]", 0, 4)), 5, "the last 1 bytes belong to no tensor"));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFilesAreRefusedInOneLine(String header, int dataBytes, String expected)
      throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Path file = write(json.length, json, dataBytes);
    assertRefused(file, expected);
  }

  @Test
  void headersThatAreNotUtf8AreRefused() throws IOException {
    for (String name : new String[] {"ff", "c080", "eda080", "f4908080", "c3"}) {
      String json = "7b22" + name + "223a317d";
      byte[] bytes = HexFormat.of().parseHex(json);
      assertRefused(write(bytes.length, bytes, 0), "the header is not UTF-8");
    }
  }

  @Test
  void badLengthsAreRefused() throws IOException {
    byte[] json = {'{', '}'};
    assertRefused(write(3, json, 0), "the header of 3 bytes runs beyond the file's 10 bytes");
    assertRefused(write(100_000_000, json, 0), "runs beyond the file");
    assertRefused(write(100_000_001, json, 0), "the header of 100000001 bytes is too long");
    assertRefused(write(-1, json, 0), "the header of 18446744073709551615 bytes is too long");
    Path file = folder.resolve("short");
    Files.write(file, new byte[7]);
    assertRefused(file, "only 7 bytes");
  }

  @Test
  void missingFilesAndFoldersAreRefused() {
    assertRefused(folder.resolve("missing"), "no such file or folder; check the path");
    assertRefused(folder, "it is a folder; check the path");
  }

  @Test
  void missingTensorsAndOtherTypesAreRefused() throws IOException {
    Path file = folder.resolve("tiny");
    TinyFile.write(file);
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertThrows(InvalidInputException.class, () -> reader.tensor("v"));
      assertThrows(InvalidInputException.class, () -> TestTensors.floats(reader, "v"));
      assertThrows(InvalidInputException.class, () -> TestTensors.floats(reader, "n"));
      assertThrows(InvalidInputException.class, () -> TestTensors.doubles(reader, "n"));
      assertThrows(InvalidInputException.class, () -> TestTensors.longs(reader, "w"));
    }
  }

  @Test
  void aFileCutWhileItIsReadIsRefused() throws IOException {
    Path file = folder.resolve("tiny");
    TinyFile.write(file);
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
      assertThrows(InvalidInputException.class, () -> TestTensors.floats(reader, "w"));
      assertThrows(InvalidInputException.class, reader::verify);
    }
  }

  @Test
  void validFilesOfOtherProgramsAreReadUnverified() throws IOException {
    String json = header(u8("b", "[1]", 4, 5), u8("a", "[2,2]", 0, 4), u8("e", "[0]", 4, 4));
    byte[] bytes = (json + " \n").getBytes(StandardCharsets.UTF_8);
    assertEquals(Verification.UNVERIFIED, TinyFile.readAll(write(bytes.length, bytes, 5)));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    Path file = folder.resolve("tiny");
    TinyFile.write(file);
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThrows(InvalidInputException.class, () -> SafeTensorsReader.open(file).close());
    }
  }

  @Test
  void noFlippedBitIsEverVerified() throws IOException {
    Path file = folder.resolve("tiny");
    TinyFile.write(file);
    byte[] bytes = Files.readAllBytes(file);
    assertEquals(Verification.VERIFIED, TinyFile.readAll(file));
    int[] flips = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    for (int i = 0; i < bytes.length; i++) {
      for (int flip : flips) {
        byte[] changed = bytes.clone();
        changed[i] ^= (byte) flip;
        Files.write(file, changed);
        String where = "byte " + i + " xor " + flip;
        assertNotEquals(Verification.VERIFIED, readOrRefuse(file), where);
      }
    }
  }

  @Test
  void aHashThatIsNotPlainDigitsIsRefused() throws IOException {
    for (String value : new String[] {"", "0".repeat(63) + "\\u0030", "0".repeat(64)}) {
      String json = "{\"__metadata__\":{\"vgg4j.sha256\":\"" + value + "\"}}";
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      try (SafeTensorsReader reader = SafeTensorsReader.open(write(bytes.length, bytes, 0))) {
        assertThrows(InvalidInputException.class, reader::verify);
      }
    }
  }

  private static Verification readOrRefuse(Path file) throws IOException {
    try {
      return TinyFile.readAll(file);
    } catch (InvalidInputException e) {
      return null;
    }
  }

  private static void assertRefused(Path file, String expected) {
    String message =
        assertThrows(InvalidInputException.class, () -> TinyFile.readAll(file)).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.contains(expected), message);
    assertTrue(message.lines().count() == 1, message);
  }

  private static String u8(String name, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"U8\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, shape, begin, end);
  }

  private static String header(String... entries) {
    return "{" + String.join(",", entries) + "}";
  }

  private Path write(long length, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + dataBytes);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(header);
    return Files.write(folder.resolve("bad"), bytes.array());
  }
}
