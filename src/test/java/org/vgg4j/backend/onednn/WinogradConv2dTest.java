package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** Convolutions by minimal filtering beside direct ones. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.WinogradConv2dTest#isThere",
    disabledReason = "oneDNN has no blocks of 16 channels on this processor")
final class WinogradConv2dTest {
  static boolean isThere() {
    return Dnnl.hasAvx512();
  }

  /** Parts of several images, parts of an image, a number of tiles without divisors. */
  @ParameterizedTest
  @CsvSource({
    "WINOGRAD_1D, 6, 16, 32, 30, 200",
    "WINOGRAD_1D, 2, 32, 16, 56, 224",
    "WINOGRAD_1D, 1, 16, 16, 92, 160",
    "WINOGRAD_1D, 5, 48, 32, 13, 40",
    "WINOGRAD_2D, 6, 16, 32, 30, 200",
    "WINOGRAD_2D, 6, 16, 32, 28, 112",
    "WINOGRAD_2D, 2, 32, 16, 56, 224",
    "WINOGRAD_2D, 1, 16, 16, 92, 160",
    "WINOGRAD_2D, 5, 48, 32, 13, 41",
    "WINOGRAD_2D, 3, 16, 16, 9, 530",
    "WINOGRAD_2D, 8, 128, 64, 2, 3",
    "WINOGRAD_2D, 3, 144, 112, 12, 21",
    "WINOGRAD_2D, 1, 272, 80, 5, 6",
    "WINOGRAD_2D, 3, 240, 160, 9, 13",
    "WINOGRAD_2D, 3, 320, 288, 30, 41",
    "WINOGRAD_6X6, 6, 16, 32, 30, 200",
    "WINOGRAD_6X6, 1, 16, 16, 92, 160",
    "WINOGRAD_6X6, 2, 32, 16, 112, 112",
    "WINOGRAD_6X6, 5, 48, 32, 13, 41",
    "WINOGRAD_6X6, 8, 128, 64, 2, 3",
    "WINOGRAD_6X6, 2, 208, 208, 40, 40",
    "WINOGRAD_6X6, 3, 144, 112, 12, 21"
  })
  void inPartsItIsTheSame(Convolutions way, int n, int c, int k, int h, int w) {
    assumeTrue(way != Convolutions.WINOGRAD_6X6 || CpuLibrary.isLoaded(), "no library in C++");
    Conv2dSpec spec = new Conv2dSpec(c, k, 3, 1, true, true);
    List<float[]> direct = run(Convolutions.DIRECT, spec, Shape.of(n, c, h, w));
    List<float[]> winograd = run(way, spec, Shape.of(n, c, h, w));
    int[] lengths = {9 * c, 9 * k, n * h * w, n * h * w};
    for (int i = 0; i < lengths.length; i++) {
      double error = error(winograd.get(i), direct.get(i));
      // Either sums in some order; the transforms' factors are at most 8, or 32.
      double factor = way == Convolutions.WINOGRAD_6X6 ? 32 : 8;
      double tolerance = factor * Math.sqrt(lengths[i]) * 0x1p-24;
      if (!(error <= tolerance)) {
        throw new AssertionError("result " + i + ": " + error + " > " + tolerance);
      }
      assertTrue(error > 0, "the two are computed in the same way");
    }
    List<float[]> again = run(way, spec, Shape.of(n, c, h, w));
    for (int i = 0; i < lengths.length; i++) {
      assertArrayEquals(winograd.get(i), again.get(i));
    }
  }

  /** Returns y, dx, dw, db. */
  private static List<float[]> run(Convolutions convolutions, Conv2dSpec spec, Shape shape) {
    List<float[]> results = new ArrayList<>();
    try (OneDnnBackend backend =
        new OneDnnBackend(OneDnnOptions.DEFAULT.withConvolutions(convolutions).withThreads(2))) {
      OneDnnLayout images = blocks(shape);
      try (WeightedPlan plan = backend.conv2d(spec, images, null, Usage.TRAINING);
          Memory memory = new Memory(backend)) {
        assertEquals(convolutions != Convolutions.DIRECT, plan instanceof WinogradConv2d);
        Tensor x = memory.random(images, 1);
        Tensor weights = memory.random(plan.w(), 2);
        Layout channels = backend.plainLayout(spec.b(), DType.F32);
        Tensor b = memory.random(channels, 3);
        Tensor dy = memory.random(plan.y(), 4);
        Tensor y = memory.random(plan.y(), 5);
        Tensor dx = memory.random(images, 6);
        Tensor dw = memory.random(plan.w(), 7);
        Tensor db = memory.random(channels, 8);
        plan.forward(x, weights, b, y);
        plan.backward(x, weights, dy, dw, db, dx);
        for (Tensor result : List.of(y, dx, dw, db)) {
          float[] values = new float[result.shape().arrayLength()];
          result.download(values);
          results.add(values);
        }
      }
    }
    return results;
  }

