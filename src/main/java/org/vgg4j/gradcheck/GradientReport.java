package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The result of checking one module or net.
 *
 * @param name what was checked
 * @param tolerance the largest error that passes
 * @param tensors the input, if it was checked, and every parameter
 */
public record GradientReport(String name, double tolerance, List<TensorReport> tensors) {
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

  /** Returns the largest error, NaN if any is NaN. */
  public double error() {
    return tensors.stream().mapToDouble(TensorReport::error).reduce(0, Math::max);
  }

  /** Returns whether nothing failed. */
  public boolean passed() {
    return failures().isEmpty();
  }

  /** Returns whether one tensor passes, apart from the share of kinks. */
  public boolean passed(TensorReport tensor) {
    return tensor.error() <= tolerance
        && tensor.repeat().elements() == 0
        && tensor.unresolved() == 0;
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
    for (TensorReport tensor : tensors) {
      if (!(tensor.error() <= tolerance)) {
        failures.add(
            String.format(
                Locale.ROOT,
                "%s: %s is off by %.2e (tolerance %.0e), most at element %d of %s: numeric %.10g,"
                    + " analytic %.10g",
                name,
                tensor.tensor(),
                tensor.error(),
                tolerance,
                tensor.worst().index(),
                tensor.shape(),
                tensor.worst().numeric(),
                tensor.worst().analytic()));
      }
      Repeat repeat = tensor.repeat();
      if (repeat.elements() > 0) {
        failures.add(
            String.format(
                Locale.ROOT,
                "%s: %s differs when the backward runs again, at %d of %d elements, most at element"
                    + " %d of %s: %.10g, then %.10g; it must overwrite its gradients and follow"
                    + " from the last forward alone",
                name,
                tensor.tensor(),
                repeat.elements(),
                tensor.total(),
                repeat.index(),
                tensor.shape(),
                repeat.first(),
                repeat.second()));
      }
      if (tensor.unresolved() > 0) {
        failures.add(
            String.format(
                Locale.ROOT,
                "%s: %d elements of %s are at a kink, or too close to one to be checked",
                name,
                tensor.unresolved(),
                tensor.tensor()));
      }
    }
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
