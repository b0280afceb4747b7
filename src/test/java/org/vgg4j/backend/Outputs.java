package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.testing.Errors;

/**
 * What operations computed on one engine, to be compared with another's.
 *
 * <p>A sum of n products of values of size s has a rounding error of some sqrt(n) u s at random and
 * n u s at worst; the tolerance is 4 + sqrt(n) rounding steps of the largest value, times 4, with
 * the u of float. Products of two bf16 values are exact in float, so that holds for every type. An
 * engine that stores bf16 adds half a step of bf16 for every rounding on the way: the last is
 * relative to the value, those before it to the largest one.
 */
final class Outputs {
  /** The unit roundoff of float, in which every engine computes. */
  private static final double U = 0x1p-24;

  /** The unit roundoff of bf16: 8 bits of significand, so half of 2^-7. */
  private static final double STORED_U = 0x1p-8;

  /**
   * One output.
   *
   * @param reduction the length of the sums behind a value
   * @param roundings how often it, or what it is made of, was rounded to the activation type
   */
  private record Output(String name, double[] values, int reduction, int roundings) {}

  private final DType stored;
  private final List<Output> outputs = new ArrayList<>();

  /** Starts without outputs; the engine stores activations in a type. */
  Outputs(DType stored) {
    this.stored = stored;
  }

  Outputs(Bench bench) {
    this(bench.backend().types().activation());
  }

  DType stored() {
    return stored;
  }

  /** Adds an output that is rounded at most when it is stored. */
  Outputs add(String name, Tensor tensor, int reduction) {
    return add(name, tensor, reduction, tensor.dtype() == DType.BF16 ? 1 : 0);
  }

  Outputs add(String name, Tensor tensor, int reduction, int roundings) {
    return add(name, Bench.values(tensor), reduction, roundings);
  }

  Outputs add(String name, double[] values, int reduction, int roundings) {
    outputs.add(new Output(name, values, reduction, roundings));
    return this;
  }

  /** Returns the values of the output with a name. */
  double[] of(String name) {
    return outputs.stream().filter(o -> o.name.equals(name)).findFirst().orElseThrow().values;
  }

  /** Returns all values, output by output. */
  List<double[]> values() {
    return outputs.stream().map(Output::values).toList();
  }

  private int roundings(Output output) {
    return stored == DType.BF16 ? output.roundings : 0;
  }

  /**
   * Compares with the right outputs and notes the errors.
   *
   * @param engine what the table of errors calls the engine
   * @param what the case, for messages
   */
  void compare(Outputs right, String engine, String what) {
    compare(right, engine, what, 1);
  }

  /**
   * Does the same for an engine that computes with larger values on the way.
   *
   * @param growth how many times larger its rounding errors may be
   */
  void compare(Outputs right, String engine, String what, double growth) {
    requireAlike(right);
    for (int i = 0; i < outputs.size(); i++) {
      Output output = outputs.get(i);
      double[] want = right.outputs.get(i).values;
      int roundings = roundings(output);
      double scale = Math.max(1e-3, Arrays.stream(want).map(Math::abs).max().orElse(0));
      double computed = growth * 4 * (4 + Math.sqrt(output.reduction)) * U * scale;
      double worst = 0;
      for (int k = 0; k < want.length; k++) {
        double got = output.values[k];
        double difference = Math.abs(got - want[k]);
        double rounded =
            roundings == 0 ? 0 : STORED_U * (Math.abs(want[k]) + (roundings - 1) * scale);
        if (!(difference <= computed + rounded)) {
          fail(what + ": " + output.name + "[" + k + "] is " + got + ", not " + want[k]);
        }
        worst = Math.max(worst, difference / scale);
      }
      Errors.record(engine, output.name, worst, want.length);
    }
  }

  /**
   * Compares the Euclidean norms of the differences with those of the right outputs, for values of
   * which a few may lie on the other side of an edge.
   *
   * @param tolerance of an output with a name
   */
  void compareNorms(Outputs right, String engine, String what, ToDoubleFunction<String> tolerance) {
    requireAlike(right);
    for (int i = 0; i < outputs.size(); i++) {
      Output output = outputs.get(i);
      double[] want = right.outputs.get(i).values;
      double squares = 0;
      double all = 0;
      for (int k = 0; k < want.length; k++) {
        double difference = output.values[k] - want[k];
        squares += difference * difference;
        all += want[k] * want[k];
      }
      double error = Math.sqrt(squares) / Math.max(1e-3, Math.sqrt(all));
      if (!(error <= tolerance.applyAsDouble(output.name))) {
        fail(what + ": " + output.name + " differs by " + error);
      }
      Errors.record(engine, output.name + " (norm)", error, want.length);
    }
  }

  /**
   * Compares with the right outputs, of exact sums: what may be rounded once must be the sum itself
   * or the nearest value of the type. What is rounded more often is left out.
   */
  void exact(Outputs right, String what) {
    requireAlike(right);
    for (int i = 0; i < outputs.size(); i++) {
      Output output = outputs.get(i);
      int roundings = roundings(output);
      if (roundings > 1) {
        continue;
      }
      DType type = roundings == 1 ? stored : DType.F64;
      double[] want = right.outputs.get(i).values;
      for (int k = 0; k < want.length; k++) {
        String at = what + ": " + output.name + "[" + k + "]";
        if (!(output.values[k] == want[k])) {
          assertEquals(type.round(want[k]) + 0.0, output.values[k] + 0.0, at);
        }
      }
    }
  }

  private void requireAlike(Outputs other) {
    assertEquals(outputs.size(), other.outputs.size());
    for (int i = 0; i < outputs.size(); i++) {
      Output output = outputs.get(i);
      assertEquals(output.name, other.outputs.get(i).name);
      assertEquals(output.values.length, other.outputs.get(i).values.length, output.name);
    }
  }
}
