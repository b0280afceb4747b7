package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.TinyNets;

/**
 * Memory that is shared with other code. The stand-in runs a stream's work only when something
 * waits for it, so that a wait that is missing shows as values that are not there.
 */
@OnStandIn
@ExtendWith(LeavesNothing.class)
final class DeviceSharingTest {
  private static final Shape IMAGES = Shape.of(2, 3, 4, 6);
  private static final int COUNT = 2 * 3 * 4 * 6;

  private final Closing closing = new Closing();
  private CudaBackend backend;
  private DeviceSharing sharing;
  private OtherLibrary other;

  @BeforeEach
  void open() {
    backend = closing.own(CudaUnderTest.open(CudaOptions.STRICT));
    sharing = DeviceSharing.of(backend);
    other = closing.own(new OtherLibrary());
  }

  @AfterEach
  void close() {
    closing.close();
  }

  /** Returns memory of the other library that will hold these values once its stream has run. */
  private Pointer theirs(DType type, double... values) {
    long bytes = (long) values.length * type.bytes();
    Pointer host = other.pinned(bytes);
    ByteBuffer buffer = OtherLibrary.bytes(host, bytes);
    for (int i = 0; i < values.length; i++) {
      if (type == DType.U8) {
        buffer.put(i, (byte) values[i]);
      } else {
        type.put(buffer, i, values[i]);
      }
    }
    Pointer memory = other.memory(bytes);
    other.copy(memory, host, bytes);
    return memory;
  }

