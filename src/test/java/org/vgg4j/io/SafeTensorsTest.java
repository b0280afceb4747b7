package org.vgg4j.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vgg4j.tensor.InvalidInputException;

class SafeTensorsTest {
  @TempDir Path folder;

  @Test
  void aTinyFileHasExactlyTheseBytes() throws Exception {
    Path file = folder.resolve("tiny.safetensors");
    SafeTensorsWriter.write(
        file,
        List.of(
            TestTensors.floats("w", new float[] {1, -2}, 2, 1),
            TestTensors.longs("n", new long[] {258})),
        Map.of("z", "\"", "a", "b"));

    String json =
        "{\"__metadata__\":{\"a\":\"b\",\"vgg4j.sha256\":\""
            + "0".repeat(64)
            + "\",\"z\":\"\\\"\"},"
            + "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[8,16]}}";
    json += " ".repeat((8 - json.length() % 8) % 8);
    assertEquals(232, json.length());
    String zeros =
        "e800000000000000"
            + HexFormat.of().formatHex(json.getBytes(StandardCharsets.UTF_8))
            + "0201000000000000"
            + "0000803f000000c0";
    byte[] expected = HexFormat.of().parseHex(zeros);
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(expected);
    byte[] digits = HexFormat.of().formatHex(digest).getBytes(StandardCharsets.UTF_8);
    System.arraycopy(digits, 0, expected, 8 + json.indexOf("0".repeat(64)), digits.length);
    assertArrayEquals(expected, Files.readAllBytes(file));
  }

  @Test
  void theSameTensorsGiveTheSameBits() throws IOException {
    Path first = folder.resolve("one.safetensors");
    Path second = folder.resolve("another-name.safetensors");
    TinyFile.write(first);
    TinyFile.write(second);
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
  }

