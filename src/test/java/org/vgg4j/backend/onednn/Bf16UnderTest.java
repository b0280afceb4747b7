package org.vgg4j.backend.onednn;

import org.vgg4j.tensor.Precision;

/** The CPU engine in bf16 as tests take it: emulated where the processor has no instructions. */
public final class Bf16UnderTest {
  private Bf16UnderTest() {}

  /** Returns the options. */
  public static OneDnnOptions options() {
    return OneDnnOptions.DEFAULT.withPrecision(Precision.BF16).withEmulation(true);
  }

  /** Opens an engine. */
  public static OneDnnBackend open() {
    return new OneDnnBackend(options());
  }

  /** Returns whether oneDNN computes in bf16 here, if need be by emulation. */
  public static boolean isThere() {
    return Dnnl.hasAvx512();
  }

  /** Returns whether convolutions can be computed by minimal filtering in bf16 here. */
  public static boolean filters() {
    return isThere() && CpuLibrary.isLoaded();
  }
}
