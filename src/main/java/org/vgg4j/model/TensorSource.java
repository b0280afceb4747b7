package org.vgg4j.model;

import java.nio.ByteBuffer;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.tensor.Tensor;

/**
 * A tensor's values for a file: one copy on the heap, made at the first piece and dropped after the
 * last.
 */
final class TensorSource implements SafeTensor.ElementSource {
  private final Tensor tensor;
  private final boolean wide;
  private float[] floats;
  private double[] doubles;

  TensorSource(Tensor tensor, boolean wide) {
    this.tensor = tensor;
    this.wide = wide;
  }

  @Override
  public void fill(long firstElement, ByteBuffer chunk) {
    int first = Math.toIntExact(firstElement);
    int length = tensor.shape().arrayLength();
    int count;
    if (wide) {
      count = chunk.remaining() / Double.BYTES;
      if (doubles == null) {
        doubles = new double[length];
        tensor.download(doubles);
      }
      chunk.asDoubleBuffer().put(doubles, first, count);
      chunk.position(chunk.position() + count * Double.BYTES);
    } else {
      count = chunk.remaining() / Float.BYTES;
      if (floats == null) {
        floats = new float[length];
        tensor.download(floats);
      }
      chunk.asFloatBuffer().put(floats, first, count);
      chunk.position(chunk.position() + count * Float.BYTES);
    }
    if (first + count == length) {
      floats = null;
      doubles = null;
    }
  }
}