  @Test
  void everyTypeComesBack() throws IOException {
    double[] doubles = {Math.PI, -0.0, 1e300, 1 + 0x1p-24, Double.NaN};
    float[] floats = {1.5f, -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY, Float.MAX_VALUE};
    long[] longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE};
    ByteBuffer ints = littleEndian(8).putInt(-7).putInt(Integer.MAX_VALUE).flip();
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {99, 0, 127, -128, -1}, 1, 4);
    Path file = folder.resolve("types");
    SafeTensorsWriter.write(
        file,
        List.of(
            TestTensors.doubles("doubles", doubles, 5),
            TestTensors.floats("floats", floats, 1, 5),
            TestTensors.longs("longs", longs, 3),
            SafeTensor.of("bytes", SafeTensorType.U8, bytes, 2, 2),
            SafeTensor.of("ints", SafeTensorType.I32, ints, 2)),
        Map.of("net", "vgg11"));
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertArrayEquals(doubles, TestTensors.doubles(reader, "doubles"));
      assertArrayEquals(
          new float[] {(float) Math.PI, -0f, Float.POSITIVE_INFINITY, 1, Float.NaN},
          TestTensors.floats(reader, "doubles"));
      assertArrayEquals(floats, TestTensors.floats(reader, "floats"));
      assertEquals(Float.MIN_VALUE, TestTensors.doubles(reader, "floats")[2]);
      assertArrayEquals(longs, TestTensors.longs(reader, "longs"));
      assertArrayEquals(new long[] {0, 127, 128, 255}, TestTensors.longs(reader, "bytes"));
      assertArrayEquals(new long[] {-7, Integer.MAX_VALUE}, TestTensors.longs(reader, "ints"));
      assertEquals("vgg11", reader.metadata().get("net"));
      assertEquals(List.of(1L, 5L), reader.tensor("floats").shape());
      assertEquals(
          List.of("doubles", "longs", "floats", "ints", "bytes"),
          reader.tensors().stream().map(SafeTensorSpec::name).toList());
      assertTrue(reader.contains("ints"));
      assertFalse(reader.contains("others"));
      assertEquals(Verification.VERIFIED, reader.verify());
    }
  }

  @Test
  void shortFloatsAreReadExactly() throws IOException {
    short[] halves = {0x3c00, (short) 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0x7e00};
    float[] fromHalf = {
      1, -2, 0x1p-24f, 0x1.ff8p-15f, 0x1p-14f, 65504, Float.POSITIVE_INFINITY, Float.NaN
    };
    short[] brains = {0x3f80, (short) 0xc000, 0x0001, 0x7f7f, (short) 0xff80};
    short[] minusZero = {(short) 0x8000};
    float[] fromBrain = {1, -2, 0x1p-133f, 0x1.fep127f, Float.NEGATIVE_INFINITY};
    Path file = folder.resolve("shorts");
    SafeTensorsWriter.write(
        file,
        List.of(
            SafeTensor.of("half", SafeTensorType.F16, littleEndian(halves), halves.length),
            SafeTensor.of("brain", SafeTensorType.BF16, littleEndian(brains), brains.length),
            SafeTensor.of("-0", SafeTensorType.F16, littleEndian(minusZero))),
        Map.of());
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertArrayEquals(fromHalf, TestTensors.floats(reader, "half"));
      assertArrayEquals(fromBrain, TestTensors.floats(reader, "brain"));
      assertEquals(0x1p-24, TestTensors.doubles(reader, "half")[2]);
      assertArrayEquals(new float[] {-0f}, TestTensors.floats(reader, "-0"));
    }
  }

  @Test
  void scalarsAndEmptyTensorsComeBack() throws IOException {
    Path file = folder.resolve("edges");
    SafeTensorsWriter.write(
        file,
        List.of(
            TestTensors.floats("empty", new float[0], 3, 0, 2),
            TestTensors.longs("num_batches_tracked", new long[] {7}),
            TestTensors.doubles("last", new double[0], 0)),
        Map.of());
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertEquals(0, TestTensors.floats(reader, "empty").length);
      assertArrayEquals(new long[] {7}, TestTensors.longs(reader, "num_batches_tracked"));
      assertEquals(List.of(), reader.tensor("num_batches_tracked").shape());
      assertEquals(List.of(3L, 0L, 2L), reader.tensor("empty").shape());
      assertEquals(0, TestTensors.doubles(reader, "last").length);
    }
    SafeTensorsWriter.write(file, List.of(), Map.of());
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertEquals(List.of(), reader.tensors());
      assertEquals(Verification.VERIFIED, reader.verify());
    }
  }

  @Test
  void tensorsLongerThanOneChunkComeBack() throws IOException {
    int count = 300_001; // more than one chunk of each type, and a rest
    float[] floats = new float[count];
    double[] doubles = new double[count];
    long[] longs = new long[count];
    ByteBuffer shorts = littleEndian(2 * count);
    for (int i = 0; i < count; i++) {
      floats[i] = i;
      doubles[i] = i + 0.5;
      longs[i] = -i;
      shorts.putShort((short) (Float.floatToIntBits(i & 0xff) >>> 16)); // 8 bits: exact
    }
    Path file = folder.resolve("long");
    SafeTensorsWriter.write(
        file,
        List.of(
            TestTensors.floats("floats", floats, count),
            TestTensors.doubles("doubles", doubles, count),
            TestTensors.longs("longs", longs, count),
            SafeTensor.of("shorts", SafeTensorType.BF16, shorts.flip(), count)),
        Map.of());
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertEquals(Verification.VERIFIED, reader.verify());
      assertArrayEquals(floats, TestTensors.floats(reader, "floats"));
      assertArrayEquals(doubles, TestTensors.doubles(reader, "doubles"));
      assertArrayEquals(longs, TestTensors.longs(reader, "longs"));
      double[] brains = TestTensors.doubles(reader, "shorts");
      for (int i = 0; i < count; i++) {
        assertEquals(i & 0xff, brains[i]);
      }
    }
  }

  @Test
  void positionsBeyondTwoGigabytesWork() throws IOException {
    long big = 3_000_000_000L;
    String json =
        "{\"big\":{\"dtype\":\"U8\",\"shape\":[%1$d],\"data_offsets\":[0,%1$d]},"
            + "\"last\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[%1$d,%2$d]}}";
    byte[] header = json.formatted(big, big + 8).getBytes(StandardCharsets.UTF_8);
    Path file = folder.resolve("sparse");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.writeLong(Long.reverseBytes(header.length));
      sparse.write(header);
      sparse.seek(8 + header.length + big);
      sparse.writeLong(Long.reverseBytes(42));
    }
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      assertArrayEquals(new long[] {42}, TestTensors.longs(reader, "last"));
      assertEquals(Verification.UNVERIFIED, reader.verify());
      assertThrows(InvalidInputException.class, () -> TestTensors.longs(reader, "big"));
    }
  }

  @Test
  void wrongUseIsRefused() throws IOException {
    Path file = folder.resolve("wrong");
    SafeTensor one = TestTensors.floats("a", new float[] {1}, 1);
    assertThrows(
        IllegalArgumentException.class,
        () -> SafeTensorsWriter.write(file, List.of(one, one), Map.of()));
    assertThrows(IllegalArgumentException.class, () -> TestTensors.floats("a", new float[3], 2, 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> SafeTensor.of("a", SafeTensorType.I32, ByteBuffer.allocate(5), 1));
    assertThrows(
        IllegalArgumentException.class, () -> TestTensors.longs("__metadata__", new long[1]));
    SafeTensor tooLittle = new SafeTensor(one.spec(), () -> ByteBuffer.allocate(3));
    assertThrows(
        IllegalStateException.class,
        () -> SafeTensorsWriter.write(file, List.of(tooLittle), Map.of()));
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void aClosedReaderSaysSo() throws IOException {
    Path file = folder.resolve("closed");
    TinyFile.write(file);
    SafeTensorsReader reader = SafeTensorsReader.open(file);
    reader.close();
    assertThrows(IllegalStateException.class, () -> TestTensors.floats(reader, "w"));
    assertThrows(IllegalStateException.class, reader::verify);
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer littleEndian(short[] values) {
    ByteBuffer bytes = littleEndian(values.length * Short.BYTES);
    bytes.asShortBuffer().put(values);
    return bytes;
  }
}
