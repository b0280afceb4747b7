package org.vgg4j.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.Recipe;
import org.vgg4j.tensor.HostMemory;

/** The summary of a net in a container. */
final class SummaryLimitTest {
  private static final String LIMIT = "the container's limit of 512 MiB (/sys/memory.max)";

  @Test
  void theTotalStandsBesideTheLimitThatHolds() {
    OneDnnOptions container =
        OneDnnOptions.DEFAULT.withMemory(() -> new HostMemory(200L << 20, LIMIT));
    Recipe quick = Recipe.quick();
    StringWriter text = new StringWriter();
    try (OneDnnBackend backend = new OneDnnBackend(container);
        NetworkPlan plan = quick.plan(64, backend)) {
      SummaryTable.print(quick, plan.memoryPlan(), backend, new PrintWriter(text));
    }
    assertTrue(text.toString().contains("(200 MiB free of " + LIMIT + ")"), text.toString());
  }
}
