package org.vgg4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Tensors from and to buffers: a tensor's own type, row-major, in the machine's byte order. */
final class HostBuffers {
  private static final int CHUNK = 1 << 16;

  private HostBuffers() {}

  /** Returns a view of the bytes that the tensor takes; throws unless exactly those remain. */
  private static ByteBuffer view(Tensor tensor, ByteBuffer buffer) {
    HostArrays.checkBytes(tensor, buffer);
    return buffer.duplicate().order(ByteOrder.nativeOrder());
  }

  /** Computes the values in parallel, in the tensor's own type. */
  static void fill(Tensor tensor, IntToDoubleFunction values) {
    HostArrays.checkFloating(tensor);
    DType type = tensor.dtype();
    int count = tensor.shape().arrayLength();
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(count, type.bytes())).order(ByteOrder.nativeOrder());
    IntStream.range(0, (count + CHUNK - 1) / CHUNK)
        .parallel()
        .forEach(
            chunk -> {
              int end = Math.min(count, (chunk + 1) * CHUNK);
              for (int i = chunk * CHUNK; i < end; i++) {
                type.put(buffer, i, values.applyAsDouble(i));
              }
            });
    upload(tensor, buffer);
  }

  static void upload(Tensor tensor, ByteBuffer source) {
    ByteBuffer view = view(tensor, source);
    int count = tensor.shape().arrayLength();
    switch (tensor.dtype()) {
      case F64 -> {
        double[] values = new double[count];
        view.asDoubleBuffer().get(values);
        tensor.upload(values);
      }
      case F32 -> {
        float[] values = new float[count];
        view.asFloatBuffer().get(values);
        tensor.upload(values);
      }
      case BF16 -> {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
          values[i] = Float.intBitsToFloat(view.getShort() << 16);
        }
        tensor.upload(values);
      }
      case U8 -> {
        byte[] values = new byte[count];
        view.get(values);
        tensor.upload(values);
      }
      case I32 -> {
        int[] values = new int[count];
        view.asIntBuffer().get(values);
        tensor.upload(values);
      }
      case I64 -> {
        long[] values = new long[count];
        view.asLongBuffer().get(values);
        tensor.upload(values);
      }
    }
  }

  static void download(Tensor tensor, ByteBuffer target) {
    ByteBuffer view = view(tensor, target);
    int count = tensor.shape().arrayLength();
    switch (tensor.dtype()) {
      case F64 -> {
        double[] values = new double[count];
        tensor.download(values);
        view.asDoubleBuffer().put(values);
      }
      case F32 -> {
        float[] values = new float[count];
        tensor.download(values);
        view.asFloatBuffer().put(values);
      }
      case BF16 -> {
        float[] values = new float[count];
        tensor.download(values);
        for (float value : values) {
          view.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        }
      }
      case U8 -> {
        byte[] values = new byte[count];
        tensor.download(values);
        view.put(values);
      }
      case I32 -> {
        int[] values = new int[count];
        tensor.download(values);
        view.asIntBuffer().put(values);
      }
      case I64 -> {
        long[] values = new long[count];
        tensor.download(values);
        view.asLongBuffer().put(values);
      }
    }
  }
}