  /** The images of a net in bf16 are in single precision, twice as long. */
  @Test
  void imagesInAnotherTypeAreCopied() {
    assumeTrue(Bf16UnderTest.filters(), "no filtering in bf16");
    Conv2dSpec spec = new Conv2dSpec(16, 32, 3, 1, false, false);
    Shape shape = Shape.of(5, 16, 60, 61); // image by image
    List<float[]> results = new ArrayList<>();
    for (DType type : List.of(DType.F32, DType.BF16)) {
      OneDnnLayout images = OneDnnLayout.of(shape, ImageOrder.BLOCKS_OF_16.desc(shape, type));
      OneDnnOptions options = Bf16UnderTest.options().withConvolutions(Convolutions.WINOGRAD_2D);
      try (OneDnnBackend backend = new OneDnnBackend(options);
          WeightedPlan plan = backend.conv2d(spec, images, null, Usage.FIRST_LAYER);
          Memory memory = new Memory(backend)) {
        assertTrue(plan instanceof WinogradConv2d);
        Tensor x = memory.random(images, 1);
        Tensor w = memory.random(plan.w(), 2);
        Tensor dy = memory.random(plan.y(), 3);
        Tensor y = memory.random(plan.y(), 4);
        Tensor dw = memory.random(plan.w(), 5);
        plan.forward(x, w, null, y);
        plan.backwardWeights(x, dy, dw, null);
        for (Tensor result : List.of(y, dw)) {
          float[] values = new float[result.shape().arrayLength()];
          result.download(values);
          results.add(values);
        }
      }
    }
    assertArrayEquals(results.get(0), results.get(2));
    assertArrayEquals(results.get(1), results.get(3));
  }

  /** A net for inference keeps its filters transformed, with the same bits in y. */
  @ParameterizedTest
  @EnumSource(names = {"WINOGRAD_1D", "WINOGRAD_2D", "WINOGRAD_6X6"})
  void inInferenceFiltersAreStoredTransformed(Convolutions way) {
    assumeTrue(way != Convolutions.WINOGRAD_6X6 || CpuLibrary.isLoaded(), "no library in C++");
    Conv2dSpec spec = new Conv2dSpec(32, 48, 3, 1, true, true);
    OneDnnOptions options = OneDnnOptions.DEFAULT.withConvolutions(way);
    try (OneDnnBackend backend = new OneDnnBackend(options);
        Memory memory = new Memory(backend)) {
      OneDnnLayout images = blocks(Shape.of(2, 32, 13, 10));
      Tensor x = memory.random(images, 1);
      Tensor b = memory.random(backend.plainLayout(spec.b(), DType.F32), 2);
      float[] filters = new float[spec.w().arrayLength()];
      List<float[]> results = new ArrayList<>();
      for (Usage usage : List.of(Usage.FROZEN, Usage.INFERENCE)) {
        try (WeightedPlan plan = backend.conv2d(spec, images, null, usage)) {
          Tensor w = memory.random(plan.w(), 3);
          Tensor y = memory.random(plan.y(), 4);
          plan.forward(x, w, b, y);
          float[] values = new float[y.shape().arrayLength()];
          y.download(values);
          results.add(values);
          boolean isStored = !usage.exactWeights();
          assertEquals(isStored, ((OneDnnLayout) plan.w()).filters() != null);
          float[] back = new float[filters.length];
          w.download(back);
          if (!isStored) {
            filters = back;
            assertTrue(plan.workspaceBytes() > 0);
          } else {
            for (int i = 0; i < back.length; i++) {
              double difference = Math.abs(back[i] - filters[i]);
              // In one dimension three times two values of at most 1/2 are off, in two nine times
              // four of at most 1/4, and they are rounded on the way.
              double roundings = way == Convolutions.WINOGRAD_1D ? 8 : 24;
              assertTrue(difference <= roundings * 0x1p-25, back[i] + ", not " + filters[i]);
            }
          }
          // Other images share the filters, even where they would not be transformed for them.
          OneDnnLayout small = blocks(Shape.of(1, 32, 2, 2));
          try (WeightedPlan other = backend.conv2d(spec, small, plan.w(), usage)) {
            assertEquals(plan.w(), other.w());
            Tensor single = memory.random(other.y(), 5);
            other.forward(memory.random(small, 6), w, b, single);
            assertTrue(single.isFinite());
          }
        }
      }
      assertArrayEquals(results.get(0), results.get(1));
    }
  }

