package org.vgg4j.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a training says before it starts of the way in which it fits into memory. */
final class MemoryReport {
  private static final double GIGA = 1e9;

  private MemoryReport() {}

  /** Returns the lines, none for the plain way. */
  static List<String> lines(MemoryChoice choice, Recipe recipe, long limit) {
    List<String> lines = new ArrayList<>();
    if (choice.isPlain()) {
      return lines;
    }
    int batch = Math.min(recipe.training().batchSize(), choice.batchSize() * choice.split());
    lines.add(
        String.format(
            Locale.ROOT,
            "memory: %s takes %s of %s, with %.2f G multiply-adds more a batch (%.1f %%)",
            choice.text(),
            mebibytes(choice.bytes()),
            mebibytes(limit),
            choice.extraMultiplyAdds(batch) / GIGA,
            100 * choice.way().extraShare()));
    if (choice.split() > 1) {
      lines.add(
          recipe.net().batchNorm()
              ? "WARNING: each batch of %d is split into %d passes, and batch norm sees only the %d images of a pass: the results differ from those of whole batches"
                  .formatted(batch, choice.split(), choice.batchSize())
              : "each batch of %d is split into %d passes of %d, with the same update up to rounding (dropout draws other values)"
                  .formatted(batch, choice.split(), choice.batchSize()));
    }
    return lines;
  }

  /** Returns what the whole process is expected to hold; null where that is not known. */
  static String ofProcess(long training, long process) {
    return process == 0
        ? null
        : "memory: %s for the net and its training, about %s for the whole process"
            .formatted(mebibytes(training), mebibytes(process));
  }

  /** Returns the most that the process has held, to go on a line with; empty where not known. */
  static String processPeak() {
    long peak = ProcessMemory.peak();
    return peak == 0 ? "" : "; the process held " + mebibytes(peak);
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", ((bytes - 1) >> 20) + 1);
  }
}
