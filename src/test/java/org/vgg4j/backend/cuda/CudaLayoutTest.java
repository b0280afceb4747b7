package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Values come out of every layout as they went in, lie where the layout says, and are copied and
 * looked at there. Tensors are larger than one piece of a transfer (4 MiB).
 */
@OnCuda
final class CudaLayoutTest {
  private final Closing closing = new Closing();
  private CudaBackend backend;

  @BeforeEach
  void open() {
    backend = closing.own(CudaUnderTest.open());
  }

  @AfterEach
  void close() {
    closing.close();
  }

  private static Stream<CudaLayout> layouts() {
    return Stream.of(DType.F32, DType.BF16)
        .flatMap(
            type -> {
              CudaLayout images = CudaLayout.channelsLast(Shape.of(3, 20, 191, 191), type);
              return Stream.of(
                  CudaLayout.rows(Shape.of(2_200_001), type),
                  images,
                  images.asDeferred(),
                  CudaLayout.filledPixels(Shape.of(7, 3, 331, 317), type),
                  CudaLayout.filledPixels(Shape.of(5, 1, 700, 613), type),
                  CudaLayout.channelsLast(Shape.of(81_001, 3, 3, 3), type, 8),
                  CudaLayout.channelsLast(Shape.of(2, 20, 7, 7), type)
                      .linearWeights(Shape.of(2203, 980)));
            });
  }

  private static Stream<CudaLayout> bytes() {
    return Stream.of(
        CudaLayout.rows(Shape.of(4_300_001), DType.U8),
        CudaLayout.channelsLast(Shape.of(3, 20, 271, 269), DType.U8));
  }

  /** Returns a value, not negative, that bf16 holds and that its neighbours do not have. */
  private static float value(int index) {
    return (index * 0x9E3779B1) >>> 24;
  }

  private Tensor tensor(CudaLayout layout) {
    return closing.own(backend.allocate(Arena.align(layout.bytes()))).tensor(0, layout);
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  private static float[] expected(CudaLayout layout) {
    float[] values = new float[layout.shape().arrayLength()];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(i);
    }
    return values;
  }