  /** Nothing can follow the gradients of filters that are stored transformed. */
  @Test
  void storedFiltersAreNotTrained() {
    Conv2dSpec spec = new Conv2dSpec(64, 64, 3, 1, false, false);
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT)) {
      OneDnnLayout images = blocks(Shape.of(8, 64, 56, 56));
      try (WeightedPlan plan = backend.conv2d(spec, images, null, Usage.INFERENCE)) {
        Layout stored = plan.w();
        assertThrows(
            IllegalArgumentException.class,
            () -> backend.conv2d(spec, images, stored, Usage.TRAINING));
      }
    }
  }

  /** The engine that takes what is faster goes by what it must transform. */
  @Test
  void storedFiltersCostNothing() {
    assertFalse(isTaken(512, 512, 14, 1, 3, OneDnnOptions.DEFAULT));
    Conv2dSpec spec = new Conv2dSpec(512, 512, 3, 1, false, false);
    try (OneDnnBackend backend = new OneDnnBackend(OneDnnOptions.DEFAULT);
        WeightedPlan plan =
            backend.conv2d(spec, blocks(Shape.of(1, 512, 14, 14)), null, Usage.INFERENCE)) {
      assertTrue(plan instanceof WinogradConv2d);
    }
  }

  private static OneDnnLayout blocks(Shape shape) {
    return OneDnnLayout.of(
        shape, new memory.desc(Dnnl.dims(shape), memory.data_type.f32, memory.format_tag.aBcd16b));
  }

  /** Returns the norm of the difference by that of what is right. */
  private static double error(float[] values, float[] right) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < right.length; i++) {
      difference += Math.pow((double) values[i] - right[i], 2);
      norm += Math.pow(right[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  /** Large layers are worth two dimensions, short rows one, if the transforms are in Java. */
  @Test
  void dimensionsAreThoseThatAreFaster() {
    assertEquals(Convolutions.WINOGRAD_2D, way(256, 56, 8, Usage.TRAINING));
    assertEquals(
        CpuLibrary.isLoaded() ? Convolutions.WINOGRAD_2D : Convolutions.WINOGRAD_1D,
        way(64, 8, 64, Usage.TRAINING));
    assertEquals(Convolutions.WINOGRAD_1D, way(512, 14, 1, Usage.INFERENCE));
    assertEquals(Convolutions.WINOGRAD_2D, way(512, 14, 8, Usage.INFERENCE));
    assertEquals(Convolutions.WINOGRAD_2D, way(512, 14, 8, Usage.TRAINING));
    assertEquals(Convolutions.DIRECT, way(128, 2, 64, Usage.TRAINING));
  }

  private static Convolutions way(int channels, int side, int n, Usage usage) {
    Conv2dSpec spec = new Conv2dSpec(channels, channels, 3, 1, false, false);
    OneDnnLayout x = blocks(Shape.of(n, channels, side, side));
    ImageOrder any = ImageOrder.ANY;
    return ConvWay.of(
        spec, x, DType.F32, null, usage, new ConvOrders(any, any, any, Convolutions.PREFERRED));
  }

  /** Where it saves time, it is what the engine takes by itself. */
  @Test
  void isTakenWhereItIsFaster() {
    assertTrue(isTaken(64, 64, 224, 8, 3, OneDnnOptions.DEFAULT));
    assertTrue(isTaken(512, 512, 14, 64, 3, OneDnnOptions.DEFAULT));
    assertFalse(isTaken(512, 512, 14, 1, 3, OneDnnOptions.DEFAULT), "the filters take longer");
    assertFalse(isTaken(64, 64, 2, 64, 3, OneDnnOptions.DEFAULT), "half of each tile is empty");
    assertEquals(
        CpuLibrary.isLoaded(),
        isTaken(16, 16, 224, 8, 3, OneDnnOptions.DEFAULT),
        "little is computed, which only fast transforms are worth");
    assertFalse(isTaken(64, 64, 224, 8, 1, OneDnnOptions.DEFAULT), "a filter of one tap");
    assertFalse(isTaken(64, 24, 224, 8, 3, OneDnnOptions.DEFAULT), "half a block");
    OneDnnOptions direct = OneDnnOptions.DEFAULT.withConvolutions(Convolutions.DIRECT);
    assertFalse(isTaken(64, 64, 224, 8, 3, direct));
  }

  private static boolean isTaken(int c, int k, int side, int n, int kernel, OneDnnOptions options) {
    try (OneDnnBackend backend = new OneDnnBackend(options);
        WeightedPlan plan =
            backend.conv2d(
                new Conv2dSpec(c, k, kernel, kernel / 2, false, false),
                blocks(Shape.of(n, c, side, side)),
                null,
                Usage.TRAINING)) {
      return plan instanceof WinogradConv2d;
    }
  }
}
