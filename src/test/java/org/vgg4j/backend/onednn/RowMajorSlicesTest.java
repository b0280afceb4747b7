package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.dnnl.memory;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemorySpace;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** Uploads, fills and downloads of tensors in blocks, slice by slice. */
final class RowMajorSlicesTest {
  private static final int ROWS = 1000; // not whole blocks
  private static final int COLUMNS = 1200 * 9;

  @Test
  void largeTensorsAreCopiedInSlices() {
    OneDnnLayout blocks = blocks();
    try (OneDnnBackend backend = new OneDnnBackend();
        Arena arena = backend.allocate(Arena.align(blocks.bytes()), "test")) {
      Tensor tensor = arena.tensor(0, blocks);
      float[] values = new float[ROWS * COLUMNS];
      for (int i = 0; i < values.length; i++) {
        values[i] = i % 9973;
      }
      tensor.fill(i -> values[i]);
      float[] back = new float[values.length];
      tensor.download(back);
      assertArrayEquals(values, back);

      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.nativeOrder());
      bytes.asFloatBuffer().put(values).put(7, -1);
      tensor.upload(bytes);
      assertEquals(0, bytes.position(), "an upload leaves its source's position");
      tensor.download(back);
      values[7] = -1;
      assertArrayEquals(values, back);
    }
  }

  @Test
  void slicesTakeLittleMemory() {
    OneDnnLayout blocks = blocks();
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

  private static OneDnnLayout blocks() {
    Shape shape = Shape.of(ROWS, COLUMNS);
    return OneDnnLayout.of(
        shape, new memory.desc(Dnnl.dims(shape), memory.data_type.f32, memory.format_tag.AB16b64a));
  }
}
