package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.vgg4j.run.Forecast;
import org.vgg4j.run.LargestBatch;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DescribedDevice;

/** What a step moves and multiplies, as a table, and what a device allows. */
final class ForecastTable {
  private static final String ROW = "%-13s %9s %9s %9s %9s %11s %9s";
  private static final int WIDTH = 80;
  private static final double MEGA = 1e6;
  private static final double GIGA = 1e9;
  private static final double TERA = 1e12;

  private ForecastTable() {}

  static void print(Forecast forecast, DescribedDevice device, PrintWriter out) {
    out.println();
    paragraph(
        "training, for each image: MB that are moved between memory and processors, million"
            + " multiply-adds, and the least time in microseconds:",
        out);
    line(out, ROW, "layer", "forward", "backward", "update", "all", "MMACs", "least us");
    forecast.rows().forEach(row -> print(row, forecast.images(), out));
    Forecast.Row total = forecast.total();
    print(total, forecast.images(), out);
    out.println();
    paragraph(
        String.format(
            Locale.ROOT,
            "a step of %,d images moves %.1f GB and makes %.2f T multiply-adds; the %s's published"
                + " %,.0f GB/s and %.1f T multiply-adds/s allow at most %,.0f images/s",
            forecast.images(),
            total.bytes() / GIGA,
            total.multiplyAdds() / TERA,
            device.productName(),
            device.bytesPerSecond() / GIGA,
            device.multiplyAddsPerSecond() / TERA,
            forecast.imagesPerSecond()),
        out);
  }

  /** Prints a batch; {@code how} says how the training is kept small, empty for not at all. */
  static void print(LargestBatch largest, String how, Backend backend, PrintWriter out) {
    String text =
        largest.size() == 0
            ? "no batch fits" + how
            : "the largest batch that fits%s is %s, with %s (%s bytes)"
                .formatted(
                    how,
                    Bytes.count(largest.size()),
                    Bytes.text(largest.bytes()),
                    Bytes.count(largest.bytes()));
    paragraph(
        text
            + " of "
            + Bytes.text(backend.availableBytes())
            + (largest.refusal() == null ? "" : "; a larger one is refused: " + largest.refusal()),
        out);
  }

  private static void print(Forecast.Row row, int images, PrintWriter out) {
    line(
        out,
        ROW,
        row.name(),
        megabytes(row.forward(), images),
        megabytes(row.backward(), images),
        megabytes(row.update(), images),
        megabytes(row.bytes(), images),
        String.format(Locale.ROOT, "%,.1f", row.multiplyAdds() / MEGA / images),
        String.format(Locale.ROOT, "%.2f", row.seconds() * MEGA / images));
  }

  private static String megabytes(long bytes, int images) {
    return bytes == 0 ? "" : String.format(Locale.ROOT, "%.2f", bytes / MEGA / images);
  }

  /** Prints a text in lines that fit a narrow terminal. */
  static void paragraph(String text, PrintWriter out) {
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (line.length() > 0 && line.length() + 1 + word.length() > WIDTH) {
        out.println(line);
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    out.println(line);
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values).stripTrailing());
  }
}
