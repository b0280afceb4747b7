package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ParameterLayouts;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Types;

/**
 * A net's state at every input shape: named parameters, buffers and counters. The first execution
 * creates them; the others share them.
 */
final class NetworkState {
  private final Types types;
  private final int elementBytes; // of the slab of values
  private final boolean training;
  private final Map<String, Parameter> parameters = new LinkedHashMap<>();
  private final Map<String, Buffer> buffers = new LinkedHashMap<>();
  private final Map<String, Counter> counters = new LinkedHashMap<>();
  private final List<String> names = new ArrayList<>();
  private final SlotLayout bufferSlab = new SlotLayout();
  private long elements; // of the trained parameters in every slab
  private long frozenElements; // of the others, which come behind them
  private boolean complete;

  NetworkState(Backend backend, boolean training) {
    types = backend.types();
    elementBytes = backend.plainLayout(Shape.of(1), types.master()).elementBytes();
    this.training = training;
  }

  /** Marks the first execution as built: the others may add nothing. */
  void complete() {
    if (!complete) {
      parameters.values().stream().filter(p -> !p.isTrained()).forEach(p -> p.moveBy(elements));
    }
    complete = true;
  }

  /** Returns the layout in which plans read an existing parameter, or null. */
  Layout computeLayout(String name) {
    Parameter known = parameters.get(name);
    return known == null ? null : known.layouts().compute();
  }

  Parameter parameter(
      String name, ParameterLayouts layouts, boolean frozen, Initializer initializer) {
    Parameter known = parameters.get(name);
    if (known == null) {
      add(name);
      boolean isTrained = training && !frozen;
      long first = isTrained ? elements : frozenElements;
      known = new Parameter(name, layouts, elementBytes, first, isTrained, initializer);
      parameters.put(name, known);
      long step = elementStep(layouts);
      long end = (known.endElement() + step - 1) / step * step;
      elements = isTrained ? end : elements;
      frozenElements = isTrained ? frozenElements : end;
    }
    requireSame(name, known.layouts(), layouts);
    return known;
  }

  /** Aligns parameters in the slab of the narrowest type, hence in all. */
  private long elementStep(ParameterLayouts layouts) {
    Layout master = layouts.master();
    int narrowest =
        types.hasWeightCopies()
            ? Math.min(master.elementBytes(), master.as(types.weight()).elementBytes())
            : master.elementBytes();
    return Arena.ALIGNMENT / Math.min(narrowest, layouts.gradient().elementBytes());
  }

  Buffer buffer(String name, Layout layout, double initial, boolean frozen) {
    Buffer known = buffers.get(name);
    if (known == null) {
      add(name);
      long offset = bufferSlab.bytes();
      known = new Buffer(name, bufferSlab.append(layout), offset, initial, frozen);
      buffers.put(name, known);
    }
    requireSame(name, known.layout(), layout);
    return known;
  }

  Counter counter(String name, boolean frozen) {
    Counter known = counters.get(name);
    if (known == null) {
      add(name);
      known = new Counter(name, frozen);
      counters.put(name, known);
    }
    return known;
  }

  private void add(String name) {
    if (complete) {
      throw new IllegalStateException(name + " is not in the net of the first input shape");
    }
    if (names.contains(name)) {
      throw new IllegalStateException(name + " is already the name of another kind of state");
    }
    names.add(name);
  }

  private static void requireSame(String name, Object known, Object asked) {
    if (!Objects.equals(known, asked)) {
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

  void countTrainingPass() {
    counters.values().forEach(Counter::increment);
  }

  List<String> names() {
    return Collections.unmodifiableList(names);
  }

  long valueBytes() {
    return Arena.align((elements + frozenElements) * elementBytes);
  }

  /** Returns the bytes of the trained values, 0 in inference. */
  long trainedBytes() {
    return Arena.align(elements * elementBytes);
  }

  long gradientBytes() {
    return slabBytes(elements, trained().map(p -> p.layouts().gradient()).toList());
  }

  private Stream<Parameter> trained() {
    return parameters.values().stream().filter(Parameter::isTrained);
  }

  /** Returns the size of the slab of copies, 0 when plans read the values. */
  long copyBytes() {
    return slabBytes(
        elements + frozenElements,
        parameters.values().stream()
            .filter(Parameter::hasCopy)
            .map(p -> p.layouts().compute())
            .toList());
  }

  private static long slabBytes(long elements, List<Layout> layouts) {
    return layouts.isEmpty() ? 0 : Arena.align(elements * layouts.get(0).elementBytes());
  }

  long bufferBytes() {
    return bufferSlab.bytes();
  }

  void bind(Arena values, Arena gradients, Arena copies, Arena bufferArena) {
    for (Parameter parameter : parameters.values()) {
      parameter.bind(values, gradients, copies);
    }
    bufferSlab.bind(bufferArena, 0);
  }

  /** Rewrites the copies that plans read. */
  void refreshCopies() {
    for (Parameter parameter : parameters.values()) {
      if (parameter.hasCopy()) {
        parameter.compute().copyFrom(parameter.value());
      }
    }
  }
}
