package org.vgg4j.backend.onednn;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's own loops in C++ ({@code native/cpu}), which a build compiles where it finds a
 * compiler. They run in the threads of OpenMP that oneDNN runs in. Optimizers and sums have the
 * bits of the loops in Java that compute them elsewhere. Addresses are of floats in native memory.
 */
final class CpuLibrary {
  private static final Logger LOG = LoggerFactory.getLogger(CpuLibrary.class);
  private static final boolean LOADED = load();

  private CpuLibrary() {}

  /** Returns whether it was built for this system, loads, and runs on this processor. */
  static boolean isLoaded() {
    return LOADED;
  }

  private static boolean load() {
    URL library = CpuLibrary.class.getResource(Loader.getPlatform() + "/libvgg4j-cpu.so");
    if (library == null || OpenMp.instance() == null || !Dnnl.hasAvx512()) {
      return false;
    }
    try {
      Path file = Files.createTempFile(Loader.getCacheDir().toPath(), "libvgg4j-cpu", ".so");
      try (InputStream bytes = library.openStream()) {
        Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
        System.load(file.toString());
        return true;
      } finally {
        Files.delete(file); // what is loaded stays
      }
    } catch (IOException | UnsatisfiedLinkError e) {
      LOG.warn("{} does not load ({}); loops in Java take its place", library, e.toString());
      return false;
    }
  }

  /**
   * Sums of {@link BatchStatistics}, in double: (block, group, part, place in the block).
   *
   * @param scratch three times {@code lanes} floats for each thread
   */
  static native void sums(
      long values,
      long sums,
      long squares,
      long scratch,
      int block,
      int blocks,
      int images,
      long runLength,
      int lanes,
      long partLength,
      int parts,
      int together,
      int groups);

  /** Copies the first 8 of the 16 values in bf16 of each pixel: {@link Reorder}. */
  static native void firstHalves(long from, long to, long pixels);

  /** Asks for large pages of memory, which the system may give. */
  static native void preferLargePages(long address, long bytes);

  /** A step of {@link OneDnnAdam}. */
  static native void adam(
      long p,
      long g,
      long m,
      long v,
      long count,
      float beta1,
      float oneMinusBeta1,
      float beta2,
      float oneMinusBeta2,
      float epsilon,
      float weightDecay,
      float stepSize,
      float rootCorrection);

  /** A step of {@link OneDnnSgd} without momentum. */
  static native void sgd(long p, long g, long count, float rate, float weightDecay);

  /** A step of {@link OneDnnSgd} with momentum. */
  static native void momentum(
      long p, long g, long v, long count, float rate, float weightDecay, float momentum);
}
