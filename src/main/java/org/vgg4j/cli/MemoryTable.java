package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vgg4j.run.MemoryChoice;
import org.vgg4j.run.Recipe;
import org.vgg4j.run.RunMemory;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/** The ways to train a net in less memory. */
final class MemoryTable {
  private static final String ROW = "%-46s %9s %9s %6s %6s";
  private static final double GIGA = 1e9;

  private MemoryTable() {}

  /**
   * Prints the table.
   *
   * @param asked auto or bytes; null for no limit, which takes no way
   */
  static void print(Recipe recipe, Backend backend, String asked, PrintWriter out) {
    int batch = recipe.training().batchSize();
    List<MemoryChoice> rows = new ArrayList<>(MemoryChoice.overview(recipe, backend));
    MemoryChoice taken = null;
    String refusal = null;
    if (asked != null) {
      try {
        taken = RunMemory.choose(recipe, batch, backend, asked, 0).choice();
      } catch (OutOfDeviceMemoryException e) {
        refusal = e.getMessage();
      }
    }
    MemoryChoice way = taken;
    if (way != null && rows.stream().noneMatch(way::doesTheSameAs)) {
      rows.add((int) rows.stream().filter(row -> isBefore(row, way)).count(), way);
    }
    out.println();
    line(out, "ways to train in less memory, and the arithmetic that they add to a batch:");
    line(out, ROW, "way", "memory", "GMACs", "share", "images");
    for (MemoryChoice row : rows) {
      line(
          out,
          ROW,
          row.recomputationText() + (row.doesTheSameAs(taken) ? "  <- taken" : ""),
          Bytes.text(row.bytes()),
          String.format(Locale.ROOT, "%,.2f", row.extraMultiplyAdds(batch) / GIGA),
          String.format(Locale.ROOT, "%.1f%%", 100 * row.way().extraShare()),
          Bytes.count(row.batchSize()));
    }
    ForecastTable.paragraph(
        "computing again gives the same bits (on a GPU with --deterministic); with fewer images a"
            + (recipe.net().batchNorm()
                ? " pass, batch norm sees fewer, which changes results"
                : " pass, the update is the same up to rounding and dropout's draws"),
        out);
    if (refusal != null) {
      ForecastTable.paragraph(refusal, out);
    }
  }

  /** Returns whether a row has fewer passes, or as many and more memory. */
  private static boolean isBefore(MemoryChoice row, MemoryChoice way) {
    return row.split() < way.split() || (row.split() == way.split() && row.bytes() > way.bytes());
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
