package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.ParameterLayouts;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Rewrite;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;

/**
 * Provides what a {@link Module} needs to build: the engine, memory, and the parameters that it
 * shares with its instances at other input shapes. Names are relative to the context's scope.
 */
public final class BuildContext implements MemoryPlanner {
  private final ExecutionBuilder builder;
  private final String prefix; // "" or "features.0."
  private final Usage usage;

  BuildContext(ExecutionBuilder builder, String prefix, Usage usage) {
    this.builder = builder;
    this.prefix = prefix;
    this.usage = usage;
  }

  /** Returns the engine to plan on. */
  public Backend backend() {
    return builder.backend;
  }

  /** Returns what the module will be used for. */
  public Usage usage() {
    return usage;
  }

  /** Returns whether the module's parameters are not trained. */
  boolean isFrozen() {
    return builder.isFrozen();
  }

  /** Returns whether the parameters of what reads the module's output are not trained. */
  boolean isNextFrozen() {
    return builder.isNextFrozen();
  }

  /** Returns what adds up batch norms' statistics over all ranks, null where nothing does. */
  NormSums normSums() {
    return builder.normSums;
  }

  /** Returns the step state, which plans such as dropout read. */
  public StepState stepState() {
    return builder.state;
  }

  /** Returns the context of the inner scope {@code name}; the empty name means this scope. */
  public BuildContext scope(String name) {
    return inner(name, usage);
  }

  BuildContext inner(String name, Usage innerUsage) {
    return new BuildContext(builder, name.isEmpty() ? prefix : prefix + name + ".", innerUsage);
  }

  String prefix() {
    return prefix;
  }

  /**
   * Builds a part of this module in its own scope.
   *
   * @param partUsage how the part will be used: this context's usage for the part that takes this
   *     module's input, with an input gradient for the parts after it
   * @return the layout of the part's output
   */
  public Layout build(String name, Module part, Layout x, Usage partUsage) {
    builder.beginPart();
    Layout y = part.build(inner(name, partUsage), x);
    builder.endPart();
    if (!y.shape().equals(part.outputShape(x.shape()))) {
      throw new IllegalStateException(
          "%s built an output of %s but promised %s"
              .formatted(part.getClass().getSimpleName(), y.shape(), part.outputShape(x.shape())));
    }
    return y;
  }

  /**
   * Returns the layout in which plans read a weight that another input shape already created, or
   * null if none did.
   */
  public Layout weightLayout(String name) {
    return builder.names.computeLayout(prefix + name);
  }

  /**
   * Creates a plan's weight, or returns the one that another input shape created.
   *
   * @param w the layout that the plan reads
   * @param dw the layout of its value, and in which the plan writes the gradient
   * @param initializer computes the initial values
   * @throws IllegalStateException when two modules own it, or it exists in another layout
   */
  public Parameter weight(String name, Layout w, Layout dw, Initializer initializer) {
    return parameter(name, new ParameterLayouts(dw, w, dw), initializer);
  }

  /**
   * Creates or returns a parameter that plans read directly, without a copy: a bias, or a norm's
   * scale or shift.
   */
  public Parameter parameter(String name, Shape shape, Initializer initializer) {
    Layout layout = backend().plainLayout(shape, backend().types().master());
    return parameter(name, ParameterLayouts.of(layout), initializer);
  }

  private Parameter parameter(String name, ParameterLayouts layouts, Initializer initializer) {
    return builder.parameter(prefix + name, layouts, initializer);
  }

  /** Creates or returns a tensor of the state that is not trained, such as running statistics. */
  public Buffer buffer(String name, Shape shape, double initial) {
    Layout layout = backend().plainLayout(shape, backend().types().statistics());
    return builder.names.buffer(builder.use(prefix + name), layout, initial, builder.isFrozen());
  }

  /** Creates or returns a counter of the net's training forward passes. */
  public Counter counter(String name) {
    return builder.names.counter(builder.use(prefix + name), builder.isFrozen());
  }

  /** Returns the next {@code DropoutSpec.stream}; every input shape gets the same sequence. */
  public long nextStream() {
    return builder.nextStream();
  }

  /** Registers and returns a plan; the net closes it and accounts for its workspace. */
  public <P extends Plan> P plan(P plan) {
    return builder.plan(plan);
  }

  /**
   * As {@link #plan}, for a plan of which only the backward runs, before those registered so far.
   */
  <P extends Plan> P planBackward(P plan) {
    return builder.planBackward(plan);
  }

  /** Adds the multiply-adds of one forward pass over the batch to the stage's count. */
  public void multiplyAdds(long count) {
    builder.multiplyAdds(count);
  }

  @Override
  public Slot activation(Layout layout) {
    return builder.counted(builder.memory.activation(layout));
  }

  @Override
  public Slot saved(Layout layout) {
    return builder.counted(builder.memory.saved(layout));
  }

  @Override
  public Slot gradient(Layout layout) {
    return builder.memory.gradient(layout);
  }

  @Override
  public boolean recomputesNorms() {
    return builder.recomputesNorms;
  }

  @Override
  public Slot passing(Layout layout) {
    return builder.memory.passing(layout);
  }

  @Override
  public void leave(Rewrite output) {
    builder.leave(output);
  }

  @Override
  public Rewrite input() {
    return builder.input();
  }

  @Override
  public void again(long multiplyAdds) {
    builder.againMultiplyAdds += multiplyAdds;
  }
}
