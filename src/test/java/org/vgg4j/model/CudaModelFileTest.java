package org.vgg4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaUnderTest;
import org.vgg4j.backend.cuda.OnCuda;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Precision;
import org.vgg4j.testing.TinyNets;

/** A model file has the same bytes whichever engine wrote it. */
@OnCuda
final class CudaModelFileTest {
  private static final List<String> CLASSES = List.of("a", "b", "c");

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void sameBytesFromTheGpuAndTheCpu(Precision precision) throws IOException {
    CudaUnderTest.requireCpuEngine();
    VggConfig config = TinyNets.config("5,8,M,20,5,M", true, CLASSES.size(), 0.5);
    Path cpu = folder.resolve("cpu.safetensors");
    Path gpu = folder.resolve("gpu.safetensors");
    Path again = folder.resolve("again.safetensors");
    try (Backend backend = Backends.open("cpu").backend();
        Vgg vgg = TinyNets.random(config, NetworkOptions.training(2), backend)) {
      ModelFile.save(vgg, CLASSES, cpu);
    }
    try (Backend backend =
            CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.RECOMPUTE));
        Vgg vgg = TinyNets.random(config, NetworkOptions.training(2), backend)) {
      ModelFile.save(vgg, CLASSES, gpu);
    }
    assertEquals(-1, Files.mismatch(cpu, gpu));
    try (Backend backend =
            CudaUnderTest.open(CudaUnderTest.deterministic(precision, Activations.KEEP));
        Vgg vgg = ModelFile.load(cpu, NetworkOptions.inference(2), backend).vgg()) {
      ModelFile.save(vgg, CLASSES, again);
    }
    assertArrayEquals(Files.readAllBytes(cpu), Files.readAllBytes(again));
  }
}
