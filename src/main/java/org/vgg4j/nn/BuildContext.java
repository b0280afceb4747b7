package org.vgg4j.nn;

import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;

/**
 * What a {@link Module} is given when it is built: the engine, memory, and the parameters that it
 * shares with the same module of the other batch sizes. Names are relative to the context's scope.
 */
public interface BuildContext extends MemoryPlanner {
  /** Returns the engine to plan on. */
  Backend backend();

  /** Returns what the module will be used for. */
  Usage usage();

  /** Returns the state that plans such as dropout read. */
  StepState stepState();

  /** Returns a context whose names lie under {@code name}; the empty name is this scope itself. */
  BuildContext scope(String name);

  /**
   * Builds a part of this module in a scope of its own and gives it a row in the net's table of
   * layers.
   *
   * @param usage what the part will be used for: this context's usage for the part that takes this
   *     module's input, with an input gradient for those behind it
   * @return the layout of the part's output
   */
  Layout build(String name, Module part, Layout x, Usage usage);

  /**
   * Returns the layout of a parameter that another batch size already has, or null when this is the
   * first to ask.
   */
  Layout weightLayout(String name);

  /**
   * Creates a trained parameter, or returns the one that another batch size created.
   *
   * @param initializer gives the values it starts with
   * @throws IllegalStateException when this chain has it already, or it exists in another layout
   */
  Parameter parameter(String name, Layout layout, Initializer initializer);

  /**
   * Creates or returns a tensor that is kept with the net but not trained, such as running
   * statistics.
   */
  Buffer buffer(String name, Layout layout, double initial);

  /** Creates or returns a counter of the net's training forward passes. */
  Counter counter(String name);

  /**
   * Returns the next number for {@code DropoutSpec.stream}; every batch size gets the same ones in
   * the same order.
   */
  long nextStream();

  /** Hands a plan to the net, which closes it and counts its workspace; returns it. */
  <P extends Plan> P plan(P plan);

  /** Adds the multiply-adds of one forward pass over the batch to the layer's row. */
  void multiplyAdds(long count);
}
