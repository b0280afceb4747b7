package org.vgg4j.backend.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;

/** The kernels: compiled by the build when it belongs to the sources, else here, and kept. */
@OnCuda
final class KernelImageTest {
  @TempDir private Path cache;

  @Test
  void fatbinOfOtherSourcesIsNotTaken() {
    assertNull(KernelSources.fatbin(KernelSources.hash("other sources")));
  }

  @Test
  void sourcesAreOneProgramWithoutIncludes() {
    String text = KernelSources.text();
    assertFalse(text.contains("#include"), "NVRTC finds no files");
    assertTrue(text.indexOf("struct StepState") < text.indexOf("void vgg4j_adam"));
  }

  @Test
  void compiledOnceAndKept() {
    CudaLibraries.load(CudaUnderTest.libraries());
    try (CudaContext context = CudaContext.open(0)) {
      KernelImage first = KernelImage.compiled(context.status(), context.info(), cache);
      assertEquals("compiled by NVRTC just now", first.origin());
      KernelImage second = KernelImage.compiled(context.status(), context.info(), cache);
      assertTrue(second.origin().startsWith("compiled by NVRTC, from " + cache), second::origin);
      assertArrayEquals(first.bytes(), second.bytes());
      try (Kernels kernels = Kernels.of(context, second);
          KernelLaunch launch = kernels.grid("vgg4j_accumulate", 1, 1, 3)) {
        launch.launch(); // of no elements
        context.synchronize();
      }
    }
  }

  /** Found out when it is loaded, or, where CUDA loads lazily, at the first launch. */
  @ParameterizedTest
  @ValueSource(strings = {"cudaLibraryLoadData@1=209", "cudaLaunchKernel@1=209"})
  void fatbinForOtherGpusIsCompiledHere(String fault) {
    StandIn.require();
    StandIn.faults(fault);
    try (CudaBackend backend = CudaUnderTest.open()) {
      assertTrue(backend.description().contains("NVRTC"), backend::description);
    }
    StandIn.reset();
  }
}
