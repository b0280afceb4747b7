package org.vgg4j.collective;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.InvalidInputException;

/** Elements of a rank's slab, which other threads of the process may read and write, too. */
abstract class LocalPart {
  /** So many elements are added at a time. */
  private static final int CHUNK = 1 << 12;

  /** A view has at most so many bytes, a multiple of a chunk's. */
  private static final int VIEW_BYTES = 1 << 30;

  /** Reads elements as doubles, which hold floats exactly. */
  abstract void read(long at, double[] into, int count);

  abstract void write(long at, double[] from, int count);

  /** Adds elements to sums, in the precision of the elements. */
  abstract void add(long at, double[] sums, int count);

  abstract long count();

  /**
   * Takes elements of a slab.
   *
   * @throws InvalidInputException for memory of a GPU, and for types that it cannot add
   */
  static LocalPart of(Arena slab, DType type, long from, long count) {
    Elements elements = slab.elements();
    if (elements instanceof Elements.Heap heap) {
      return new Heap(heap.values(), (int) from, (int) count);
    }
    if (!(elements instanceof Elements.Host)) {
      throw new InvalidInputException(
          "ranks that are threads of one process cannot add up a GPU's memory; use NCCL for GPUs");
    }
    if (type != DType.F32 && type != DType.F64) {
      throw new InvalidInputException(
          "ranks that are threads of one process add up F32 and F64, not " + type);
    }
    return new Host(slab, type, from, count);
  }

  /** Replaces the elements of all ranks by their sums, in the order of the ranks. */
  static Object sum(Object[] all) {
    LocalPart[] parts = Stream.of(all).toArray(LocalPart[]::new);
    double[] sums = new double[CHUNK];
    long count = parts[0].count();
    for (long at = 0; at < count; at += CHUNK) {
      int now = (int) Math.min(CHUNK, count - at);
      parts[0].read(at, sums, now);
      for (int r = 1; r < parts.length; r++) {
        parts[r].add(at, sums, now);
      }
      for (LocalPart part : parts) {
        part.write(at, sums, now);
      }
    }
    return parts; // anything: the elements are the result
  }

  /** Replaces the elements of all ranks by those of rank 0. */
  static Object broadcast(Object[] all) {
    LocalPart[] parts = Stream.of(all).toArray(LocalPart[]::new);
    double[] values = new double[CHUNK];
    long count = parts[0].count();
    for (long at = 0; at < count; at += CHUNK) {
      int now = (int) Math.min(CHUNK, count - at);
      parts[0].read(at, values, now);
      for (int r = 1; r < parts.length; r++) {
        parts[r].write(at, values, now);
      }
    }
    return parts; // anything: the elements are the result
  }

  private static final class Heap extends LocalPart {
    private final double[] values;
    private final int from;
    private final int count;

    Heap(double[] values, int from, int count) {
      if (from < 0 || count < 0 || from > values.length - count) {
        throw new IllegalArgumentException(count + " elements at " + from + " of " + values.length);
      }
      this.values = values;
      this.from = from;
      this.count = count;
    }

    @Override
    void read(long at, double[] into, int length) {
      System.arraycopy(values, (int) (from + at), into, 0, length);
    }

    @Override
    void write(long at, double[] source, int length) {
      System.arraycopy(source, 0, values, (int) (from + at), length);
    }

    @Override
    void add(long at, double[] sums, int length) {
      int begin = (int) (from + at);
      for (int i = 0; i < length; i++) {
        sums[i] += values[begin + i];
      }
    }

    @Override
    long count() {
      return count;
    }
  }

  private static final class Host extends LocalPart {
    private final boolean isDouble;
    private final long count;
    private final int perView;
    private final List<ByteBuffer> views = new ArrayList<>();
    private final float[] floats; // of a chunk; null for doubles

    Host(Arena slab, DType type, long from, long count) {
      isDouble = type == DType.F64;
      this.count = count;
      int bytes = isDouble ? Double.BYTES : Float.BYTES;
      perView = VIEW_BYTES / bytes;
      floats = isDouble ? null : new float[CHUNK];
      for (long at = 0; at < count; at += perView) {
        int length = (int) Math.min(perView, count - at) * bytes;
        views.add(slab.view((from + at) * bytes, length));
      }
    }

    private ByteBuffer view(long at) {
      return views.get((int) (at / perView));
    }

    private int index(long at) {
      return (int) (at % perView);
    }

    @Override
    void read(long at, double[] into, int length) {
      Arrays.fill(into, 0, length, 0);
      if (isDouble) {
        view(at).asDoubleBuffer().get(index(at), into, 0, length);
        return;
      }
      view(at).asFloatBuffer().get(index(at), floats, 0, length);
      for (int i = 0; i < length; i++) {
        into[i] = floats[i];
      }
    }

    @Override
    void write(long at, double[] source, int length) {
      if (isDouble) {
        view(at).asDoubleBuffer().put(index(at), source, 0, length);
        return;
      }
      for (int i = 0; i < length; i++) {
        floats[i] = (float) source[i];
      }
      view(at).asFloatBuffer().put(index(at), floats, 0, length);
    }

    @Override
    void add(long at, double[] sums, int length) {
      if (isDouble) {
        for (int i = 0; i < length; i++) {
          sums[i] += view(at).getDouble((index(at) + i) * Double.BYTES);
        }
        return;
      }
      view(at).asFloatBuffer().get(index(at), floats, 0, length);
      for (int i = 0; i < length; i++) {
        sums[i] = (float) sums[i] + floats[i];
      }
    }

    @Override
    long count() {
      return count;
    }
  }
}
