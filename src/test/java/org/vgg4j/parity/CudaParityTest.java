package org.vgg4j.parity;

import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.tensor.Backend;

/** The GPU engine, strict, on the stand-in or on a GPU. */
@OnCuda
class CudaParityTest extends ParityTest {
  @Override
  Backend open() {
    return CudaUnderTest.open();
  }

  @Override
  final String engine() {
    return name() + variant();
  }

  /** Returns what the engine runs on. */
  static String name() {
    return CudaUnderTest.isGpu() ? "cuda" : "cuda on the stand-in";
  }

  String variant() {
    return "";
  }

  @Override
  double tolerance() {
    return 1e-4;
  }
}
