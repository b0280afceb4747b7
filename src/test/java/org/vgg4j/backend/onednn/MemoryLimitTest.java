package org.vgg4j.backend.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Vgg;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.EngineReport;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** The engine in a container that has less memory than the machine. */
final class MemoryLimitTest {
  private static final String LIMIT = "the container's limit of 512 MiB (/sys/memory.max)";
  private static final OneDnnOptions CONTAINER =
      OneDnnOptions.DEFAULT.withMemory(() -> new HostMemory(200L << 20, LIMIT));

  @Test
  void aNetThatDoesNotFitIsRefused() {
    Recipe blog = Recipe.blog();
    NetworkOptions options = NetworkOptions.training(64);
    try (OneDnnBackend backend = new OneDnnBackend(CONTAINER);
        NetworkPlan plan = Vgg.plan(blog.net(), blog.initialization(), options, backend)) {
      assertEquals(200L << 20, backend.availableBytes());
      OutOfDeviceMemoryException e =
          assertThrows(
              OutOfDeviceMemoryException.class, () -> plan.memoryPlan().requireFits(backend, 2));
      assertTrue(e.getMessage().endsWith(" needed, 200 MiB free of " + LIMIT), e.getMessage());
    }
  }

  @Test
  void memoryThatIsNotThereIsNotPromised() {
    try (OneDnnBackend backend = new OneDnnBackend(CONTAINER)) {
      backend.allocate(100L << 20).close();
      OutOfDeviceMemoryException e =
          assertThrows(OutOfDeviceMemoryException.class, () -> backend.allocate(300L << 20));
      assertTrue(
          e.getMessage().endsWith("300 MiB needed, 200 MiB free of " + LIMIT), e.getMessage());
    }
  }

  @Test
  void theReportSaysTheLimit() {
    EngineReport report = OneDnnReport.of(CONTAINER);
    assertEquals("200 MiB free of " + LIMIT, report.facts().get("memory for a net"));
  }
}
