package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Arena, layout and tensor. */
final class ReferenceMemoryTest {
  private final ReferenceFixture fixture = new ReferenceFixture();
  private final ReferenceBackend backend = fixture.backend;

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void takesEightBytesAnElementWhateverTheType() {
    for (DType dtype : DType.values()) {
      Layout layout = backend.plainLayout(Shape.of(2, 3), dtype);
      assertEquals(48, layout.bytes());
      assertEquals(dtype, layout.dtype());
      assertEquals(Shape.of(2, 3), layout.shape());
      assertEquals(backend.plainLayout(Shape.of(2, 3), dtype), layout);
      assertNotEquals(backend.plainLayout(Shape.of(3, 2), dtype), layout);
    }
    assertNotEquals(
        backend.plainLayout(Shape.of(2), DType.F32), backend.plainLayout(Shape.of(2), DType.F64));
  }

  @Test
  void isBornZeroAndZeroedAgain() {
    Arena arena = fixture.arena(512);
    Tensor reals = arena.tensor(0, fixture.layout(3));
    Tensor integers = arena.tensor(256, backend.plainLayout(Shape.of(2), DType.I32));
    assertArrayEquals(new double[3], ReferenceFixture.read(reals));
    reals.upload(new double[] {1, 2, 3});
    integers.upload(new int[] {4, 5});
    arena.zero();
    assertArrayEquals(new double[3], ReferenceFixture.read(reals));
    int[] read = {9, 9};
    integers.download(read);
    assertArrayEquals(new int[2], read);
  }

  @Test
  void viewsShareTheirArenaAndNothingElse() {
    Arena arena = fixture.arena(256 + 16);
    Tensor first = arena.tensor(0, fixture.layout(2));
    Tensor again = arena.tensor(0, fixture.layout(2, 1));
    Tensor second = arena.tensor(256, fixture.layout(2));
    first.upload(new double[] {1, 2});
    second.upload(new double[] {3, 4});
    assertArrayEquals(new double[] {1, 2}, ReferenceFixture.read(again));
    assertArrayEquals(new double[] {3, 4}, ReferenceFixture.read(second));
  }

  @Test
  void refusesViewsThatLeaveTheArena() {
    Arena arena = fixture.arena(256 + 16);
    says(
        IllegalArgumentException.class,
        "a tensor F64 3 at byte 256 does not fit in an arena of 272",
        () -> arena.tensor(256, fixture.layout(3)));
    says(
        IllegalArgumentException.class,
        "a tensor at byte 8 is not aligned to 256",
        () -> arena.tensor(8, fixture.layout(1)));
    assertThrows(IllegalArgumentException.class, () -> arena.tensor(-256, fixture.layout(1)));
    assertThrows(IllegalArgumentException.class, () -> arena.tensor(1L << 40, fixture.layout(1)));
    assertThrows(IllegalArgumentException.class, () -> backend.allocate(-1));
  }

  @Test
  void holdsBytesThatAreNoMultipleOfEight() {
    Arena arena = fixture.arena(257 + 7 + 8);
    assertEquals(272, arena.bytes());
    fixture.arena(260).tensor(0, fixture.layout(32)).upload(new double[32]);
    assertThrows(
        IllegalArgumentException.class, () -> fixture.arena(260).tensor(256, fixture.layout(1)));
    assertEquals(0, fixture.arena(0).bytes());
  }

  @Test
  void endsItsTensorsWhenClosed() {
    Arena arena = backend.allocate(512);
    Tensor tensor = arena.tensor(0, fixture.layout(2));
    Tensor integers = arena.tensor(256, backend.plainLayout(Shape.of(2), DType.I32));
    arena.close();
    arena.close();
    String message = "this arena of the reference engine is closed";
    says(IllegalStateException.class, message, () -> tensor.upload(new double[2]));
    says(IllegalStateException.class, message, () -> tensor.upload(new float[2]));
    says(IllegalStateException.class, message, () -> tensor.download(new double[2]));
    says(IllegalStateException.class, message, () -> tensor.download(new float[2]));
    says(IllegalStateException.class, message, () -> integers.upload(new int[2]));
    says(IllegalStateException.class, message, () -> integers.download(new int[2]));
    says(IllegalStateException.class, message, arena::zero);
    says(IllegalStateException.class, message, () -> arena.tensor(0, fixture.layout(2)));
  }

