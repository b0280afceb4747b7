package org.vgg4j.backend.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Supplier;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** An engine with tensors from arrays, outputs full of NaN, and central differences. */
final class ReferenceFixture implements AutoCloseable {
  private static final double STEP = 1e-5;

  /**
   * With that step the difference quotient errs by about STEP^2 from the third derivative and by
   * 1e-16 / STEP times the loss from rounding, both near 1e-10 here.
   */
  private static final double GRADIENT_TOLERANCE = 1e-8;

  private final Closing closing = new Closing();
  final ReferenceBackend backend = closing.own(new ReferenceBackend());

  /** Returns a layout of doubles. */
  Layout layout(int... dims) {
    return backend.plainLayout(Shape.of(dims), DType.F64);
  }

  /** Returns a tensor of the given values. */
  Tensor tensor(Layout layout, double... values) {
    Tensor tensor = bare(layout);
    tensor.upload(values);
    return tensor;
  }

  /** Returns a tensor of normal values, the same ones for the same {@code stream}. */
  Tensor random(Layout layout, long stream) {
    double[] values = new double[layout.shape().arrayLength()];
    long key = CounterRandom.key(2024, stream, 0);
    Arrays.setAll(values, i -> CounterRandom.gaussian(key, i));
    return tensor(layout, values);
  }

  /** Returns integers. */
  Tensor integers(Shape shape, int... values) {
    Tensor tensor = bare(backend.plainLayout(shape, DType.I32));
    tensor.upload(values);
    return tensor;
  }

  /** Returns a tensor to write to, full of what must not be left in it. */
  Tensor poisoned(Layout layout) {
    Tensor tensor = bare(layout);
    poison(tensor);
    return tensor;
  }

  /** Fills a tensor with what must not be left in it. */
  static void poison(Tensor tensor) {
    int length = tensor.shape().arrayLength();
    if (tensor.dtype() == DType.I32) {
      int[] values = new int[length];
      Arrays.fill(values, Integer.MIN_VALUE);
      tensor.upload(values);
    } else {
      double[] values = new double[length];
      Arrays.fill(values, Double.NaN);
      tensor.upload(values);
    }
  }

  /** Returns an arena that is closed with this fixture. */
  Arena arena(long bytes) {
    return closing.own(backend.allocate(bytes));
  }

  /** Returns a plan or another thing, closed with this fixture. */
  <T extends AutoCloseable> T own(T resource) {
    return closing.own(resource);
  }

  static double[] read(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  static void assertValues(Tensor actual, double... expected) {
    assertClose(read(actual), expected, 1e-14);
  }

  /** Fails unless each value is within {@code tolerance} of the expected one, relative above 1. */
  static void assertClose(double[] actual, double[] expected, double tolerance) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      boolean same = Double.compare(actual[i], expected[i]) == 0; // Also for NaN and infinities.
      if (!same && !(difference <= tolerance * Math.max(1, Math.abs(expected[i])))) {
        throw new AssertionError(
            "value "
                + i
                + " is "
                + actual[i]
                + ", expected "
                + expected[i]
                + " in "
                + Arrays.toString(actual));
      }
    }
  }

  /**
   * Fails unless {@code analytic} is the gradient by {@code variable} of the sum of {@code
   * output}'s values weighted with {@code weights}: central differences, element by element.
   */
  static void assertGradient(
      String name, Tensor variable, Tensor analytic, Supplier<Tensor> output, Tensor weights) {
    double[] at = read(variable);
    double[] expected = new double[at.length];
    double[] moved = at.clone();
    for (int i = 0; i < at.length; i++) {
      moved[i] = at[i] + STEP;
      variable.upload(moved);
      double above = weighted(output.get(), weights);
      moved[i] = at[i] - STEP;
      variable.upload(moved);
      double below = weighted(output.get(), weights);
      moved[i] = at[i];
      expected[i] = (above - below) / (2 * STEP);
    }
    variable.upload(at);
    double[] actual = read(analytic);
    assertEquals(expected.length, actual.length, name);
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest > 0.01, name + ": the gradient is too small to show anything");
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(actual[i] - expected[i]) / largest;
      if (!(error <= GRADIENT_TOLERANCE)) {
        throw new AssertionError(
            name + "[" + i + "] is " + actual[i] + ", by differences " + expected[i]);
      }
    }
  }

  private static double weighted(Tensor output, Tensor weights) {
    double[] y = read(output);
    double[] factor = read(weights);
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += factor[i] * y[i];
    }
    return sum;
  }

  private Tensor bare(Layout layout) {
    return arena(layout.bytes()).tensor(0, layout);
  }

  @Override
  public void close() {
    closing.close();
  }
}
