package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Says in one line each what is wrong with a tensor's gradient. */
final class Failures {
  private final String name;
  private final GradientCheckOptions options;

  Failures(String name, GradientCheckOptions options) {
    this.name = name;
    this.options = options;
  }

  List<String> of(TensorReport tensor) {
    List<String> failures = new ArrayList<>();
    if (!(tensor.error() <= options.tolerance())) {
      failures.add(
          wrong(tensor, tensor.worst(), "off by %.2e (tolerance %.0e)", options.tolerance()));
    } else if (!(tensor.elementError() <= options.perElement())) {
      failures.add(
          wrong(
              tensor,
              tensor.worstElement(),
              "off by %.2e of an element's own gradient (tolerance per element %.0e)",
              options.perElement()));
    }
    Repeat repeat = tensor.repeat();
    if (!(repeat.error() <= options.repeat())) {
      failures.add(
          line(
              "%s: %s differs by %.2e when the backward runs again (tolerance %s), at %d of %d"
                  + " elements, most at %s of %s: %.10g, then %.10g; it must overwrite its"
                  + " gradients and follow from the last forward alone",
              name,
              tensor.tensor(),
              repeat.error(),
              options.repeat() == 0 ? "0" : line("%.0e", options.repeat()),
              repeat.elements(),
              tensor.total(),
              tensor.position(repeat.index()),
              tensor.shape(),
              repeat.first(),
              repeat.second()));
    }
    if (!tensor.unresolved().isEmpty()) {
      failures.add(
          line(
              "%s: %d elements of %s are at a kink, or too close to one to be checked: %s of %s",
              name,
              tensor.unresolved().size(),
              tensor.tensor(),
              Positions.text(tensor.shape(), tensor.unresolved()),
              tensor.shape()));
    }
    return failures;
  }

  private String wrong(TensorReport tensor, TensorReport.Worst worst, String by, double tolerance) {
    return line(
        "%s: %s is %s at %d of %d elements%s, most at %s of %s: numeric %.10g, analytic %.10g",
        name,
        tensor.tensor(),
        line(by, worst.error(), tolerance),
        tensor.wrong().size(),
        tensor.checked(),
        where(tensor),
        tensor.position(worst.index()),
        tensor.shape(),
        worst.numeric(),
        worst.analytic());
  }

  private static String where(TensorReport tensor) {
    int count = tensor.wrong().size();
    return count == 1 || count == tensor.checked()
        ? ""
        : " (" + Positions.text(tensor.shape(), tensor.wrong()) + ")";
  }

  private static String line(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }
}
