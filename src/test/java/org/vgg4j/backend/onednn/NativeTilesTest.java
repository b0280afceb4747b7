package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;

/** Tiles in C++ beside those in Java, bit by bit. */
@EnabledIf(
    value = "org.vgg4j.backend.onednn.CpuLibrary#isLoaded",
    disabledReason = "the build found no C++ compiler, or the processor has no AVX-512")
final class NativeTilesTest {
  private static final int BLOCK = 16;
  private static final int POINTS = 36;

  /** Several images, odd edges, parts of the rows of tiles, rows longer than Java's lanes. */
  @ParameterizedTest
  @CsvSource({
    "INPUT, 3, 2, 13, 10, -1, 0, 4",
    "INPUT, 1, 1, 4, 4, -1, 0, 1",
    "INPUT, 2, 3, 30, 270, -1, 2, 5",
    "INPUT, 1, 2, 2, 3, -1, 0, 1",
    "OUTPUT_GRADIENT, 3, 2, 13, 10, 0, 0, 4",
    "OUTPUT_GRADIENT, 2, 3, 30, 270, 0, 3, 5"
  })
  void imagesToTiles(
      RowTransform by, int n, int planes, int height, int width, int first, int begin, int rows) {
    Planes images = new Planes(planes, height, width, BLOCK, 4, first);
    Tiles.Part part = new Tiles.Part(n, begin, rows);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      try (Run run = new Run(images, part, type)) {
        run.randomImages();
        run.java().transform(by, run.floats(), part, run.javaTiles());
        run.fast().transform(by, run.images(), part, run.tiles());
        assertArrayEquals(run.read(run.javaTiles), run.read(run.tiles), type.toString());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3, 2, 13, 10, 0, 4, false",
    "3, 2, 13, 10, 0, 4, true",
    "1, 1, 4, 4, 0, 1, false",
    "2, 3, 30, 270, 2, 5, true",
    "1, 2, 2, 3, 0, 1, false"
  })
  void tilesToImages(int n, int planes, int height, int width, int begin, int rows, boolean relu) {
    Planes images = new Planes(planes, height, width, BLOCK, 4, 0);
    Tiles.Part part = new Tiles.Part(n, begin, rows);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      try (Run run = new Run(images, part, type)) {
        run.randomTiles();
        run.java().back(RowTransform.OUTPUT, run.javaTiles(), part, run.floats(), false, relu);
        run.fast().back(RowTransform.OUTPUT, run.tiles(), part, run.images(), false, relu);
        assertArrayEquals(run.roundedFloats(), run.readImages(), type.toString());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"FILTER", "FLIPPED_FILTER"})
  void filtersToTiles(RowTransform by) {
    Tiles.Part part = new Tiles.Part(1, 0, 1);
    try (Run run = new Run(filters(), part, DType.F32)) {
      run.randomImages();
      run.java().transform(by, run.floats(), part, run.javaTiles());
      run.fast().transform(by, run.images(), part, run.tiles());
      assertArrayEquals(run.read(run.javaTiles), run.read(run.tiles));
    }
  }

  @ParameterizedTest
  @CsvSource({"FILTER_BACK, false", "FILTER_GRADIENT, false", "FILTER_GRADIENT, true"})
  void tilesToFilters(RowTransform by, boolean add) {
    Tiles.Part part = new Tiles.Part(1, 0, 1);
    try (Run run = new Run(filters(), part, DType.F32)) {
      run.randomImages();
      run.randomTiles();
      run.java().back(by, run.javaTiles(), part, run.floats(), add, false);
      run.fast().back(by, run.tiles(), part, run.images(), add, false);
      assertArrayEquals(run.read(run.floats), run.readImages());
    }
  }

  private static Planes filters() {
    return new Planes(6, 3, 3, BLOCK * BLOCK, 3, 0);
  }

