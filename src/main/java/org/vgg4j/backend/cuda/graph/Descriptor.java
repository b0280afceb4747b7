package org.vgg4j.backend.cuda.graph;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudnn.cudnnBackendDescriptor_t;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudnnBackendCalls;
import org.vgg4j.tensor.Closing;

/**
 * A descriptor of cuDNN's graph API: attributes are set, then it is finished, then it can be read
 * and named by others. Its owner destroys it.
 */
final class Descriptor {
  private final CudnnBackendCalls calls;
  private final cudnnBackendDescriptor_t handle;
  private final String what;

  /**
   * Creates one.
   *
   * @param owner destroys it
   * @param type a CUDNN_BACKEND_..._DESCRIPTOR
   * @param what for messages
   */
  Descriptor(Closing owner, CudnnBackendCalls calls, int type, String what) {
    this.calls = calls;
    this.what = what;
    handle = calls.cudnnBackendCreateDescriptor(owner, type, what);
  }

  cudnnBackendDescriptor_t handle() {
    return handle;
  }

  String what() {
    return what;
  }

  private Descriptor set(int name, int type, long count, Pointer values) {
    calls.cudnnBackendSetAttribute(handle, name, type, count, values, what);
    return this;
  }

  Descriptor longs(int name, long... values) {
    try (LongPointer memory = new LongPointer(values)) {
      return set(name, cudnn.CUDNN_TYPE_INT64, values.length, memory);
    }
  }

  /** Sets a value of one of cuDNN's enumerations; {@code type} says which. */
  Descriptor constant(int name, int type, int value) {
    try (IntPointer memory = new IntPointer(new int[] {value})) {
      return set(name, type, 1, memory);
    }
  }

  Descriptor number(int name, float value) {
    try (FloatPointer memory = new FloatPointer(new float[] {value})) {
      return set(name, cudnn.CUDNN_TYPE_FLOAT, 1, memory);
    }
  }

  Descriptor yes(int name) {
    try (BytePointer memory = new BytePointer(new byte[] {1})) {
      return set(name, cudnn.CUDNN_TYPE_BOOLEAN, 1, memory);
    }
  }

  Descriptor text(int name, byte[] value) {
    try (BytePointer memory = new BytePointer(value)) {
      return set(name, cudnn.CUDNN_TYPE_CHAR, value.length, memory);
    }
  }

  Descriptor addresses(int name, Pointer... values) {
    try (PointerPointer<Pointer> memory = pointers(List.of(), values.length)) {
      for (int i = 0; i < values.length; i++) {
        memory.put(i, values[i]);
      }
      return set(name, cudnn.CUDNN_TYPE_VOID_PTR, values.length, memory);
    }
  }

  Descriptor part(int name, Descriptor value) {
    return parts(name, List.of(value));
  }

  Descriptor parts(int name, List<Descriptor> values) {
    try (PointerPointer<Pointer> memory = pointers(values, values.size())) {
      return set(name, cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR, values.size(), memory);
    }
  }

  Descriptor gpu(int name, CudaContext context) {
    calls.setHandle(handle, name, context, what);
    return this;
  }

  /** An array of pointers; of a single one its constructor would make something else. */
  private static PointerPointer<Pointer> pointers(List<Descriptor> values, int size) {
    PointerPointer<Pointer> memory = new PointerPointer<>(size);
    for (int i = 0; i < values.size(); i++) {
      memory.put(i, values.get(i).handle);
    }
    return memory;
  }

  /**
   * Finishes it.
   *
   * @throws org.vgg4j.backend.cuda.calls.CudaException when cuDNN refuses it
   */
  Descriptor finish() {
    calls.cudnnBackendFinalize(handle, what);
    return this;
  }

  long readLong(int name) {
    try (LongPointer memory = new LongPointer(1)) {
      get(name, cudnn.CUDNN_TYPE_INT64, 1, memory);
      return memory.get();
    }
  }

  int readConstant(int name, int type) {
    try (IntPointer memory = new IntPointer(1)) {
      get(name, type, 1, memory);
      return memory.get();
    }
  }

  /** Reads at most {@code most} values of one of cuDNN's enumerations. */
  List<Integer> readConstants(int name, int type, int most) {
    try (IntPointer memory = new IntPointer(most)) {
      long count = get(name, type, most, memory);
      List<Integer> values = new ArrayList<>();
      for (int i = 0; i < Math.min(count, most); i++) {
        values.add(memory.get(i));
      }
      return values;
    }
  }

  byte[] readText(int name) {
    long size = get(name, cudnn.CUDNN_TYPE_CHAR, 0, null);
    try (BytePointer memory = new BytePointer(size)) {
      get(name, cudnn.CUDNN_TYPE_CHAR, size, memory);
      byte[] value = new byte[Math.toIntExact(size)];
      memory.get(value);
      return value;
    }
  }

  /** Returns how many descriptors an attribute has. */
  int countParts(int name) {
    return (int) get(name, cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, null);
  }

  /** Reads an attribute's descriptors into new ones of their type; returns how many there were. */
  int readParts(int name, List<Descriptor> into) {
    if (into.isEmpty()) {
      return 0;
    }
    try (PointerPointer<Pointer> memory = pointers(into, into.size())) {
      return (int) get(name, cudnn.CUDNN_TYPE_BACKEND_DESCRIPTOR, into.size(), memory);
    }
  }

  private long get(int name, int type, long room, Pointer into) {
    return calls.cudnnBackendGetAttribute(handle, name, type, room, into, what);
  }
}
