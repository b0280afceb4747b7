package org.vgg4j.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.run.Forecast;
import org.vgg4j.run.LargestBatch;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;

/** What a training moves and takes on a GPU that is not here. */
final class DescribedGpuTest {
  private static final double MEGA = 1e6;

  private static CudaOptions options(
      Precision precision, boolean deterministic, Activations activations) {
    return new CudaOptions(
        0, List.of(), null, precision, deterministic, Map.of(), activations, true, 20, null);
  }

  private static Recipe recipe(String... settings) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      given.put(settings[i], settings[i + 1]);
    }
    return Settings.recipe(Recipe.quick(), given);
  }

  private static Recipe paper() {
    return recipe("recipe", "blog", "channels", "3", "classes", "1000");
  }

  private static Forecast forecast(Recipe recipe, CudaOptions options) {
    List<Forecast> one = new ArrayList<>();
    try (DescribedGpu gpu = DescribedGpu.assumed("h200", options)) {
      Forecast.plan(recipe, gpu, (plan, forecast) -> one.add(forecast));
    }
    return one.get(0);
  }

  private static double megabytesAnImage(Forecast forecast) {
    return forecast.total().bytes() / MEGA / forecast.images();
  }

  @Test
  void bothVariantsMoveNoMoreThanTheyMay() {
    double keep =
        megabytesAnImage(forecast(paper(), options(Precision.BF16, false, Activations.KEEP)));
    double recompute =
        megabytesAnImage(forecast(paper(), options(Precision.BF16, false, Activations.RECOMPUTE)));
    assertTrue(keep <= 476, "kept: " + keep);
    assertTrue(recompute <= 433, "recomputed: " + recompute);
    double alone =
        megabytesAnImage(forecast(paper(), options(Precision.BF16, true, Activations.RECOMPUTE)));
    assertTrue(alone <= 433, "recomputed with nothing fused: " + alone);
  }

  /**
   * A block in the middle, behind one that leaves its norm to it, all by hand: every tensor that a
   * kernel reads or writes, once.
   */
  @Test
  void theBytesOfABlockAreThoseOfItsKernels() {
    Recipe small =
        recipe("layers", "16,16,16,16,M", "imageSize", "8", "width", "1", "batchSize", "4");
    long z = 4 * 16 * 64 * 2; // an activation
    long w = 16 * 16 * 9 * 2; // the filter
    long c = 16 * 4; // a float a channel
    long finish = (2 + 4 + 6) * c; // sums, gamma, beta, running ones; the last again, and four
    Forecast.Row kept =
        forecast(small, options(Precision.BF16, false, Activations.KEEP)).rows().get(3);
    long apply = 2 * z + 2 * c;
    assertEquals((2 * z + w + 2 * c) + finish + apply, kept.forward());
    long sums = 2 * z + 4 * c + 2 * c;
    long through = (2 + 2 + 4) * c + 3 * z + 5 * c;
    long products = (2 * z + w) + (w + 2 * w) + (2 * z + w);
    assertEquals(sums + through + products, kept.backward());
    assertEquals(16 * 16 * 9 * 30 + 2 * 128 * 30, kept.update()); // padded to 128 elements
    assertEquals(3L * 4 * 64 * 16 * 16 * 9, kept.multiplyAdds());
    Forecast.Row computed =
        forecast(small, options(Precision.BF16, false, Activations.RECOMPUTE)).rows().get(3);
    assertEquals((2 * z + w + 2 * c + 2 * c) + finish, computed.forward());
    // The next block took this one's sums, and this one those of the block before, with its values.
    long totals = 2 * 16 * 8; // both sums of the backward, doubles
    long found = (totals + 2 * c + 4 * c) + 3 * z + 5 * c;
    long given = (2 * z + 4 * c) + (z + 2 * c) + (2 * c + totals); // with the values
    assertEquals(found + products + given, computed.backward());
    Forecast.Row alone =
        forecast(small, options(Precision.BF16, true, Activations.RECOMPUTE)).rows().get(3);
    assertEquals(apply + (2 * z + w) + (z + 2 * c) + finish, alone.forward());
  }

  @Test
  void largestBatchIsTheLast() {
    CudaOptions options = options(Precision.BF16, false, Activations.KEEP);
    try (DescribedGpu gpu =
        DescribedGpu.assumed("t4", options(Precision.TF32, false, Activations.KEEP))) {
      LargestBatch largest = LargestBatch.of(paper(), gpu, false);
      long room = gpu.backend().availableBytes();
      assertEquals(bytes(largest.size(), gpu), largest.bytes());
      assertTrue(largest.bytes() <= room);
      assertTrue(bytes(largest.size() + 1, gpu) > room, largest.toString());
    }
    assertThrows(InvalidInputException.class, () -> DescribedGpu.assumed("t4", options));
    try (DescribedGpu gpu =
        DescribedGpu.assumed("t4", options(Precision.FP32, false, Activations.KEEP))) {
      assertEquals(
          0, LargestBatch.of(recipe("imageSize", "2048", "width", "8"), gpu, false).size());
    }
  }

  private static long bytes(int batch, DescribedGpu gpu) {
    Recipe recipe =
        recipe("recipe", "blog", "channels", "3", "classes", "1000", "batchSize", "" + batch);
    try (NetworkPlan plan = recipe.plan(batch, gpu.backend())) {
      return plan.memoryPlan().totalBytes(recipe.stateSlabs());
    }
  }

  @Test
  void aPlannedNetCannotTakeMemory() {
    try (DescribedGpu gpu = DescribedGpu.assumed("h200", CudaOptions.STRICT);
        NetworkPlan plan = Recipe.quick().plan(64, gpu.backend())) {
      MemoryPlan memory = plan.memoryPlan();
      assertTrue(memory.activations() > 0);
      IllegalStateException refused = assertThrows(IllegalStateException.class, plan::allocate);
      assertEquals("nothing can run on a GPU that is only described", refused.getMessage());
    }
  }

  /** docs/gpu.md shows what the model says. */
  @Test
  void theDocumentsTableIsTheModels() throws IOException {
    Path page = Path.of(System.getProperty("basedir", "."), "docs", "gpu.md");
    String text = Files.readString(page);
    for (String line : table()) {
      assertTrue(text.contains(line + "\n"), "docs/gpu.md lacks:\n" + String.join("\n", table()));
    }
  }

  private static List<String> table() {
    List<Forecast> columns = new ArrayList<>();
    for (Precision precision : List.of(Precision.BF16, Precision.TF32)) {
      for (Activations activations : List.of(Activations.KEEP, Activations.RECOMPUTE)) {
        columns.add(forecast(paper(), options(precision, false, activations)));
        columns.add(forecast(paper(), options(precision, true, activations)));
      }
    }
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < columns.get(0).rows().size(); i++) {
      StringBuilder line = new StringBuilder("| " + columns.get(0).rows().get(i).name());
      for (Forecast column : columns) {
        append(line, column.rows().get(i), column.images());
      }
      lines.add(line.append(" |").toString());
    }
    StringBuilder line = new StringBuilder("| total");
    columns.forEach(column -> append(line, column.total(), column.images()));
    lines.add(line.append(" |").toString());
    return lines;
  }

  private static void append(StringBuilder line, Forecast.Row row, int images) {
    line.append(String.format(Locale.ROOT, " | %.1f", row.bytes() / MEGA / images));
  }
}