  /** Returns what the other library finds in memory, by its own stream. */
  private double[] seen(Pointer memory, DType type, int count) {
    long bytes = (long) count * type.bytes();
    Pointer host = other.pinned(bytes);
    other.copy(host, memory, bytes);
    other.await();
    ByteBuffer buffer = OtherLibrary.bytes(host, bytes);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = type.get(buffer, i);
    }
    return values;
  }

  private Tensor own(Layout layout) {
    Arena arena = closing.own(backend.allocate(Arena.align(layout.bytes())));
    return arena.tensor(0, layout);
  }

  /** Returns values that bf16 holds. */
  private static double[] values(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = i - 70;
    }
    return values;
  }

  /** Returns row-major images in the order NHWC. */
  private static double[] channelsLast(double[] rows, Shape shape, int stored) {
    int channels = shape.dim(1);
    int pixels = shape.dim(2) * shape.dim(3);
    double[] values = new double[shape.dim(0) * pixels * stored];
    for (int i = 0; i < rows.length; i++) {
      int image = i / (channels * pixels);
      int channel = i / pixels % channels;
      values[(image * pixels + i % pixels) * stored + channel] = rows[i];
    }
    return values;
  }

  private static double[] downloaded(Tensor tensor) {
    return TinyNets.values(tensor);
  }

  /** Every order and type comes into every tensor of the engine, and nothing passes the host. */
  @ParameterizedTest
  @CsvSource({
    "F32, F32, false", "F32, BF16, false", "BF16, F32, false", "BF16, BF16, false",
    "F32, F32, true", "F32, BF16, true", "BF16, F32, true", "BF16, BF16, true"
  })
  void theirImagesAreRead(DType from, DType to, boolean isLast) {
    double[] rows = values(COUNT);
    Pointer memory = theirs(from, isLast ? channelsLast(rows, IMAGES, 3) : rows);
    DeviceArray array =
        isLast
            ? DeviceArray.channelsLast(memory.address(), 0, from, IMAGES, other.stream().address())
            : DeviceArray.rowMajor(memory.address(), 0, from, IMAGES, other.stream().address());
    Tensor plain = own(CudaLayout.channelsLast(IMAGES, to));
    Tensor filled = own(CudaLayout.filledPixels(IMAGES, to));
    Tensor row = own(CudaLayout.rows(IMAGES, to));
    StandIn.reset();
    try (BorrowedTensor borrowed = sharing.borrow(array)) {
      plain.copyFrom(borrowed.tensor());
      filled.copyFrom(borrowed.tensor());
      row.copyFrom(borrowed.tensor());
    }
    assertEquals(0, StandIn.calls("cudaStreamSynchronize"), "something waited");
    assertArrayEquals(rows, downloaded(plain));
    assertArrayEquals(rows, downloaded(filled));
    assertArrayEquals(rows, downloaded(row));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void ourValuesAreWrittenInTheirOrder(DType type) {
    double[] rows = values(COUNT);
    Tensor ours = own(CudaLayout.filledPixels(IMAGES, DType.F32));
    ours.upload(rows);
    Pointer first = other.memory((long) COUNT * type.bytes());
    Pointer second = other.memory((long) COUNT * type.bytes());
    DeviceArray row =
        DeviceArray.rowMajor(first.address(), 0, type, IMAGES, other.stream().address());
    DeviceArray last =
        DeviceArray.channelsLast(second.address(), 0, type, IMAGES, other.stream().address());
    try (BorrowedTensor toRow = sharing.borrow(row);
        BorrowedTensor toLast = sharing.borrow(last)) {
      toRow.tensor().copyFrom(ours);
      toLast.tensor().copyFrom(ours);
    }
    assertArrayEquals(rows, seen(first, type, COUNT));
    assertArrayEquals(channelsLast(rows, IMAGES, 3), seen(second, type, COUNT));
  }

  /** Pixels that are filled up are an operand as they lie. */
  @Test
  void theirImagesAreAnOperand() {
    VggConfig config = config(3);
    try (Vgg vgg = TinyNets.random(config, NetworkOptions.inference(2), backend)) {
      Network net = vgg.network();
      Shape x = Shape.of(2, 3, 8, 8);
      double[] rows = values(2 * 3 * 64);
      net.input(2).upload(rows);
      double[] expected = downloaded(net.forward(net.input(2), false));
      net.input(2).upload(new double[rows.length]);
      Pointer memory = theirs(DType.F32, channelsLast(rows, x, 4));
      DeviceArray array =
          new DeviceArray(
              memory.address(),
              0,
              DType.F32,
              x,
              List.of(256L, 1L, 32L, 4L),
              other.stream().address());
      assertEquals(2 * 256 * 4 - 4, array.bytes());
      double[] actual;
      try (BorrowedTensor borrowed = sharing.borrow(array)) {
        actual = downloaded(net.forward(borrowed.tensor(), false));
      }
      assertArrayEquals(expected, actual);
    }
  }

  @Test
  void theirBytesAreImages() {
    try (Vgg vgg = TinyNets.random(config(1), NetworkOptions.inference(2), backend)) {
      Network net = vgg.network();
      byte[] pixels = new byte[2 * 42];
      double[] same = new double[pixels.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) (i * 3);
        same[i] = i * 3 % 256;
      }
      Tensor place = net.execution(2).images(new ImageSpec(1, 7, 6, 1, 8));
      place.upload(pixels);
      double[] expected = downloaded(net.execution(2).forward(false));
      place.upload(new byte[pixels.length]);
      Pointer memory = theirs(DType.U8, same);
      DeviceArray array =
          DeviceArray.rowMajor(
              memory.address(), 0, DType.U8, Shape.of(2, 1, 7, 6), other.stream().address());
      try (BorrowedTensor borrowed = sharing.borrow(array)) {
        place.copyFrom(borrowed.tensor());
      }
      assertArrayEquals(expected, downloaded(net.execution(2).forward(false)));
    }
  }

  private static VggConfig config(int channels) {
    return VggConfig.builder()
        .layers("4,M")
        .channels(channels)
        .classes(3)
        .imageSize(8)
        .hidden(5)
        .build();
  }

  @Test
  void ourTensorsAreDescribed() {
    Tensor images = own(CudaLayout.filledPixels(IMAGES, DType.F32));
    DeviceArray array = sharing.lend(images);
    assertEquals(List.of(96L, 1L, 24L, 4L), array.strides());
    assertEquals(IMAGES, array.shape());
    assertEquals(0, array.address() % 256);
    Tensor rows = own(backend.plainLayout(Shape.of(5, 7), DType.BF16));
    assertEquals(
        DeviceArray.rowMajor(
            sharing.lend(rows).address(), 0, DType.BF16, Shape.of(5, 7), array.stream()),
        sharing.lend(rows));
    assertEquals(List.of(7L, 1L), sharing.lend(rows).strides());
  }

  /** By a kernel on the engine's own stream, here a copy; or on another stream, after a wait. */
  @Test
  void ourLogitsAreReadWithoutACopyThroughTheHost() {
    Tensor logits = own(backend.plainLayout(Shape.of(2, 3), DType.F32));
    logits.fill(i -> i + 0.5);
    DeviceArray array = sharing.lend(logits);
    Pointer onOurs = other.memory(24);
    assertEquals(
        0,
        cudart.cudaMemcpyAsync(
            onOurs,
            array.pointer(),
            array.bytes(),
            cudart.cudaMemcpyDeviceToDevice,
            array.cudaStream()));
    sharing.haveWait(other.stream().address());
    double[] expected = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5};
    assertArrayEquals(expected, seen(onOurs, DType.F32, 6));
    assertArrayEquals(expected, seen(array.pointer(), DType.F32, 6));
  }

  @Test
  void theEngineWaitsForAStream() {
    Tensor tensor = own(backend.plainLayout(Shape.of(2), DType.F32));
    Tensor copy = own(tensor.layout());
    tensor.fill(i -> 1);
    Pointer source = theirs(DType.F32, 7, 8);
    other.copy(sharing.lend(tensor).pointer(), source, 8);
    sharing.waitFor(other.stream().address());
    copy.copyFrom(tensor);
    assertArrayEquals(new double[] {7, 8}, downloaded(copy));
  }

  /** What the owner does after the loan must not overtake what the engine does in it. */
  @Test
  void theOwnerWaitsForTheEndOfTheLoan() {
    Pointer memory = theirs(DType.F32, 1, 2, 3, 4);
    Pointer next = theirs(DType.F32, 5, 6, 7, 8);
    Tensor copy = own(backend.plainLayout(Shape.of(4), DType.F32));
    DeviceArray array =
        DeviceArray.rowMajor(memory.address(), 0, DType.F32, Shape.of(4), other.stream().address());
    BorrowedTensor borrowed = sharing.borrow(array);
    copy.copyFrom(borrowed.tensor());
    borrowed.close();
    borrowed.close();
    other.copy(memory, next, 16);
    other.await();
    assertArrayEquals(new double[] {1, 2, 3, 4}, downloaded(copy));
    ended("this memory was closed", () -> copy.copyFrom(borrowed.tensor()));
  }

  /** Nothing is ordered by a stream that is gone, and the memory stays its owner's. */
  @Test
  void aLoanThatOutlivesItsEngine() {
    Pointer memory = theirs(DType.F32, 1, 2, 3, 4);
    DeviceArray array = array(memory, 0, Shape.of(4));
    BorrowedTensor borrowed = sharing.borrow(array);
    BorrowedTensor uploaded = sharing.borrow(array);
    try (HostBuffer buffer = backend.newHostBuffer(4 * Float.BYTES)) {
      buffer.bytes().asFloatBuffer().put(new float[] {5, 6, 7, 8});
      uploaded.tensor().uploadAsync(buffer); // has an event, which the loan frees
    }
    backend.close();
    for (BorrowedTensor loan : List.of(borrowed, uploaded)) {
      ended("this engine was closed before a loan of memory to it: close loans first", loan::close);
      loan.close(); // a second time is nothing
      ended("this memory was closed", () -> loan.tensor().upload(new double[4]));
    }
    ended("this engine is closed", () -> sharing.borrow(array));
    ended("this engine is closed", () -> sharing.lend(borrowed.tensor()));
    ended("this engine is closed", () -> sharing.waitFor(array.stream()));
    ended("this engine is closed", () -> sharing.haveWait(array.stream()));
    assertArrayEquals(new double[] {5, 6, 7, 8}, seen(memory, DType.F32, 4));
  }

  private static void ended(String message, Executable use) {
    assertEquals(message, assertThrows(IllegalStateException.class, use).getMessage());
  }

  private void refused(String message, DeviceArray array) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> sharing.borrow(array));
    assertTrue(refusal.getMessage().matches(message), refusal::getMessage);
  }

  private DeviceArray array(Pointer memory, int device, Shape shape) {
    return DeviceArray.rowMajor(
        memory.address(), device, DType.F32, shape, other.stream().address());
  }

  @Test
  void whatIsNotInTheGpusMemoryIsRefused() {
    Shape four = Shape.of(4);
    refused(
        "address 0x[0-9a-f]+ with its 16 bytes is not in a GPU's memory",
        array(other.pinned(16), 0, four));
    try (BytePointer host = new BytePointer(32)) {
      Pointer aligned = DeviceMemory.at(host, (16 - host.address() % 16) % 16);
      refused(".* is not in a GPU's memory", array(aligned, 0, four));
    }
    refused(".* is not in a GPU's memory", array(OtherLibrary.freed(16), 0, four));
    Pointer memory = other.memory(32);
    refused(".* with its 36 bytes is not in a GPU's memory", array(memory, 0, Shape.of(9)));
    refused(
        "address must be a multiple of 16, not 0x[0-9a-f]+",
        DeviceArray.rowMajor(memory.address() + 4, 0, DType.F32, four, other.stream().address()));
    refused("device must be 0, the engine's GPU, not 1", array(memory, 1, four));
  }

  @Test
  void memoryOfAnotherGpuIsRefused() {
    StandIn.devices(2);
    assertEquals(0, cudart.cudaSetDevice(1));
    Pointer memory = other.memory(16);
    refused(
        "address 0x[0-9a-f]+ is in the memory of GPU 1, and the engine's is 0",
        array(memory, 0, Shape.of(4)));
    int[] current = {-1};
    cudart.cudaGetDevice(current);
    assertEquals(0, current[0], "the engine's GPU is current again");
  }

  @Test
  void ordersThatTheEngineHasNot() {
    Pointer memory = other.memory(1 << 16);
    refused(
        "strides \\[12, 1\\] of F32 2x6 are neither row-major.*",
        new DeviceArray(memory.address(), 0, DType.F32, Shape.of(2, 6), List.of(12L, 1L), 0));
    refused(
        "strides .* are neither row-major.*",
        new DeviceArray(memory.address(), 0, DType.F32, IMAGES, List.of(48L, 1L, 12L, 2L), 0));
    refused(
        "strides .* are neither row-major.*",
        DeviceArray.channelsLast(memory.address(), 0, DType.U8, IMAGES, 0));
    InvalidInputException refusal =
        assertThrows(
            InvalidInputException.class,
            () -> new DeviceArray(0, 0, DType.F32, IMAGES, List.of(1L), 0));
    assertEquals(
        "strides must be one for each dimension of 2x3x4x6, at least 0, not [1]",
        refusal.getMessage());
    assertThrows(
        InvalidInputException.class,
        () -> DeviceArray.channelsLast(0, 0, DType.F32, Shape.of(4), 0));
  }

  @Test
  void tensorsWithoutStridesAndOfOtherEngines() {
    Tensor weights = own(CudaLayout.channelsLast(IMAGES, DType.F32).linearWeights(Shape.of(5, 72)));
    Tensor deferred = own(CudaLayout.channelsLast(IMAGES, DType.F32).asDeferred());
    for (Tensor tensor : List.of(weights, deferred)) {
      String message =
          assertThrows(InvalidInputException.class, () -> sharing.lend(tensor)).getMessage();
      assertTrue(
          message.endsWith("has no strides: copy it into one of plainLayout first"), message);
    }
    weights.fill(i -> i);
    Tensor plain = own(backend.plainLayout(Shape.of(5, 72), DType.F32));
    plain.copyFrom(weights);
    assertEquals(List.of(72L, 1L), sharing.lend(plain).strides());
    assertEquals(359, downloaded(plain)[359]);
    try (Backend reference = Backends.open("reference").backend();
        Arena arena = reference.allocate(256)) {
      Tensor foreign = arena.tensor(0, reference.plainLayout(Shape.of(2), DType.F64));
      assertThrows(IllegalArgumentException.class, () -> sharing.lend(foreign));
      assertEquals(
          "engine must be the GPU engine, not reference, to share a GPU's memory",
          assertThrows(InvalidInputException.class, () -> DeviceSharing.of(reference))
              .getMessage());
    }
  }

  private static void refusedInCapture(String stream, Executable call) {
    assertEquals(
        "stream "
            + stream
            + " is being captured as a CUDA graph, which the engine's work cannot be part of: call"
            + " before the capture begins or after it ends",
        assertThrows(InvalidInputException.class, call).getMessage());
  }

  /** Else the engine's stream would become part of the capture, or end it. */
  @Test
  void aStreamThatIsCapturedIsRefused() {
    Pointer memory = theirs(DType.F32, 1, 2, 3, 4);
    Pointer next = theirs(DType.F32, 5, 6, 7, 8);
    Tensor copy = own(backend.plainLayout(Shape.of(4), DType.F32));
    DeviceArray array = array(memory, 0, Shape.of(4));
    BorrowedTensor borrowed = sharing.borrow(array);
    copy.copyFrom(borrowed.tensor());
    String name = "0x" + Long.toHexString(array.stream());
    other.beginCapture();
    refusedInCapture(name, () -> sharing.borrow(array));
    refusedInCapture(name, () -> sharing.waitFor(array.stream()));
    refusedInCapture(name, () -> sharing.haveWait(array.stream()));
    refusedInCapture(name, borrowed::close);
    other.copy(memory, next, 16);
    other.endCapture();
    assertThrows(IllegalStateException.class, () -> copy.copyFrom(borrowed.tensor()));
    sharing.haveWait(array.stream());
    other.copy(memory, next, 16);
    other.await();
    assertArrayEquals(new double[] {1, 2, 3, 4}, downloaded(copy));
    try (BorrowedTensor again = sharing.borrow(array)) {
      copy.copyFrom(again.tensor());
    }
    assertArrayEquals(new double[] {5, 6, 7, 8}, downloaded(copy));
  }

  /** It waits for every stream that was not made otherwise. */
  @Test
  void theDefaultStreamWhileAnotherIsCaptured() {
    OtherLibrary third = closing.own(new OtherLibrary(cudart.cudaStreamDefault));
    third.beginCapture();
    String name = "0, the default, waits for one that";
    refusedInCapture(name, () -> sharing.waitFor(0));
    refusedInCapture(name, () -> sharing.haveWait(0));
    third.endCapture();
    sharing.waitFor(0);
    sharing.haveWait(0);
  }

  /** Not counted as the engine's memory, and nothing of it is left open. */
  @Test
  void whatIsBorrowedIsNotTheEnginesMemory() {
    Pointer memory = other.memory(16);
    long held = backend.memory().device().bytes();
    try (BorrowedTensor borrowed = sharing.borrow(array(memory, 0, Shape.of(4)))) {
      assertEquals(Shape.of(4), borrowed.tensor().shape());
      assertEquals(held, backend.memory().device().bytes());
    }
  }
}
