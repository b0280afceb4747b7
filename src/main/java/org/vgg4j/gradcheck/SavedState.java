package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Counter;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/** A net's state before a check, to compare with and to restore. */
final class SavedState {
  /** By how much parameters and buffers shrink at most: signs and what is positive stay. */
  private static final double SHRINKAGE = 0.1;

  private record Saved(String name, Tensor tensor, double[] values) {
    void restore() {
      tensor.upload(values);
    }
  }

  private final Saved input;
  private final List<Saved> parameters = new ArrayList<>();
  private final List<Saved> buffers = new ArrayList<>();
  private final List<Counter> counters;
  private final long[] counts;
  private final StepState stepState;
  private final long forwardPass;

  SavedState(Network net, int batch) {
    input = save(GradientCheck.INPUT, net.input(batch));
    for (Parameter parameter : net.parameters()) {
      parameters.add(save(parameter.name(), parameter.value()));
    }
    for (Buffer buffer : net.buffers()) {
      buffers.add(save(buffer.name(), buffer.value()));
    }
    stepState = net.stepState();
    forwardPass = stepState.forwardPass();
    counters = net.counters();
    counts = counters.stream().mapToLong(Counter::value).toArray();
  }

  private static Saved save(String name, Tensor tensor) {
    return new Saved(name, tensor, Values.of(tensor));
  }

  /**
   * Moves to another point, the same each time: inputs change places, so that they stay what the
   * net can take; parameters and buffers shrink; dropout draws other masks.
   */
  void moveAway() {
    double[] values = input.values;
    int third = (values.length + 2) / 3;
    double[] moved = new double[values.length];
    for (int i = 0; i < moved.length; i++) {
      moved[i] = values[(i + third) % moved.length];
    }
    input.tensor.upload(moved);
    long stream = 0;
    for (Saved parameter : parameters) {
      shrink(parameter, stream++);
    }
    for (Saved buffer : buffers) {
      shrink(buffer, stream++);
    }
    forwardPass(forwardPass + 1);
  }

  private static void shrink(Saved saved, long stream) {
    double[] values = saved.values.clone();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 1 - SHRINKAGE * CounterRandom.uniform(stream, i);
    }
    saved.tensor.upload(values);
  }

  private void forwardPass(long pass) {
    stepState.set(stepState.step(), pass, stepState.learningRate());
  }

  /** Throws when a module wrote to its input or to a parameter. */
  void requireInputsUntouched(String check) {
    String rule = "a forward or backward changed %s, which it may only read";
    requireUntouched(check, rule, input);
    parameters.forEach(parameter -> requireUntouched(check, rule, parameter));
  }

  /** Throws when a forward in evaluation wrote to a buffer. */
  void requireBuffersUntouched(String check) {
    String rule = "a forward in evaluation changed %s, which only one in training may";
    buffers.forEach(buffer -> requireUntouched(check, rule, buffer));
  }

  private static void requireUntouched(String check, String rule, Saved saved) {
    if (!Arrays.equals(saved.values, Values.of(saved.tensor))) {
      throw new IllegalStateException(check + ": " + rule.formatted(saved.name));
    }
  }

  /** Restores the buffers, such as running statistics, which a training forward changes. */
  void restoreBuffers() {
    buffers.forEach(Saved::restore);
  }

  /** Restores everything. */
  void restore() {
    input.restore();
    parameters.forEach(Saved::restore);
    restoreBuffers();
    for (int i = 0; i < counts.length; i++) {
      counters.get(i).value(counts[i]);
    }
    forwardPass(forwardPass);
  }
}
