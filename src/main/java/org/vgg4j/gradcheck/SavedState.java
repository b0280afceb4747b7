package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Counter;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.tensor.Tensor;

/** A net's state before a check, to compare with and to restore. */
final class SavedState {
  private record Saved(String name, Tensor tensor, double[] values) {}

  private final List<Saved> inputs = new ArrayList<>(); // the input and the parameters
  private final List<Saved> buffers = new ArrayList<>();
  private final List<Counter> counters;
  private final long[] counts;

  SavedState(Network net, int batch) {
    save(inputs, GradientCheck.INPUT, net.input(batch));
    for (Parameter parameter : net.parameters()) {
      save(inputs, parameter.name(), parameter.value());
    }
    for (Buffer buffer : net.buffers()) {
      save(buffers, buffer.name(), buffer.value());
    }
    counters = net.counters();
    counts = counters.stream().mapToLong(Counter::value).toArray();
  }

  private static void save(List<Saved> list, String name, Tensor tensor) {
    list.add(new Saved(name, tensor, Values.of(tensor)));
  }

  /** Throws when a module wrote to its input or to a parameter. */
  void requireInputsUntouched(String check) {
    for (Saved saved : inputs) {
      if (!Arrays.equals(saved.values, Values.of(saved.tensor))) {
        throw new IllegalStateException(
            check + ": a forward or backward changed " + saved.name + ", which it may only read");
      }
    }
  }

  /** Restores the buffers, such as running statistics, which a training forward changes. */
  void restoreBuffers() {
    buffers.forEach(saved -> saved.tensor.upload(saved.values));
  }

  /** Restores everything. */
  void restore() {
    inputs.forEach(saved -> saved.tensor.upload(saved.values));
    restoreBuffers();
    for (int i = 0; i < counts.length; i++) {
      counters.get(i).value(counts[i]);
    }
  }
}