  @Test
  void turnsTooMuchIntoItsOwnException() {
    // More than an array can have, and more than the heap has.
    for (long bytes : new long[] {1L << 60, 8L * (Integer.MAX_VALUE - 8)}) {
      OutOfDeviceMemoryException thrown =
          assertThrows(OutOfDeviceMemoryException.class, () -> backend.allocate(bytes));
      assertEquals(bytes, thrown.neededBytes());
      assertTrue(thrown.availableBytes() > 0 && thrown.availableBytes() < bytes);
      assertTrue(thrown.getMessage().endsWith(" free of the Java heap (-Xmx)"));
    }
    InvalidInputException thrown =
        assertThrows(InvalidInputException.class, () -> fixture.layout(1 << 30, 1 << 30, 4));
    assertTrue(thrown.getMessage().contains("more than 2^63 bytes"));
  }

  @Test
  void availableBytesFallByWhatIsTaken() {
    assertTrue(backend.availableBytes() <= Runtime.getRuntime().maxMemory());
    assertTrue(backend.availableBytes() > 0);
  }

  @Test
  void roundsToTheTypeOnUpload() {
    double third = 1.0 / 3;
    assertArrayEquals(new double[] {third}, upload(DType.F64, third));
    assertArrayEquals(new double[] {(float) third}, upload(DType.F32, third));
    assertArrayEquals(new double[] {0x1.56p-2}, upload(DType.BF16, third));
  }

  @Test
  void roundsToBf16ToNearestEvenAndOnce() {
    double one = 0x1.02p0; // the number after 1
    assertArrayEquals(
        new double[] {1, 1, one, 0x1.04p0, 0x1.04p0, -1, -one},
        upload(DType.BF16, 1, 0x1.01p0, 0x1.010000001p0, 0x1.03p0, 0x1.04p0, -0x1.01p0, -one));
    // Through a float, which is 24 bits wide, this would become the tie 0x1.01p0 and then 1.
    assertArrayEquals(new double[] {one}, upload(DType.BF16, 0x1.01p0 + 0x1p-30));
    assertArrayEquals(
        new double[] {
          0x1.fep127, 0x1.fep127, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN
        },
        upload(DType.BF16, 0x1.fep127, 0x1.fefp127, 0x1.ffp127, Double.NEGATIVE_INFINITY, 0.0 / 0));
    assertArrayEquals(
        new double[] {0x1p-133, 0, -0.0, 0x1p-126, Double.POSITIVE_INFINITY},
        upload(DType.BF16, 0x0.9p-133, 0x1p-134, -0.0, 0x1.0001p-126, 1e300));
  }

  @Test
  void crossesAsFloats() {
    Tensor tensor = fixture.tensor(fixture.layout(2), 0, 0);
    tensor.upload(new float[] {9, 1.5f, 0.1f, 9}, 1);
    assertArrayEquals(new double[] {1.5, 0.1f}, ReferenceFixture.read(tensor));
    float[] read = new float[2];
    tensor.upload(new double[] {0.1, 1e300});
    tensor.download(read);
    assertArrayEquals(new float[] {0.1f, Float.POSITIVE_INFINITY}, read);
  }

  @Test
  void crossesAsIntegers() {
    Tensor tensor = fixture.integers(Shape.of(2), 0, 0);
    tensor.upload(new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE});
    int[] read = new int[2];
    tensor.download(read);
    assertArrayEquals(new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE}, read);
  }

  @Test
  void refusesTheWrongArray() {
    Tensor reals = fixture.tensor(fixture.layout(2), 0, 0);
    Tensor integers = fixture.integers(Shape.of(2), 0, 0);
    Class<InvalidInputException> invalid = InvalidInputException.class;
    assertThrows(invalid, () -> reals.upload(new double[3]));
    assertThrows(invalid, () -> reals.upload(new float[3]));
    assertThrows(invalid, () -> reals.upload(new float[3], 2));
    assertThrows(invalid, () -> reals.upload(new float[3], -1));
    assertThrows(invalid, () -> reals.download(new double[1]));
    assertThrows(invalid, () -> reals.download(new float[3]));
    assertThrows(invalid, () -> integers.upload(new int[3]));
    assertThrows(invalid, () -> integers.download(new int[3]));
    says(
        invalid,
        "a tensor of type I32 takes integers, not floating-point values",
        () -> integers.upload(new double[2]));
    assertThrows(invalid, () -> integers.upload(new float[2]));
    assertThrows(invalid, () -> integers.download(new double[2]));
    assertThrows(invalid, () -> integers.download(new float[2]));
    says(invalid, "a tensor of type F64 where I32 is needed", () -> reals.upload(new int[2]));
    assertThrows(invalid, () -> reals.download(new int[2]));
  }

  private double[] upload(DType dtype, double... values) {
    Layout layout = backend.plainLayout(Shape.of(values.length), dtype);
    return ReferenceFixture.read(fixture.tensor(layout, values));
  }

  private static void says(
      Class<? extends RuntimeException> type, String message, Executable action) {
    assertEquals(message, assertThrows(type, action).getMessage());
  }
}
