package org.vgg4j.backend.cuda.calls;

/** Formats the version numbers of NVIDIA's libraries. */
public final class Versions {
  private Versions() {}

  /** Formats CUDA's 13000 as 13.0. */
  public static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** Formats cuDNN's 91900 as 9.19.0 and cuBLAS's 130001 as 13.0.1. */
  public static String library(long version) {
    return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
  }
}
