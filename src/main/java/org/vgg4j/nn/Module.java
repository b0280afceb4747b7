package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * A layer or a chain of layers, built once for one batch size and then only run.
 *
 * <p>A net for two batch sizes has two instances of every module, which share their parameters by
 * name through the {@link BuildContext}. An instance belongs to one net and is never built twice.
 */
public interface Module extends AutoCloseable {
  /**
   * Computes the output shape for an input shape.
   *
   * @param x the shape of the input, batch first
   * @throws org.vgg4j.tensor.InvalidInputException when the module cannot take such an input
   */
  Shape outputShape(Shape x);

  /**
   * A module within another.
   *
   * @param scope the scope of its parameters within the outer module's, empty for the same scope
   */
  record Part(String scope, Module module) {}

  /**
   * Returns the modules that this one runs in sequence, if it does nothing else; each becomes a
   * stage of the net. Empty, the default, for a module that is a single stage.
   */
  default List<Part> parts() {
    return List.of();
  }

  /**
   * Returns where a module that is a single stage has its parameters, relative to its own scope:
   * the scope of the first. Null for one that has none; by default its own scope.
   */
  default String layerScope() {
    return "";
  }

  /**
   * Returns the layout in which the module reads a net's input.
   *
   * @param x the shape of the input, batch first
   */
  default Layout inputLayout(Backend backend, Shape x) {
    return parts().isEmpty()
        ? backend.plainLayout(x, backend.types().activation())
        : parts().get(0).module().inputLayout(backend, x);
  }

  /**
   * Plans the operations and requests memory and parameters; called once. Slots have tensors only
   * after the whole net is built. Gradient memory must be requested in forward order, the input's
   * first.
   *
   * @param context provides engine, memory and parameters
   * @param x the layout of the input
   * @return the layout of the output, of shape {@code outputShape(x.shape())}
   */
  Layout build(BuildContext context, Layout x);

  /**
   * Computes the output.
   *
   * @param x the input, in the layout that the module was built for
   * @param training whether dropout drops, batch norm uses the batch's statistics, and a backward
   *     may follow; only in a net built for training
   */
  Tensor forward(Tensor x, boolean training);

  /**
   * Computes the output of the last training forward again, with the same bits and with all that
   * the backward reads, because that memory was used for something else. By default this runs
   * {@link #forward}; a module whose forward moves state, such as running statistics, leaves that
   * alone here, and one with parts calls theirs.
   *
   * @param x the input of that forward
   */
  default Tensor forwardAgain(Tensor x) {
    return forward(x, true);
  }

  /**
   * Computes the gradients for the last training forward, overwriting those of the parameters.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, or null when {@code context.usage().inputGradient()} was
   *     false
   */
  Tensor backward(Tensor dy);

  /**
   * Releases what the module owns, except its plans, which the net owns; may be called on an
   * unbuilt module.
   */
  @Override
  default void close() {}
}
