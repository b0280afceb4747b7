package org.vgg4j.gradcheck;

import java.util.Set;
import java.util.TreeSet;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The options of a gradient check.
 *
 * @param tolerance the largest error of a tensor that passes, see {@link TensorReport#error}
 * @param perElement the largest error of an element that passes, see {@link
 *     TensorReport#elementError}
 * @param repeat the largest difference between two backwards that passes, see {@link Repeat#error}
 * @param step the distance to either side at which the objective is evaluated first; kinks are
 *     retried with a tenth of it
 * @param floor the divisor of an error when all of a tensor's gradients are smaller
 * @param maxElements the most elements checked per tensor; in a larger one, a random element of
 *     each of this many equal ranges
 * @param range where {@link GradientCheck#module} draws the input
 * @param training whether the forwards are those of training; else those of evaluation
 * @param excluded the parameters whose gradients are not checked, or {@value GradientCheck#INPUT}
 * @param seed the seed of inputs, weights, element draws and dropout masks
 */
public record GradientCheckOptions(
    double tolerance,
    double perElement,
    double repeat,
    double step,
    double floor,
    int maxElements,
    InputRange range,
    boolean training,
    Set<String> excluded,
    long seed) {
  /**
   * For one layer: tolerance 1e-7, 1e-5 per element and 0 for repeats, step 1e-5, floor 1e-3, 1000
   * elements per tensor, inputs in [-1.5, 1.5], training, seed 0.
   */
  public static final GradientCheckOptions LAYER =
      new GradientCheckOptions(
          1e-7, 1e-5, 0, 1e-5, 1e-3, 1000, InputRange.DEFAULT, true, Set.of(), 0);

  /** For a whole net: as {@link #LAYER}, but tolerance 1e-6 and 1e-4 per element. */
  public static final GradientCheckOptions NET = LAYER.withTolerance(1e-6);

  /** Checks the fields and copies the set. */
  public GradientCheckOptions {
    positive("tolerance", tolerance);
    if (!(perElement > 0)) { // may be infinite
      throw unfit("tolerance per element", "positive", perElement);
    }
    if (!(repeat >= 0)) {
      throw unfit("tolerance for repeats", "at least 0", repeat);
    }
    positive("step", step);
    positive("floor", floor);
    positive("number of elements", maxElements);
    excluded = Set.copyOf(excluded);
  }

  private static void positive(String what, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw unfit(what, "positive", value);
    }
  }

  private static InvalidInputException unfit(String what, String rule, double value) {
    return new InvalidInputException(
        "the " + what + " of a gradient check must be " + rule + ", not " + value);
  }

  /** Returns these options with another tolerance, and a hundred times as much per element. */
  public GradientCheckOptions withTolerance(double other) {
    double alone = 100 * other;
    return new GradientCheckOptions(
        other, alone, repeat, step, floor, maxElements, range, training, excluded, seed);
  }

  /** Returns these options with another tolerance per element; infinite for none. */
  public GradientCheckOptions withPerElement(double other) {
    return new GradientCheckOptions(
        tolerance, other, repeat, step, floor, maxElements, range, training, excluded, seed);
  }

  /**
   * Returns these options with another tolerance for repeats, for a backward that adds in a
   * different order each time.
   */
  public GradientCheckOptions withRepeat(double other) {
    return new GradientCheckOptions(
        tolerance, perElement, other, step, floor, maxElements, range, training, excluded, seed);
  }

  /** Returns these options with another first step. */
  public GradientCheckOptions withStep(double other) {
    return new GradientCheckOptions(
        tolerance, perElement, repeat, other, floor, maxElements, range, training, excluded, seed);
  }

  /** Returns these options with another floor. */
  public GradientCheckOptions withFloor(double other) {
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, other, maxElements, range, training, excluded, seed);
  }

  /** Returns these options with another number of elements per tensor. */
  public GradientCheckOptions withMaxElements(int other) {
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, floor, other, range, training, excluded, seed);
  }

  /** Returns these options with inputs from another range: a logarithm needs positive ones. */
  public GradientCheckOptions withRange(double low, double high) {
    InputRange other = new InputRange(low, high);
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, floor, maxElements, other, training, excluded, seed);
  }

  /**
   * Returns these options for evaluation: every forward that is checked gets {@code training =
   * false}, and the backward follows it. For modules whose backward can; most of this library's
   * layers refuse it.
   */
  public GradientCheckOptions inEvaluation() {
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, floor, maxElements, range, false, excluded, seed);
  }

  /**
   * Returns these options without one more gradient. With {@value GradientCheck#INPUT}, {@link
   * GradientCheck#module} does not ask for the input's.
   *
   * @param parameter a parameter's name, as reports give it
   */
  public GradientCheckOptions exclude(String parameter) {
    Set<String> more = new TreeSet<>(excluded);
    more.add(parameter);
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, floor, maxElements, range, training, more, seed);
  }

  /** Returns these options with another seed. */
  public GradientCheckOptions withSeed(long other) {
    return new GradientCheckOptions(
        tolerance, perElement, repeat, step, floor, maxElements, range, training, excluded, other);
  }
}