  /** What is not a number stays so behind a ReLU, and what is infinite does not become one. */
  @Test
  void whatIsNotFiniteShows() {
    Planes images = new Planes(1, 4, 4, BLOCK, 4, 0);
    Tiles.Part part = new Tiles.Part(1, 0, 1);
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      try (Run run = new Run(images, part, type)) {
        put(run.tiles, 0, Float.NaN);
        put(run.tiles, 1, Float.POSITIVE_INFINITY);
        put(run.tiles, 2, Float.intBitsToFloat(0x7fffffff)); // rounded as a number it would be 0
        put(run.tiles, 3, Float.MAX_VALUE);
        run.fast().back(RowTransform.OUTPUT, run.tiles(), part, run.images(), false, true);
        float[] values = run.readImages();
        assertTrue(Float.isNaN(values[0]), type + " " + values[0]);
        assertTrue(values[1] == Float.POSITIVE_INFINITY, type + " " + values[1]);
        assertTrue(Float.isNaN(values[2]), type + " " + values[2]);
        float largest = type == DType.F32 ? Float.MAX_VALUE : Float.POSITIVE_INFINITY;
        assertTrue(values[3] == largest, type + " " + values[3]);
        assertTrue(values[4] == 0, type + " " + values[4]);
      }
    }
  }

  /**
   * Of four values to pool, what is not a number is the largest, and of the others, the largest.
   */
  @Test
  void whatIsNotANumberIsTheLargest() {
    Planes images = new Planes(1, 4, 4, BLOCK, 4, 0);
    Tiles.Part part = new Tiles.Part(1, 0, 1);
    try (Run run = new Run(images, part, DType.F32)) {
      run.tiles.zero();
      put(run.tiles, 0, Float.NaN); // the first value's alone
      put(run.tiles, 1, 7);
      put(run.tiles, 35 * BLOCK + 2, Float.NaN); // the last value's alone
      Tiles pooled = new NativeTiles(run.dnnl, "x", DType.F32, 4, images, true);
      pooled.back(RowTransform.OUTPUT, run.tiles(), part, run.images(), false, true);
      float[] values = run.readImages();
      assertTrue(Float.isNaN(values[0]), "first of four");
      assertTrue(values[1] == 7, "largest of four: " + values[1]);
      assertTrue(Float.isNaN(values[3 * BLOCK + 2]), "last of four");
      assertTrue(values[3 * BLOCK] == 0 && values[BLOCK] == 0, "others");
    }
  }

  private static void put(NativeMemory memory, int index, float value) {
    buffer(memory).putFloat(index * Float.BYTES, value);
  }

  private static ByteBuffer buffer(NativeMemory memory) {
    return memory.view(0, Math.toIntExact(memory.bytes()));
  }

  /** The memory of both. */
  private static final class Run implements AutoCloseable {
    private final Planes images;
    private final DType type;
    private final Dnnl dnnl;
    private final long values; // of all images
    private final NativeMemory floats;
    private final NativeMemory given;
    private final NativeMemory javaTiles;
    private final NativeMemory tiles;

    Run(Planes images, Tiles.Part part, DType type) {
      this.images = images;
      this.type = type;
      dnnl = new Dnnl(Bf16UnderTest.options().withThreads(2));
      long inRow = (long) part.count() * images.count() * images.pixel();
      long transformed = POINTS * inRow * part.tiles() * images.columns();
      values = inRow * images.height() * images.width();
      floats = dnnl.take(values * Float.BYTES, "test");
      given = dnnl.take(values * type.bytes(), "test");
      javaTiles = dnnl.take(transformed * Float.BYTES, "test");
      tiles = dnnl.take(transformed * Float.BYTES, "test");
    }

    Tiles java() {
      return new SquareTiles(dnnl, "x", images);
    }

    Tiles fast() {
      return new NativeTiles(dnnl, "x", type, 4, images, false);
    }

    long floats() {
      return floats.address(0);
    }

    long images() {
      return given.address(0);
    }

    long javaTiles() {
      return javaTiles.address(0);
    }

    long tiles() {
      return tiles.address(0);
    }

    /** The same values for both, which bf16 has. */
    void randomImages() {
      long key = CounterRandom.key(1, 1, 1);
      for (int i = 0; i < values; i++) {
        float value = rounded((float) (2 * CounterRandom.uniform(key, i) - 1));
        put(floats, i, value);
        if (type == DType.F32) {
          put(given, i, value);
        } else {
          buffer(given).putShort(i * Short.BYTES, (short) (Float.floatToIntBits(value) >>> 16));
        }
      }
    }

    void randomTiles() {
      long key = CounterRandom.key(2, 1, 1);
      for (int i = 0; i < tiles.bytes() / Float.BYTES; i++) {
        float value = (float) (2 * CounterRandom.uniform(key, i) - 1);
        put(javaTiles, i, value);
        put(tiles, i, value);
      }
    }

    float[] read(NativeMemory memory) {
      float[] values = new float[Math.toIntExact(memory.bytes() / Float.BYTES)];
      buffer(memory).asFloatBuffer().get(values);
      return values;
    }

    float[] readImages() {
      if (type == DType.F32) {
        return read(given);
      }
      float[] values = new float[Math.toIntExact(this.values)];
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.intBitsToFloat(buffer(given).getShort(i * Short.BYTES) << 16);
      }
      return values;
    }

    /** What Java computed, in the type of the images. */
    float[] roundedFloats() {
      float[] values = read(floats);
      for (int i = 0; type == DType.BF16 && i < values.length; i++) {
        values[i] = rounded(values[i]);
      }
      return values;
    }

    private static float rounded(float value) {
      return (float) DType.BF16.round(value);
    }

    @Override
    public void close() {
      floats.close();
      given.close();
      javaTiles.close();
      tiles.close();
      dnnl.close();
    }
  }
}
