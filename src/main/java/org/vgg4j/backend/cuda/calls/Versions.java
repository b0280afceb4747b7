package org.vgg4j.backend.cuda.calls;

/** The numbers that NVIDIA's libraries give as their versions, as people write them. */
public final class Versions {
  private Versions() {}

  /** Returns CUDA's 13000 as 13.0. */
  public static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** Returns cuDNN's 91900 as 9.19.0 and cuBLAS's 130001 as 13.0.1. */
  public static String library(long version) {
    return version / 10_000 + "." + version % 10_000 / 100 + "." + version % 100;
  }
}
