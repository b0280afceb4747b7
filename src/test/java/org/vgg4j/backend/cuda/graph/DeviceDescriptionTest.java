package org.vgg4j.backend.cuda.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.vgg4j.tensor.InvalidInputException;

final class DeviceDescriptionTest {
  private static final Path FILES =
      Path.of(System.getProperty("basedir", "."))
          .resolve("src/main/resources/org/vgg4j/backend/cuda/devices");

  @Test
  void everyFileIsListedAndReads() throws IOException {
    try (Stream<Path> files = Files.list(FILES)) {
      List<String> names =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".json"))
              .map(name -> name.replace(".json", ""))
              .sorted()
              .toList();
      assertEquals(names, DeviceDescription.names());
    }
    for (String name : DeviceDescription.names()) {
      DeviceDescription device = DeviceDescription.of(name);
      assertEquals(name, device.name());
      assertTrue(device.capability() >= 75 && device.capability() <= 100, name);
      assertTrue(device.multiprocessors() >= 40, name);
      assertTrue(device.memoryBytes() > 14L << 30, name);
      // An operation on fp32 takes no fewer bits than one on bf16.
      double best = device.bf16().orElse(device.fp32());
      assertTrue(device.fp32() <= best && device.fp32() > 1e12, name);
      assertTrue(device.bytesPerSecond() > 1e11 && device.bytesPerSecond() < 1e13, name);
      assertEquals(device.capability() >= 80, device.bf16().isPresent(), name);
      assertEquals(device.capability() >= 80, device.tf32().isPresent(), name);
    }
  }

  @Test
  void h200() {
    DeviceDescription h200 = DeviceDescription.of("H200");
    assertEquals("NVIDIA H200", h200.productName());
    assertEquals(90, h200.capability());
    assertEquals(132, h200.multiprocessors());
    assertEquals(150_109_880_320L, h200.memoryBytes());
    assertEquals(4.8e12, h200.bytesPerSecond());
    assertEquals(989.5e12, h200.bf16().orElseThrow());
    assertEquals(494.7e12, h200.tf32().orElseThrow());
    assertTrue(h200.json().startsWith("{\"maxGridSize\":[2147483647,"), h200.json());
  }

  @Test
  void namesAreForgiving() {
    assertEquals("rtx4090", DeviceDescription.of("RTX 4090").name());
    assertEquals(
        "gpu must be one of a100, b200, h100, h200, rtx4090, t4, not v100",
        assertThrows(InvalidInputException.class, () -> DeviceDescription.of("v100")).getMessage());
  }
}
