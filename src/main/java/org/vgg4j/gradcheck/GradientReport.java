package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The result of checking one module or net.
 *
 * @param name what was checked
 * @param options how; with the tolerances, and what was excluded
 * @param tensors the input, if it was checked, and the parameters
 */
public record GradientReport(
    String name, GradientCheckOptions options, List<TensorReport> tensors) {
  /** The check fails if more than this share of the checked elements met a kink. */
  public static final double MAX_KINK_SHARE = 0.01;

  /** Copies the list. */
  public GradientReport {
    tensors = List.copyOf(tensors);
  }

  /** Returns how many elements were checked. */
  public long checked() {
    return tensors.stream().mapToLong(TensorReport::checked).sum();
  }

  /** Returns how many of them met a kink. */
  public long kinks() {
    return tensors.stream().mapToLong(TensorReport::kinks).sum();
  }

  /** Returns the largest error of a tensor, NaN if any is NaN. */
  public double error() {
    return tensors.stream().mapToDouble(TensorReport::error).reduce(0, Math::max);
  }

  /** Returns whether nothing failed. */
  public boolean passed() {
    return failures().isEmpty();
  }

  /** Returns whether one tensor passes, apart from the share of kinks. */
  public boolean passed(TensorReport tensor) {
    return new Failures(name, options).of(tensor).isEmpty();
  }

  /** Returns whether kinks were met at more than {@link #MAX_KINK_SHARE} of the elements. */
  public boolean tooManyKinks() {
    return kinks() > MAX_KINK_SHARE * checked();
  }

  /** Returns one line per failure. */
  public List<String> failures() {
    List<String> failures = new ArrayList<>();
    if (tensors.isEmpty()) {
      failures.add(name + ": nothing was checked");
    }
    Failures lines = new Failures(name, options);
    tensors.forEach(tensor -> failures.addAll(lines.of(tensor)));
    if (tooManyKinks()) {
      failures.add(
          String.format(
              Locale.ROOT,
              "%s: kinks at %d of %d elements, more than 1 %%: choose other inputs or a smaller"
                  + " step",
              name,
              kinks(),
              checked()));
    }
    return failures;
  }

  /** Returns the report as a table, with the failures below. */
  public String table() {
    StringBuilder text = new StringBuilder(ReportTable.header()).append('\n');
    ReportTable.rows(this).forEach(row -> text.append(row).append('\n'));
    return text.toString();
  }
}
