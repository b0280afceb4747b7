package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Slot;

/** The named state of a net, created by its first chain and shared with the others. */
final class Registry {
  private final boolean training;
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Buffer> buffers = new LinkedHashMap<>();
  private final Map<String, Counter> counters = new LinkedHashMap<>();
  private final List<String> names = new ArrayList<>();
  private final Slab values = new Slab();
  private final Slab gradients = new Slab();
  private final Slab bufferSlab = new Slab();
  private boolean complete;

  Registry(boolean training) {
    this.training = training;
  }

  /** Says that the first chain was built: the others may add nothing. */
  void complete() {
    complete = true;
  }

  Layout layout(String name) {
    Parameter known = parameters.get(name);
    return known == null ? null : known.layout();
  }

  Parameter parameter(String name, Layout layout, Initializer initializer) {
    Parameter known = parameters.get(name);
    if (known == null) {
      add(name);
      long offset = values.bytes();
      Slot value = values.append(layout);
      Slot gradient = training ? gradients.append(layout) : null;
      known = new Parameter(name, value, gradient, offset, initializer);
      parameters.put(name, known);
    }
    checkLayout(name, known.layout(), layout);
    return known;
  }

  Buffer buffer(String name, Layout layout, double initial) {
    Buffer known = buffers.get(name);
    if (known == null) {
      add(name);
      known = new Buffer(name, bufferSlab.append(layout), initial);
      buffers.put(name, known);
    }
    checkLayout(name, known.layout(), layout);
    return known;
  }

  Counter counter(String name) {
    Counter known = counters.get(name);
    if (known == null) {
      add(name);
      known = new Counter(name);
      counters.put(name, known);
    }
    return known;
  }

  private void add(String name) {
    if (complete) {
      throw new IllegalStateException(name + " is not in the chain of the largest batch size");
    }
    if (names.contains(name)) {
      throw new IllegalStateException(name + " is two things at once");
    }
    names.add(name);
  }

  private static void checkLayout(String name, Layout known, Layout asked) {
    if (!known.equals(asked)) {
      throw new IllegalStateException(
          name + " exists in the layout " + known + ", not in " + asked);
    }
  }

  List<Parameter> parameters() {
    return List.copyOf(parameters.values());
  }

  List<Buffer> buffers() {
    return List.copyOf(buffers.values());
  }

  List<Counter> counters() {
    return List.copyOf(counters.values());
  }

  List<String> names() {
    return Collections.unmodifiableList(names);
  }

  long parameterBytes() {
    return values.bytes();
  }

  long gradientBytes() {
    return gradients.bytes();
  }

  long bufferBytes() {
    return bufferSlab.bytes();
  }

  void bind(Arena valueArena, Arena gradientArena, Arena bufferArena) {
    values.bind(valueArena, 0);
    gradients.bind(gradientArena, 0);
    bufferSlab.bind(bufferArena, 0);
  }
}
