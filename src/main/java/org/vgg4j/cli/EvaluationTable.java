package org.vgg4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.vgg4j.evaluation.Evaluation;

/** An evaluation as text: accuracy, a row a class, the confusion matrix. */
final class EvaluationTable {
  private EvaluationTable() {}

  static void print(Evaluation evaluation, PrintWriter out) {
    List<String> names = evaluation.classNames();
    int widest = names.stream().mapToInt(String::length).max().orElse(0);
    int wide = Math.max(5, widest);
    line(
        out,
        "test acc %.4f%s (%d images), loss %.4f",
        evaluation.accuracy(),
        topFive(evaluation),
        evaluation.count(),
        evaluation.meanLoss());
    line(
        out,
        "%s, calibration error %.2f%% (ECE, 15 bins)",
        errors(evaluation),
        100 * evaluation.calibrationError());
    out.println();
    line(out, "%2s  %-" + wide + "s  %6s  %9s  %6s", "", "class", "images", "precision", "recall");
    for (int c = 0; c < names.size(); c++) {
      line(
          out,
          "%2d  %-" + wide + "s  %6d  %9s  %6s",
          c,
          names.get(c),
          evaluation.support(c),
          share(evaluation.precision(c)),
          share(evaluation.recall(c)));
    }
    out.println();
    out.println("confusion matrix: rows are the true classes, columns the answers");
    StringBuilder header = new StringBuilder("   ");
    for (int c = 0; c < names.size(); c++) {
      header.append(String.format(Locale.ROOT, "%6d", c));
    }
    out.println(header);
    for (int c = 0; c < names.size(); c++) {
      StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%2d ", c));
      for (long cell : evaluation.confusion()[c]) {
        row.append(String.format(Locale.ROOT, "%6d", cell));
      }
      out.println(row);
    }
    out.flush();
  }

  /** Returns nothing where five answers are all there are. */
  private static String topFive(Evaluation evaluation) {
    return evaluation.classNames().size() > 5
        ? String.format(Locale.ROOT, ", top-5 %.4f", evaluation.topFiveAccuracy())
        : "";
  }

  private static String errors(Evaluation evaluation) {
    String one = String.format(Locale.ROOT, "top-1 error %.2f%%", 100 * evaluation.topOneError());
    return evaluation.classNames().size() > 5
        ? one + String.format(Locale.ROOT, ", top-5 error %.2f%%", 100 * evaluation.topFiveError())
        : one;
  }

  private static String share(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }

  private static void line(PrintWriter out, String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
