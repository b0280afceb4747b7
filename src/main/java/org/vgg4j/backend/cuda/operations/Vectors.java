package org.vgg4j.backend.cuda.operations;

import org.vgg4j.tensor.DType;

/** How kernels access values of a type: 16 bytes at a time where they can. */
final class Vectors {
  private static final int ACCESS_BYTES = 16;

  private Vectors() {}

  /** Returns the name of a kernel for a type, F32 or BF16. */
  static String kernel(String name, DType type) {
    return name + (type == DType.F32 ? "_f32" : "_bf16");
  }

  /** Returns how many values of rows of so many channels an access reads. */
  static int perAccess(DType type, int channels) {
    int most = ACCESS_BYTES / type.bytes();
    return channels % most == 0 ? most : 1;
  }
}
