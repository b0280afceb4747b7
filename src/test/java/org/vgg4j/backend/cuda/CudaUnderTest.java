package org.vgg4j.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.vgg4j.tensor.Precision;

/**
 * What the GPU engine's tests run on: the CPU stand-in for CUDA, or a GPU when the property {@code
 * vgg4j.cuda.test} is {@code gpu}. Numbers from the stand-in say nothing of a GPU's speed or
 * rounding.
 */
public final class CudaUnderTest {
  private static final Path STAND_IN =
      Path.of(
          System.getProperty(
              "vgg4j.standin",
              Path.of(System.getProperty("basedir", "."), "target", "standin").toString()));

  private static final Path FOLDER = STAND_IN.resolve("lib");

  /** The stand-in fills what is allocated, so not a gigabyte. */
  private static final long MEASURING_LIMIT = 16L << 20;

  private CudaUnderTest() {}

  /** Returns whether a GPU was asked for. */
  public static boolean isGpu() {
    return System.getProperty("vgg4j.cuda.test", "standin").equals("gpu");
  }

  /** Opens the engine, strict. */
  public static CudaBackend open() {
    return open(CudaOptions.STRICT);
  }

  /** Opens the engine with options of its own; the libraries are those under test. */
  public static CudaBackend open(CudaOptions options) {
    return new CudaBackend(with(options));
  }

  /** Returns options with the libraries under test, and no graphs where the run is without. */
  public static CudaOptions with(CudaOptions options) {
    boolean isWithout = System.getProperty("vgg4j.cuda.test.graph", "true").equals("false");
    return (isWithout ? options.withGraph(false) : options).withLibraries(libraries());
  }

  /** Skips a test that compares with the CPU engine where a bundle has none. */
  public static void requireCpuEngine() {
    Assumptions.assumeFalse(
        Boolean.getBoolean("vgg4j.test.withoutCpu"), "this bundle has no CPU engine");
  }

  /** Returns strict options that measure their algorithms. */
  public static CudaOptions measuring(Path cache, Map<String, String> choices) {
    return measuring(Precision.FP32, Activations.AUTO, choices, cache);
  }

  /** Returns options that measure their algorithms. */
  public static CudaOptions measuring(
      Precision precision, Activations activations, Map<String, String> choices, Path cache) {
    return options(precision, activations, false, choices, cache);
  }

  /** Returns deterministic options. */
  public static CudaOptions deterministic(Precision precision, Activations activations) {
    return options(precision, activations, true, Map.of(), null);
  }

  private static CudaOptions options(
      Precision precision,
      Activations activations,
      boolean deterministic,
      Map<String, String> choices,
      Path cache) {
    return with(
        new CudaOptions(
            0,
            List.of(),
            MEASURING_LIMIT,
            precision,
            deterministic,
            choices,
            activations,
            true,
            CudaOptions.DEFAULT_READ_INTERVAL,
            cache));
  }

  /** Returns the folders to load from: the stand-in's, none for a GPU. */
  public static List<Path> libraries() {
    return isGpu() ? List.of() : List.of(FOLDER.toAbsolutePath());
  }

  /** Returns why there is nothing to run on, null when there is. */
  static String missing() {
    if (isGpu()) {
      return null;
    }
    try {
      Path missing = STAND_IN.resolve("missing.txt");
      if (Files.exists(missing)) {
        return Files.readString(missing).strip();
      }
      return Files.isRegularFile(FOLDER.resolve("libcudart.so.13"))
          ? null
          : "the CPU stand-in for CUDA was not built: no " + FOLDER;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