  /** Returns the elements in the order in which they are stored, by other arithmetic. */
  private static float[] stored(CudaLayout layout) {
    float[] elements = new float[Math.toIntExact(layout.storedElements())];
    int channels = layout.channels();
    int inner = layout.inner();
    int i = 0;
    for (int row = 0; row < layout.rowCount(); row++) {
      for (int channel = 0; channel < channels; channel++) {
        for (int position = 0; position < inner; position++) {
          elements[(row * inner + position) * layout.stored() + channel] = value(i++);
        }
      }
    }
    return elements;
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void valuesComeBackAndLieWhereTheyShould(CudaLayout layout) {
    assertTrue(layout.shape().elementCount() * layout.dtype().bytes() > 4 << 20);
    Arena arena = closing.own(backend.allocate(Arena.align(layout.bytes())));
    Tensor tensor = arena.tensor(0, layout);
    CudaLayout flat =
        CudaLayout.rows(Shape.of(Math.toIntExact(layout.storedElements())), layout.dtype());
    Tensor elements = arena.tensor(0, flat);
    elements.fill(i -> Double.NaN);
    tensor.fill(CudaLayoutTest::value);
    assertArrayEquals(expected(layout), values(tensor));
    assertArrayEquals(stored(layout), values(elements));
  }

  /** One upload after the other, beside what reads the one before, from floats and as they are. */
  @ParameterizedTest
  @MethodSource("layouts")
  void uploadsBesideTheStepDoNotOvertake(CudaLayout layout) {
    int count = layout.shape().arrayLength();
    Tensor tensor = tensor(layout);
    List<Tensor> read = new ArrayList<>();
    HostBuffer[] buffers = new HostBuffer[2];
    for (int i = 0; i < buffers.length; i++) {
      buffers[i] = closing.own(backend.newHostBuffer(count * Float.BYTES));
    }
    for (int turn = 0; turn < 4; turn++) {
      HostBuffer buffer = buffers[turn % 2];
      buffer.await();
      boolean floats = turn < 2;
      DType type = floats ? DType.F32 : layout.dtype();
      for (int i = 0; i < count; i++) {
        type.put(buffer.bytes(), i, value(i + turn));
      }
      if (floats) {
        tensor.uploadFloatsAsync(buffer);
      } else {
        tensor.uploadAsync(buffer);
      }
      read.add(tensor(layout));
      read.get(turn).copyFrom(tensor);
    }
    for (int turn = 0; turn < read.size(); turn++) {
      float[] values = values(read.get(turn));
      for (int i = 0; i < count; i += 97) {
        assertEquals(value(i + turn), values[i]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("bytes")
  void bytesComeBack(CudaLayout layout) {
    byte[] sent = new byte[layout.shape().arrayLength()];
    for (int i = 0; i < sent.length; i++) {
      sent[i] = (byte) value(i);
    }
    Tensor tensor = tensor(layout);
    tensor.upload(sent);
    byte[] received = new byte[sent.length];
    tensor.download(received);
    assertArrayEquals(sent, received);
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void aSingleBadValueIsSeen(CudaLayout layout) {
    Tensor tensor = tensor(layout);
    tensor.fill(CudaLayoutTest::value);
    assertTrue(tensor.isFinite());
    int count = layout.shape().arrayLength();
    int piece = (4 << 20) / layout.dtype().bytes();
    for (int bad : new int[] {0, piece - 1, piece, count - 1}) {
      double[] values = {Double.NaN, Double.POSITIVE_INFINITY};
      tensor.fill(i -> i == bad ? values[bad % 2] : value(i));
      assertFalse(tensor.isFinite(), () -> "at " + bad);
    }
  }

  /** Between both types, on the GPU where the order is the same, and into another order. */
  @ParameterizedTest
  @MethodSource("layouts")
  void copies(CudaLayout layout) {
    Tensor source = tensor(layout);
    source.fill(CudaLayoutTest::value);
    List<CudaLayout> targets = new ArrayList<>();
    for (DType type : List.of(DType.F32, DType.BF16)) {
      targets.add(layout.as(type));
      targets.add(CudaLayout.rows(layout.shape(), type));
    }
    for (CudaLayout target : targets) {
      Tensor copy = tensor(target);
      copy.copyFrom(source);
      assertArrayEquals(expected(layout), values(copy), target::toString);
    }
  }

  @Test
  void roundedToNearestEven() {
    CudaLayout wide = CudaLayout.channelsLast(Shape.of(3, 5, 7, 2), DType.F32);
    Tensor source = tensor(wide);
    source.fill(i -> 1 + i * 0x1p-9); // every fourth a tie
    Tensor narrow = tensor(wide.as(DType.BF16));
    narrow.copyFrom(source);
    float[] actual = values(narrow);
    for (int i = 0; i < actual.length; i++) {
      assertEquals(DType.BF16.round(1 + i * 0x1p-9), actual[i]);
    }
  }

  /** In an order that their kernels do not know they would compute nonsense. */
  @Test
  void operationsRefuseImagesInAnotherOrder() {
    CudaLayout rows = CudaLayout.rows(Shape.of(2, 4, 6, 6), DType.F32);
    Usage usage = Usage.TRAINING;
    Conv2dSpec conv = new Conv2dSpec(4, 8, 3, 1, false, false);
    refused(rows, x -> backend.conv2d(conv, x, null, usage));
    refused(rows, x -> backend.batchNorm2d(BatchNorm2dSpec.of(4, true), x, usage));
    refused(rows, x -> backend.relu(x, usage));
    refused(rows, x -> backend.maxPool2d(new MaxPool2dSpec(2, 2), x, usage));
    refused(rows, x -> backend.adaptiveAvgPool2d(new AdaptiveAvgPool2dSpec(2, 2), x, usage));
    refused(rows, x -> backend.localResponseNorm(LrnSpec.KRIZHEVSKY, x, usage));
    refused(
        rows,
        x -> backend.dropout(new DropoutSpec(0.5, 1), x, closing.own(backend.newStepState())));
  }

  private void refused(CudaLayout x, Function<CudaLayout, Plan> operation) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> closing.own(operation.apply(x)))
            .getMessage();
    assertTrue(message.endsWith("needs images channels last, not " + x), message);
  }
}
