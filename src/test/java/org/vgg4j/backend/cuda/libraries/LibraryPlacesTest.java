package org.vgg4j.backend.cuda.libraries;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where libraries are looked for. */
@EnabledOnOs(OS.LINUX)
final class LibraryPlacesTest {
  @TempDir private Path folder;

  private Path folder(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  @Test
  void namedFoldersComeFirstInTheirOrder() throws IOException {
    Path asked = folder("asked");
    Path ours = folder("ours");
    Path home = folder("home/lib64");
    Map<String, String> environment =
        Map.of("VGG4J_CUDA_LIBS", ours.toString(), "CUDA_HOME", home.getParent().toString());
    List<Path> places = LibraryPlaces.of(List.of(asked), environment::get);
    assertEquals(List.of(asked, ours, home.getParent(), home), places.subList(0, 4));
  }

  @Test
  void wheelsOfAnEnvironmentAreFound() throws IOException {
    Path site = folder("venv/lib/python3.12/site-packages");
    Path cudnn = folder("venv/lib/python3.12/site-packages/nvidia/cudnn/lib");
    Path cuda = folder("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
    for (Path named : List.of(folder.resolve("venv"), site)) {
      List<Path> places = LibraryPlaces.of(List.of(named), name -> null);
      assertTrue(places.containsAll(List.of(cuda, cudnn)), places::toString);
      assertTrue(places.indexOf(cuda) < places.indexOf(cudnn), "in the order of their names");
    }
  }

  @Test
  void versionsOfALibraryAreTheSameLibrary() throws IOException {
    Files.createFile(folder("lib").resolve("libcudnn.so.9.19.0"));
    Files.createFile(folder("lib").resolve("libcudnn_ops.so.9"));
    Files.createFile(folder("lib").resolve("libcudart.so.12"));
    Map<CudaLibrary, Path> found = CudaLibraries.survey(List.of(folder("lib")));
    assertEquals(
        List.of("cuDNN", "cuDNN ops"), found.keySet().stream().map(CudaLibrary::name).toList());
  }

  @Test
  void partsOfCudnnAreOfOneFolder() throws IOException {
    Path first = folder("first");
    Path second = folder("second");
    Files.createFile(first.resolve("libcudnn.so.9"));
    Files.createFile(first.resolve("libcudnn_graph.so.9"));
    Files.createFile(second.resolve("libcudnn.so.9"));
    Files.createFile(second.resolve("libcudnn_ops.so.9"));
    Files.createFile(second.resolve("libcudart.so.13"));
    Map<CudaLibrary, Path> found = CudaLibraries.survey(List.of(first, second));
    assertEquals(
        List.of("CUDA runtime", "cuDNN", "cuDNN graph"),
        found.keySet().stream().map(CudaLibrary::name).toList());
    found.forEach(
        (library, file) ->
            assertEquals(
                library.name().startsWith("cuDNN") ? first : second,
                file.getParent(),
                file::toString));
  }

  @Test
  void cudnnThatDoesNotFitIsNamed() {
    assertNull(CudaLibraries.cudnnProblem(91_200, 13_000));
    assertNull(CudaLibraries.cudnnProblem(92_400, 13_020));
    assertEquals("cuDNN 9.8.0", CudaLibraries.cudnnProblem(90_800, 13_000));
    assertEquals("cuDNN 9.12.0 for CUDA 12.9", CudaLibraries.cudnnProblem(91_200, 12_090));
  }

  @Test
  void missingPartsAreNamedOnce() {
    String install = CudaLibraries.install(CudaLibrary.all());
    assertEquals(install.indexOf("NVIDIA driver"), install.lastIndexOf("NVIDIA driver"));
    assertTrue(install.contains("CUDA 13") && install.contains("cuDNN 9"), install);
    assertFalse(install.contains("null"), install);
  }
}
