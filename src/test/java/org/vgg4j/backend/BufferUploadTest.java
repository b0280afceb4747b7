package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** The CPU engine takes a buffer's bytes as they are, and into its own orders. */
final class BufferUploadTest {
  private static final int BEFORE = 12; // bytes of something else

  @Test
  void aBufferBecomesTheTensorWhateverItsOrder() {
    Conv2dSpec spec = new Conv2dSpec(32, 32, 3, 1, false, false);
    try (Backend engine = Backends.open("cpu").backend()) {
      Layout plain = engine.plainLayout(Shape.of(2, 32, 8, 8), engine.types().activation());
      try (WeightedPlan plan = engine.conv2d(spec, plain, null, Usage.TRAINING)) {
        assertTrue(plan.w().toString().contains("in oneDNN's order"), plan.w().toString());
        for (Layout layout : List.of(plain, plan.w())) {
          assertUploads(engine, layout);
        }
      }
    }
  }

  private static void assertUploads(Backend engine, Layout layout) {
    int count = layout.shape().arrayLength();
    int bytes = BEFORE + count * Float.BYTES;
    try (Arena arena = engine.allocate(Arena.align(layout.bytes()))) {
      Tensor tensor = arena.tensor(0, layout);
      for (ByteBuffer buffer :
          List.of(ByteBuffer.allocateDirect(bytes), ByteBuffer.allocate(bytes))) {
        buffer.order(ByteOrder.nativeOrder()).position(BEFORE);
        float[] expected = new float[count];
        for (int i = 0; i < count; i++) {
          expected[i] = i + (buffer.isDirect() ? 0.5f : 0.25f);
        }
        buffer.asFloatBuffer().put(expected);
        tensor.upload(buffer);
        assertEquals(BEFORE, buffer.position());
        float[] actual = new float[count];
        tensor.download(actual);
        assertArrayEquals(expected, actual);
        buffer.position(BEFORE + 1);
        assertThrows(InvalidInputException.class, () -> tensor.upload(buffer));
      }
    }
  }
}
