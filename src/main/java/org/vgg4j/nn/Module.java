package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A layer or a chain of layers, built once for one batch size and then only run.
 *
 * <p>A net for two batch sizes consists of two instances of every module, which share their
 * parameters by name through the {@link BuildContext}. An instance belongs to one net and is never
 * built twice.
 */
public interface Module extends AutoCloseable {
  /**
   * Returns the shape of the output for an input, by arithmetic alone.
   *
   * @param x the shape of the input, batch first
   * @throws org.vgg4j.tensor.InvalidInputException when the module does not take such an input
   */
  Shape outputShape(Shape x);

  /**
   * A module within another.
   *
   * @param scope the scope of its parameters in that of the whole, empty for the same
   */
  record Part(String scope, Module module) {}

  /**
   * Returns the modules that this one runs one after another and does nothing beside: a net then
   * takes them as stages of their own. Empty, the default, for a module that is one stage.
   */
  default List<Part> parts() {
    return List.of();
  }

  /**
   * Plans the operations and asks for memory and parameters; called once. The slots have tensors
   * only after the whole net was built. Gradient memory is asked for in forward order, the input's
   * before any other.
   *
   * @param context what the module is given
   * @param x the layout of the input
   * @return the layout of the output, of shape {@code outputShape(x.shape())}
   */
  Layout build(BuildContext context, Layout x);

  /**
   * Computes the output.
   *
   * @param x the input, in the layout that the module was built for
   * @param training whether dropout drops, batch norm takes the batch's statistics, and a backward
   *     may follow; only in a net built for training
   */
  Tensor forward(Tensor x, boolean training);

  /**
   * Computes the gradients for the last training forward: those of the parameters overwrite what
   * their gradient tensors held.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, or null when {@code context.usage().inputGradient()} was
   *     false
   */
  Tensor backward(Tensor dy);

  /**
   * Releases what the module owns beside its plans, which the net owns; may be called on a module
   * never built.
   */
  @Override
  default void close() {}
}
