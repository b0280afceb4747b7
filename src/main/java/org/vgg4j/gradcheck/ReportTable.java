package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Formats reports as aligned lines of text. */
public final class ReportTable {
  private ReportTable() {}

  /** Returns the header line. */
  public static String header() {
    return line(
        "check",
        "tensor",
        "elements",
        "gradient",
        "error",
        "limit",
        "element",
        "limit",
        "kinks",
        "");
  }

  /** Returns a line for each tensor of a report, then one for each failure. */
  public static List<String> rows(GradientReport report) {
    List<String> rows = new ArrayList<>();
    for (TensorReport tensor : report.tensors()) {
      rows.add(
          line(
              rows.isEmpty() ? report.name() : "",
              tensor.tensor(),
              tensor.checked() + "/" + tensor.total(),
              number("%.1e", tensor.gradient()),
              number("%.1e", tensor.error()),
              number("%.0e", report.options().tolerance()),
              number("%.1e", tensor.elementError()),
              number("%.0e", report.options().perElement()),
              Integer.toString(tensor.kinks()),
              status(report, tensor)));
    }
    for (String excluded : report.options().excluded()) {
      rows.add(
          line(
              rows.isEmpty() ? report.name() : "",
              excluded,
              "excluded",
              "",
              "",
              "",
              "",
              "",
              "",
              ""));
    }
    report.failures().forEach(failure -> rows.add("FAILED " + failure));
    return rows;
  }

  private static String status(GradientReport report, TensorReport tensor) {
    if (report.passed(tensor)) {
      return "ok";
    }
    return tensor.wrong().isEmpty() ? "FAILED" : "FAILED, " + tensor.wrong().size() + " wrong";
  }

  private static String number(String form, double value) {
    return String.format(Locale.ROOT, form, value);
  }

  private static String line(Object... cells) {
    return String.format(Locale.ROOT, "%-38s  %-20s  %9s  %8s  %8s  %5s  %8s  %5s  %5s  %s", cells)
        .stripTrailing();
  }
}
