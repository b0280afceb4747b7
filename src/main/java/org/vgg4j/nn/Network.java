package org.vgg4j.nn;

import java.util.List;
import java.util.function.Supplier;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * A chain of modules with its parameters and memory, ready to run at one or more batch sizes.
 *
 * <p>All batch sizes run on the same parameters and over the same activations, so a backward
 * belongs to the last forward. Parameters, gradients and running statistics each lie in one slab.
 * The net belongs to the thread that its engine belongs to.
 */
public final class Network implements AutoCloseable {
  private final PlannedNetwork plan;
  private final Arena parameterArena; // null without parameters
  private final Arena gradientArena; // null without parameters and in inference
  private final List<Parameter> parameters;
  private final List<Buffer> buffers;
  private final List<Counter> counters;
  private int trainedBatch; // of the last forward, 0 when that was none for training
  private boolean closed;

  Network(PlannedNetwork plan, Arena parameterArena, Arena gradientArena) {
    this.plan = plan;
    this.parameterArena = parameterArena;
    this.gradientArena = gradientArena;
    parameters = plan.registry().parameters();
    buffers = plan.registry().buffers();
    counters = plan.registry().counters();
  }

  /**
   * Plans a net without taking memory.
   *
   * @param chain makes the net's module, a new one at each call: once a batch size
   * @param sample the shape of one input without the batch: (C, H, W)
   * @param backend the engine, which must outlive the net
   * @throws org.vgg4j.tensor.InvalidInputException when the modules do not fit the input or each
   *     other
   */
  public static PlannedNetwork plan(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    return new PlannedNetwork(chain, sample, options, backend);
  }

  /**
   * Plans a net as {@link #plan} does and takes its memory.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   */
  public static Network build(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    try (PlannedNetwork planned = plan(chain, sample, options, backend)) {
      return planned.allocate();
    }
  }

  /** Returns the engine. */
  public Backend backend() {
    return plan.backend();
  }

  /** Returns what the net was built for. */
  public NetworkOptions options() {
    return plan.options();
  }

  /**
   * Returns the place for a batch of inputs, row-major (N, C, H, W); batch sizes share the memory.
   */
  public Tensor input(int batch) {
    return chain(batch).input().tensor();
  }

  /** Returns the layout of the output at a batch size: of VGG's logits (N, classes). */
  public Layout outputLayout(int batch) {
    return chain(batch).output();
  }

  /**
   * Returns the place for the gradient of the output, for {@link #backward}.
   *
   * @throws IllegalStateException in a net for inference
   */
  public Tensor outputGradient(int batch) {
    requireTraining();
    return chain(batch).outputGradient().tensor();
  }

  /**
   * Runs the net at the batch size of {@code x}; its counters count a training pass.
   *
   * @param x {@link #input}, or another tensor of its layout
   * @return the output, valid until the next forward
   * @throws IllegalArgumentException for a batch size that the net was not built for
   * @throws IllegalStateException for training in a net for inference
   */
  public Tensor forward(Tensor x, boolean training) {
    if (training) {
      requireTraining();
    }
    Chain chain = chain(x.shape().dim(0));
    trainedBatch = 0;
    Tensor y = chain.module().forward(x, training);
    if (training) {
      trainedBatch = chain.batch();
      for (int i = 0; i < counters.size(); i++) {
        counters.get(i).increment();
      }
    }
    return y;
  }

  /**
   * Computes the gradients for the last forward, overwriting those of the parameters.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, valid until the next forward; null unless the net was built
   *     with it
   * @throws IllegalStateException unless the last forward was a training one at this batch size
   */
  public Tensor backward(Tensor dy) {
    Chain chain = chain(dy.shape().dim(0));
    if (trainedBatch != chain.batch()) {
      throw new IllegalStateException(
          "a backward needs a training forward of the same batch size just before it");
    }
    return chain.module().backward(dy);
  }

  private Chain chain(int batch) {
    if (closed) {
      throw new IllegalStateException("this net is closed");
    }
    List<Chain> chains = plan.chains();
    for (int i = 0; i < chains.size(); i++) {
      if (chains.get(i).batch() == batch) {
        return chains.get(i);
      }
    }
    throw new IllegalArgumentException(
        "this net was built for batches of " + options().batchSizes() + ", not of " + batch);
  }

  private void requireTraining() {
    if (!options().training()) {
      throw new IllegalStateException("this net was built for inference");
    }
  }

  /** Returns the trained parameters in forward order. */
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Returns the tensors that are kept but not trained, in forward order. */
  public List<Buffer> buffers() {
    return buffers;
  }

  /** Returns the counters in forward order. */
  public List<Counter> counters() {
    return counters;
  }

  /**
   * Returns the names of parameters, buffers and counters in the order of PyTorch's {@code
   * state_dict}.
   */
  public List<String> stateNames() {
    return plan.registry().names();
  }

  /**
   * Returns the slab of the parameters.
   *
   * @throws IllegalStateException when the net has none
   */
  public Arena parameterArena() {
    return present(parameterArena, "parameters");
  }

  /**
   * Returns the slab of the gradients, each at its parameter's offset.
   *
   * @throws IllegalStateException when the net has none
   */
  public Arena gradientArena() {
    return present(gradientArena, "gradients");
  }

  private static Arena present(Arena arena, String what) {
    if (arena == null) {
      throw new IllegalStateException("this net has no " + what);
    }
    return arena;
  }

  /**
   * Returns the step, forward pass and learning rate that dropout and optimizers read; the trainer
   * sets them.
   */
  public StepState stepState() {
    return plan.state();
  }

  /** Returns the memory that the net took. */
  public MemoryPlan memoryPlan() {
    return plan.memoryPlan();
  }

  /** Releases memory, plans and modules; the engine stays open. */
  @Override
  public void close() {
    closed = true;
    plan.owned().close();
  }
}
