package org.vgg4j.model;

import java.util.stream.LongStream;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.HostArrays;
import org.vgg4j.tensor.Tensor;

/** A copy of a tensor's values on the heap, in the tensor's own precision. */
public final class HostTensor {
  private final long[] shape;
  private final float[] floats; // null when wide
  private final double[] doubles; // null unless wide

  public HostTensor(Tensor tensor) {
    shape = LongStream.range(0, tensor.shape().rank()).map(i -> dim(tensor, i)).toArray();
    int length = tensor.shape().arrayLength();
    boolean wide = tensor.dtype() == DType.F64;
    floats = wide ? null : new float[length];
    doubles = wide ? new double[length] : null;
    if (wide) {
      tensor.download(doubles);
    } else {
      tensor.download(floats);
    }
  }

  private static long dim(Tensor tensor, long axis) {
    return tensor.shape().dim((int) axis);
  }

  /** Returns whether no value is infinite or NaN. */
  public boolean isFinite() {
    return floats != null ? HostArrays.isFinite(floats) : HostArrays.isFinite(doubles);
  }

  /** Returns the tensor for a file, over the same array. */
  public SafeTensor named(String name) {
    return floats != null
        ? SafeTensor.ofFloats(name, floats, shape)
        : SafeTensor.ofDoubles(name, doubles, shape);
  }
}
