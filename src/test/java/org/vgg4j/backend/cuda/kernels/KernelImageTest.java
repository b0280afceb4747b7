package org.vgg4j.backend.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.backend.cuda.StandIn;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
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

  /** Nothing that fails after the first failure hides it, and the program is released. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nvrtcVersion",
        "nvrtcCreateProgram",
        "nvrtcCompileProgram",
        "nvrtcGetCUBINSize",
        "nvrtcGetCUBIN",
        "nvrtcDestroyProgram"
      })
  void failuresOfTheCompiler(String function) {
    StandIn.require();
    try (CudaContext context = CudaContext.open(0)) {
      Map<String, Long> before = StandIn.live();
      for (String fault : List.of(function + "@1=11", function + "@1=11+")) {
        StandIn.faults(fault);
        CudaException failure =
            assertThrows(
                CudaException.class,
                () -> KernelImage.compiled(context.status(), context.info(), null));
        StandIn.reset();
        assertEquals(function, failure.call(), fault);
        assertEquals(before, StandIn.live(), fault);
      }
      assertTrue(KernelImage.compiled(context.status(), context.info(), null).bytes().length > 0);
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
