package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;

/** Floats in native memory, wherever the window is. */
final class FloatWindowTest {
  @Test
  void theWindowMovesForwardsAndBackwards() {
    try (FloatPointer floats = new FloatPointer(0, 1, 2, 3, 4, 5, 6, 7)) {
      FloatWindow window = new FloatWindow(floats.address(), 8);
      float[] values = new float[3];
      window.get(4, values, 0, 3);
      assertArrayEquals(new float[] {4, 5, 6}, values);
      window.get(1, values, 0, 2);
      assertArrayEquals(new float[] {1, 2, 6}, values);
      window.get(6, values, 1, 2);
      assertArrayEquals(new float[] {1, 6, 7}, values);
      window.put(0, new float[] {9, 10, 11}, 1, 2);
      window.put(7, new float[] {17}, 0, 1);
      float[] all = new float[8];
      floats.get(all);
      assertArrayEquals(new float[] {10, 11, 2, 3, 4, 5, 6, 17}, all);
      assertThrows(IndexOutOfBoundsException.class, () -> window.get(6, values, 0, 3));
    }
  }
}
