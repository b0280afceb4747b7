package org.vgg4j.backend.cuda.libraries;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.cuda.calls.NcclCalls;

/** NVIDIA's own NCCL has every function that is called: a missing one would end the JVM. */
final class NcclSymbolsTest {
  private static final Path ROOT = Path.of(System.getProperty("basedir", "."));

  /** The first with all of them, 2.14. */
  private static final int OLDEST = 21_400;

  @Test
  void everyFunctionIsThere() throws IOException {
    String folder =
        System.getProperty(
            "vgg4j.cuda.libraries", ROOT.resolve("target/cuda-libraries").toString());
    Path library = Path.of(folder, "nvidia", "nccl", "lib", "libnccl.so.2").toAbsolutePath();
    Assumptions.assumeTrue(
        Files.isRegularFile(library),
        () -> "no %s: pip install --target DIR nvidia-nccl-cu13 puts it there".formatted(library));
    Loader.loadGlobal(library.toString());
    List<String> called =
        Files.readAllLines(ROOT.resolve("native/standin/functions.txt")).stream()
            .filter(line -> line.startsWith("nccl "))
            .map(line -> line.substring("nccl ".length()))
            .toList();
    assertTrue(called.size() >= 12, called::toString);
    for (String function : called) {
      assertNotNull(Loader.addressof(function), function);
    }
    CudaLibraries.bindAlone(nccl.class);
    assertTrue(NcclCalls.ncclGetVersion() >= OLDEST, () -> NcclCalls.ncclGetVersion() + "");
    assertEquals(
        "6 remote process exited or there was a network error",
        NcclCalls.text(nccl.ncclRemoteError));
  }
}
