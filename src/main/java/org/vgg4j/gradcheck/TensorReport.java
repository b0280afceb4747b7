package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Shape;

/**
 * The result of checking one tensor. Elements are given by their row-major index; see {@link
 * #position}.
 *
 * @param tensor the parameter's name, or {@value GradientCheck#INPUT}
 * @param shape the tensor's shape
 * @param checked how many of its elements were checked
 * @param gradient the largest finite gradient among these, numeric or analytic, without its sign
 * @param worst the largest error as a share of {@code gradient}
 * @param worstElement the largest error as a share of the element's own gradient
 * @param wrong the elements whose error exceeds either tolerance
 * @param repeat how the gradient differs when the backward runs again
 * @param kinks how many elements met a kink and were retried
 * @param unresolved those that still met a kink at the last step
 */
public record TensorReport(
    String tensor,
    Shape shape,
    int checked,
    double gradient,
    Worst worst,
    Worst worstElement,
    List<Integer> wrong,
    Repeat repeat,
    int kinks,
    List<Integer> unresolved) {
  /**
   * The element with the largest error, or the first that is not finite.
   *
   * @param error its error
   * @param index its row-major position
   * @param numeric its central difference
   * @param analytic what the backward computed
   */
  public record Worst(double error, int index, double numeric, double analytic) {
    Worst orWorse(Worst other) {
      return Double.compare(other.error, error) > 0 ? other : this;
    }
  }

  /** Copies the lists. */
  public TensorReport {
    wrong = List.copyOf(wrong);
    unresolved = List.copyOf(unresolved);
  }

  /** Returns how many elements the tensor has. */
  public long total() {
    return shape.elementCount();
  }

  /**
   * Returns the error of the tensor: max |numeric - analytic| over the larger of {@link #gradient}
   * and the floor; NaN when a gradient is not finite.
   */
  public double error() {
    return worst.error;
  }

  /**
   * Returns the largest error of an element as a share of its own gradient: by how much |numeric -
   * analytic| exceeds what the central difference is uncertain by, over the larger of |numeric| and
   * |analytic|; NaN when a gradient is not finite.
   */
  public double elementError() {
    return worstElement.error;
  }

  /** Returns an element's index on each axis. */
  public List<Integer> position(int element) {
    return Positions.of(shape, element);
  }

  static TensorReport of(
      String tensor,
      Shape shape,
      Estimate[] estimates,
      double[] analytic,
      Repeat repeat,
      GradientCheckOptions options) {
    double gradient = 0;
    for (Estimate estimate : estimates) {
      gradient = Math.max(gradient, finite(estimate.slope()));
      gradient = Math.max(gradient, finite(analytic[estimate.index()]));
    }
    double divisor = Math.max(gradient, options.floor());
    Worst worst = null;
    Worst worstElement = null;
    List<Integer> wrong = new ArrayList<>();
    List<Integer> unresolved = new ArrayList<>();
    int kinks = 0;
    for (Estimate estimate : estimates) {
      int index = estimate.index();
      double numeric = estimate.slope();
      double exact = analytic[index];
      double difference = Math.abs(numeric - exact);
      double share = Double.isFinite(difference) ? difference / divisor : Double.NaN;
      Worst here = new Worst(share, index, numeric, exact);
      Worst hereAlone = new Worst(estimate.error(exact), index, numeric, exact);
      worst = worst == null ? here : worst.orWorse(here);
      worstElement = worstElement == null ? hereAlone : worstElement.orWorse(hereAlone);
      if (!(here.error <= options.tolerance() && hereAlone.error <= options.perElement())) {
        wrong.add(index);
      }
      kinks += estimate.retries() > 0 ? 1 : 0;
      if (estimate.kink()) {
        unresolved.add(index);
      }
    }
    return new TensorReport(
        tensor,
        shape,
        estimates.length,
        gradient,
        worst,
        worstElement,
        wrong,
        repeat,
        kinks,
        unresolved);
  }

  private static double finite(double value) {
    return Double.isFinite(value) ? Math.abs(value) : 0;
  }
}
