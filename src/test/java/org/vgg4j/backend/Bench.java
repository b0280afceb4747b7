package org.vgg4j.backend;

import java.util.Arrays;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/** A test bench for single operations: one engine, its tensors, each in an arena of its own. */
final class Bench implements AutoCloseable {
  private final Closing closing = new Closing();
  private final Backend backend;
  private final DType inputs;

  Bench(Backend backend) {
    this(backend, backend.types().activation());
  }

  /**
   * Creates a bench whose activations and weights get values rounded to a type, which may be
   * narrower than the engine's own: so the reference has the inputs of the engine under test.
   */
  Bench(Backend backend, DType inputs) {
    this.backend = closing.own(backend);
    this.inputs = inputs;
  }

  private Bench(DType inputs, Backend notOwned) {
    backend = notOwned;
    this.inputs = inputs;
  }

  /** Creates a bench over an engine that the caller closes. */
  static Bench over(Backend backend) {
    return new Bench(backend.types().activation(), backend);
  }

  Backend backend() {
    return backend;
  }

  <T extends AutoCloseable> T own(T resource) {
    return closing.own(resource);
  }

  /** Returns a new step state. */
  StepState state() {
    return closing.own(backend.newStepState());
  }

  /** Returns the layout of activations that belong to no plan. */
  Layout plain(Shape shape) {
    return backend.plainLayout(shape, backend.types().activation());
  }

  /** Returns the layout of what is never stored in a narrow type: parameters of a channel. */
  Layout master(Shape shape) {
    return backend.plainLayout(shape, backend.types().master());
  }

  Arena arena(long bytes) {
    return closing.own(backend.allocate(bytes));
  }

  /** Returns an activation or weights with the given values, rounded. */
  Tensor tensor(Layout layout, double[] values) {
    return filled(layout, Arrays.stream(values).map(inputs::round).toArray());
  }

  /** Returns a plain tensor with the given values, rounded. */
  Tensor tensor(Shape shape, double[] values) {
    return tensor(plain(shape), values);
  }

  /** Returns the parameters of a channel with the given values. */
  Tensor master(Shape shape, double[] values) {
    return filled(master(shape), values);
  }

  /** Returns an output: filled with NaN, so that a value that is not written shows. */
  Tensor output(Layout layout) {
    double[] values = new double[layout.shape().arrayLength()];
    Arrays.fill(values, Double.NaN);
    return filled(layout, values);
  }

  private Tensor filled(Layout layout, double[] values) {
    Tensor tensor = arena(Arena.align(layout.bytes())).tensor(0, layout);
    tensor.upload(values);
    return tensor;
  }

  /** Returns memory that only a plan reads. */
  Tensor opaque(Layout layout) {
    return layout == null ? null : arena(Arena.align(layout.bytes())).tensor(0, layout);
  }

  Tensor labels(int... labels) {
    Layout layout = backend.plainLayout(Shape.of(labels.length), DType.I32);
    Tensor tensor = arena(Arena.align(layout.bytes())).tensor(0, layout);
    tensor.upload(labels);
    return tensor;
  }

  static double[] values(Tensor tensor) {
    double[] values = new double[tensor.shape().arrayLength()];
    tensor.download(values);
    return values;
  }

  /** Returns values in (-1, 1) that floats hold exactly, without zeros or ties in practice. */
  static double[] random(Shape shape, long seed) {
    double[] values = new double[shape.arrayLength()];
    long key = CounterRandom.key(seed, 1, 0);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * CounterRandom.uniform(key, i) - 1);
    }
    return values;
  }

  /** Returns integers in -3..3: sums of their products are exact in float. */
  static double[] integers(Shape shape, long seed) {
    double[] values = new double[shape.arrayLength()];
    long key = CounterRandom.key(seed, 2, 0);
    for (int i = 0; i < values.length; i++) {
      values[i] = CounterRandom.below(key, i, 7) - 3;
    }
    return values;
  }

  @Override
  public void close() {
    closing.close();
  }
}
