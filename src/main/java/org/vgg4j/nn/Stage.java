package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.EngineException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * A layer of a net at one input shape: a module with its name, its layouts and its parameters. A
 * forward pass walks the stages from first to last, a backward pass from last to first.
 *
 * @param name the scope of its first parameter, else its own, such as {@code features.0}
 * @param module the module
 * @param x the layout of the input, batch first
 * @param y the layout of the output, batch first
 * @param parameters its parameters, adjacent in the net's slabs
 * @param multiplyAdds the multiply-adds of a forward pass over the batch
 * @param activationBytes what it keeps of a forward pass: outputs and what the backward reads; in
 *     inference, only outputs, which reuse the same memory; 0 where no backward comes to it
 * @param work what a training step does in it, as far as the engine counts that
 */
public record Stage(
    String name,
    Module module,
    Layout x,
    Layout y,
    List<Parameter> parameters,
    long multiplyAdds,
    long activationBytes,
    List<Work> work) {
  /** Copies the lists. */
  public Stage {
    parameters = List.copyOf(parameters);
    work = List.copyOf(work);
  }

  /** Returns the simple name of the module's class. */
  public String type() {
    return module.getClass().getSimpleName();
  }

  /** Returns the shape of the output, batch first. */
  public Shape output() {
    return y.shape();
  }

  /** Returns where its parameters begin in every slab, in elements; 0 when it has none. */
  public long firstElement() {
    return parameters.isEmpty() ? 0 : parameters.get(0).firstElement();
  }

  /** Returns where its parameters end in every slab, in elements; 0 when it has none. */
  public long endElement() {
    return parameters.isEmpty() ? 0 : parameters.get(parameters.size() - 1).endElement();
  }

  /** Returns whether it has parameters that are trained. */
  public boolean isTrained() {
    return !parameters.isEmpty() && parameters.get(0).isTrained();
  }

  /** Returns how many values its parameters have. */
  public long parameterCount() {
    return parameters.stream().mapToLong(p -> p.shape().elementCount()).sum();
  }

  Tensor forward(Tensor input, boolean training, StageListener listener) {
    try {
      listener.beforeForward(this);
      Tensor output = module.forward(input, training);
      listener.afterForward(this);
      return output;
    } catch (EngineException e) {
      e.seenIn("forward of " + name);
      throw e;
    }
  }

  Tensor forwardAgain(Tensor input, StageListener listener) {
    try {
      listener.beforeForwardAgain(this);
      Tensor output = module.forwardAgain(input);
      listener.afterForwardAgain(this);
      return output;
    } catch (EngineException e) {
      e.seenIn("second forward of " + name);
      throw e;
    }
  }

  Tensor backward(Tensor dy, StageListener listener) {
    try {
      listener.beforeBackward(this);
      Tensor dx = module.backward(dy);
      listener.afterBackward(this);
      return dx;
    } catch (EngineException e) {
      e.seenIn("backward of " + name);
      throw e;
    }
  }
}
