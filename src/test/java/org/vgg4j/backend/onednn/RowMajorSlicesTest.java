package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.dnnl.memory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Uploads, fills and downloads of tensors in blocks, slice by slice. */
final class RowMajorSlicesTest {
  private static final int ROWS = 1000; // not whole blocks
  private static final int COLUMNS = 1200 * 9;

  /** Blocks of 64, 48 and 24 rows, in single precision and in bf16. */
  @ParameterizedTest
  @CsvSource({"AB16b64a, f32", "AB16b48a, f32", "AB8b24a, f32", "AB16b64a, bf16"})
  void largeTensorsAreCopiedInSlices(memory.format_tag order, memory.data_type type) {
    OneDnnLayout blocks = blocks(order, type);
    try (OneDnnBackend backend = new OneDnnBackend();
        Arena arena = backend.allocate(Arena.align(blocks.bytes()), "test")) {
      Tensor tensor = arena.tensor(0, blocks);
      float[] values = new float[ROWS * COLUMNS];
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 251; // bf16 has 8 bits
      }
      tensor.fill(i -> values[i]);
      float[] back = new float[values.length];
      tensor.download(back);
      assertArrayEquals(values, back);

      int size = blocks.dtype().bytes();
      ByteBuffer bytes = ByteBuffer.allocate(8 + size * values.length);
      bytes.order(ByteOrder.nativeOrder()).position(8);
      tensor.download(bytes);
      blocks.dtype().put(bytes.slice().order(ByteOrder.nativeOrder()), 7, -1);
      tensor.upload(bytes);
      assertEquals(8, bytes.position(), "an upload leaves its source's position");
      tensor.download(back);
      values[7] = -1;
      assertArrayEquals(values, back);
    }
  }

  @Test
  void slicesTakeLittleMemory() {
    OneDnnLayout blocks = blocks(memory.format_tag.AB16b64a, memory.data_type.f32);
    try (Dnnl dnnl = new Dnnl(OneDnnOptions.DEFAULT);
        OneDnnArena arena = new OneDnnArena(dnnl, Arena.align(blocks.bytes()), "test")) {
      long[] most = {0};
      int[] begins = {0};
      RowMajorSlices.read(
          dnnl,
          arena.tensor(0, blocks),
          (copy, begin) -> {
            assertEquals(begins[0], begin);
            begins[0] += copy.shape().arrayLength();
            long now = dnnl.ledger().use().bytes(MemoryOwner.STAGING, MemorySpace.DEVICE);
            most[0] = Math.max(most[0], now);
          });
      assertEquals(ROWS * COLUMNS, begins[0]);
      assertTrue(most[0] > 0 && most[0] <= 16 << 20, most[0] + " bytes");
    }
  }

  private static OneDnnLayout blocks(memory.format_tag order, memory.data_type type) {
    Shape shape = Shape.of(ROWS, COLUMNS);
    return OneDnnLayout.of(shape, new memory.desc(Dnnl.dims(shape), type, order));
  }
}
