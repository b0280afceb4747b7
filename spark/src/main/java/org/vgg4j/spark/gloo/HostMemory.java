package org.vgg4j.spark.gloo;

import org.bytedeco.javacpp.Pointer;

/** Memory of an engine as libtorch takes it; it is freed by the engine. */
final class HostMemory extends Pointer {
  HostMemory(long address) {
    this.address = address;
  }
}
