package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;

/**
 * A chain of stages with its parameters and memory, ready to run at one or more input shapes.
 *
 * <p>Each shape has an {@link Execution}. All share the parameters; those planned together also
 * share activations, so a backward belongs to the last forward. Parameters, gradients and running
 * statistics each occupy one slab. Use a net only on its engine's thread.
 */
public final class Network implements AutoCloseable {
  private final Supplier<? extends Module> chain;
  private final Shape sample;
  private final NetworkOptions options;
  private final Backend backend;
  private final Closing closing = new Closing();
  private final StepState stepState;
  private final NetworkState state;
  private final List<Execution> planned = new ArrayList<>(); // in shared memory
  private final OtherShapes others;
  private final MemoryPlan memoryPlan;
  private CrossEntropyLoss loss; // null until requested, as are the sums
  private LossAccumulator sums;
  private StageListener listener = StageListener.NONE;
  private Arena values; // null without parameters, as are the next two
  private Arena gradients; // also null in inference
  private Arena copies; // also null when plans read the values
  private Arena statistics; // null without running statistics
  private Execution trained; // of the last forward, null unless it was for training
  private boolean closed;

  private Network(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    this.chain = chain;
    this.sample = sample;
    this.options = options;
    this.backend = backend;
    state = new NetworkState(backend, options.training());
    others = new OtherShapes(options.shapeBytes());
    try {
      stepState = closing.own(backend.newStepState());
      stepState.seed(options.seed());
      for (int batch : options.batchSizes()) {
        planned.add(closing.own(newExecution(sample.batched(batch))));
        state.complete();
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    memoryPlan = memoryPlan(options.recomputation().stages());
  }

  /** Returns the memory plan with other stretches to compute again. */
  MemoryPlan memoryPlan(List<Integer> again) {
    return new MemoryPlan(
        state.valueBytes(),
        state.trainedBytes(),
        state.copyBytes(),
        state.gradientBytes(),
        state.bufferBytes(),
        most(e -> e.memory().activationBytes(again)),
        most(e -> e.memory().gradientBytes(again)),
        most(Execution::inputBytes),
        most(Execution::workspaceBytes),
        planned.get(0).stages());
  }

  private long most(ToLongFunction<Execution> bytes) {
    return planned.stream().mapToLong(bytes).max().orElse(0);
  }

  private Execution newExecution(Shape x) {
    return new Execution(this, this::newModule, x);
  }

  private Module newModule() {
    Module module = chain.get();
    if (planned.stream().anyMatch(execution -> execution.module() == module)) {
      throw new IllegalArgumentException("each input shape needs a new module, not the same one");
    }
    return module;
  }

  /**
   * Plans a net without allocating memory.
   *
   * @param chain makes the net's module, a new one for each input shape
   * @param sample the shape of one input without the batch: (C, H, W)
   * @param backend the engine, which must outlive the net
   * @throws org.vgg4j.tensor.InvalidInputException when the modules do not fit the input or each
   *     other
   */
  public static NetworkPlan plan(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    return new NetworkPlan(new Network(chain, sample, options, backend));
  }

  /**
   * Plans a net as {@link #plan} does and allocates its memory.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough
   */
  public static Network build(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    try (NetworkPlan plan = plan(chain, sample, options, backend)) {
      return plan.allocate();
    }
  }

  void allocate() {
    Closing arenas = new Closing();
    try {
      values = take(arenas, memoryPlan.parameters(), MemoryOwner.PARAMETERS);
      gradients = take(arenas, memoryPlan.gradients(), MemoryOwner.GRADIENTS);
      copies = take(arenas, memoryPlan.copies(), MemoryOwner.WEIGHT_COPIES);
      statistics = take(arenas, memoryPlan.buffers(), MemoryOwner.STATISTICS);
      state.bind(values, gradients, copies, statistics);
      Arena activations = take(arenas, memoryPlan.activations(), MemoryOwner.ACTIVATIONS);
      Arena activationGradients =
          take(arenas, memoryPlan.activationGradients(), MemoryOwner.ACTIVATION_GRADIENTS);
      Arena inputs = take(arenas, memoryPlan.inputs(), MemoryOwner.INPUTS);
      for (Execution execution : planned) {
        execution.bind(activations, activationGradients, inputs);
      }
      backend.allocateWorkspace();
      InitialValues.set(state, options);
      closing.own(arenas);
    } catch (RuntimeException | Error e) {
      arenas.abandon(e);
      throw e;
    }
  }

  private Arena take(Closing arenas, long bytes, String owner) {
    return bytes == 0 ? null : arenas.own(backend.allocate(bytes, owner));
  }

  /** Returns the engine. */
  public Backend backend() {
    return backend;
  }

  /** Returns the options that the net was built with. */
  public NetworkOptions options() {
    return options;
  }

  /**
   * Returns the net at an input shape. One that it was not built for is planned now, in its own
   * memory; the least recently used of these are closed to make room.
   *
   * @param x the shape of the input, batch first
   * @throws org.vgg4j.tensor.InvalidInputException when the modules cannot take such an input
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when it needs more than {@link
   *     NetworkOptions#shapeBytes}
   */
  public Execution execution(Shape x) {
    if (closed) {
      throw new IllegalStateException("this net is closed");
    }
    for (int i = 0; i < planned.size(); i++) {
      if (planned.get(i).shape().equals(x)) {
        return planned.get(i);
      }
    }
    Execution other = others.find(x);
    return other != null ? other : add(newExecution(x));
  }

  private Execution add(Execution execution) {
    others.add(execution);
    trained = planned.contains(trained) || others.contains(trained) ? trained : null;
    backend.allocateWorkspace();
    return execution;
  }

  /** Returns the net at a batch size of its usual sample shape; see {@link #execution(Shape)}. */
  public Execution execution(int batch) {
    return execution(sample.batched(batch));
  }

  /** Returns the net at the shapes it was built for, largest batch first. */
  public List<Execution> executions() {
    return List.copyOf(planned);
  }

  /** Returns the tensor for a batch of inputs, row-major (N, C, H, W). */
  public Tensor input(int batch) {
    return execution(batch).input();
  }

  /** Returns the layout of the output at a batch size, for VGG the logits (N, classes). */
  public Layout outputLayout(int batch) {
    return execution(batch).output();
  }

  /**
   * Returns the tensor for the output gradient, for {@link #backward}. Write it after the forward,
   * which may use its memory.
   *
   * @throws IllegalStateException in a net built for inference
   */
  public Tensor outputGradient(int batch) {
    return execution(batch).outputGradient();
  }

  /**
   * Runs the net at the shape of {@code x}; a training pass increments its counters.
   *
   * @param x {@link #input}, or another tensor of its layout
   * @return the output, valid until the next forward, and where stages are computed again only
   *     until the backward
   * @throws IllegalStateException for training in a net built for inference
   */
  public Tensor forward(Tensor x, boolean training) {
    if (training && !options.training()) {
      throw new IllegalStateException("this net was built for inference");
    }
    Execution execution = execution(x.shape());
    trained = null;
    Tensor y = execution.forward(x, training);
    if (training) {
      trained = execution;
      countTrainingPass();
    }
    return y;
  }

  /**
   * Increments the net's counters, which live on the host, for a training pass that the engine runs
   * from a recording.
   */
  public void countTrainingPass() {
    state.countTrainingPass();
  }

  /**
   * Computes the gradients for the last forward, overwriting those of the parameters and, but for
   * the output, what that forward kept: another backward needs another forward, unless the net was
   * built {@link NetworkOptions#withRepeatedBackward}.
   *
   * @param dy the gradient of the output
   * @return the gradient of the input, valid until the next forward; null unless the net was built
   *     to compute it
   * @throws IllegalStateException unless the last forward was for training, at this batch size
   */
  public Tensor backward(Tensor dy) {
    if (trained == null || !trained.output().shape().equals(dy.shape())) {
      throw new IllegalStateException(
          "a backward needs a training forward of the same batch size just before it, and one of"
              + " its own unless the net was built withRepeatedBackward and computes no stage"
              + " again");
    }
    Execution execution = trained;
    if (!options.repeatedBackward() || !options.recomputation().stages().isEmpty()) {
      trained = null; // this backward writes over what the forward left
    }
    return execution.backward(dy);
  }

  /** Returns the cross entropy of the net's outputs, planned on the first call. */
  public CrossEntropyLoss loss() {
    if (loss == null) {
      loss = new CrossEntropyLoss(this, lossAccumulator());
    }
    return loss;
  }

  LossAccumulator lossAccumulator() {
    if (sums == null) {
      sums = closing.own(backend.newLossAccumulator());
    }
    return sums;
  }

  /** Sets the listener for all stages, in place of the one before. */
  public void listen(StageListener newListener) {
    listener = newListener;
  }

  /**
   * Returns whether a listener is set, which hears of a stage only while the net itself runs it.
   */
  public boolean hasListener() {
    return listener != StageListener.NONE;
  }

  /** Returns the listener for all stages, {@link StageListener#NONE} unless one was set. */
  public StageListener listener() {
    return listener;
  }

  NetworkState state() {
    return state;
  }

  /** Returns all parameters in forward order, also those that are not trained. */
  public List<Parameter> parameters() {
    return state.parameters();
  }

  /** Returns the tensors of the state that are not trained, in forward order. */
  public List<Buffer> buffers() {
    return state.buffers();
  }

  /** Returns the counters in forward order. */
  public List<Counter> counters() {
    return state.counters();
  }

  /**
   * Returns the names of parameters, buffers and counters in the order of PyTorch's {@code
   * state_dict}.
   */
  public List<String> stateNames() {
    return state.names();
  }

  /**
   * Returns the slabs that an optimizer works on.
   *
   * @throws IllegalStateException when the net has no parameters, or no gradients
   */
  public ParameterSlabs slabs() {
    if (values == null || gradients == null) {
      throw new IllegalStateException(
          "this net has no " + (values == null ? "parameters" : "gradients"));
    }
    return new ParameterSlabs(values, gradients, copies);
  }

  /** Returns the bytes of the trained parameters, which begin each slab. */
  public long trainedBytes() {
    return memoryPlan.trained();
  }

  /** Returns the slab of the running statistics, null without any. */
  public Arena statistics() {
    return statistics;
  }

  /**
   * Refreshes the copies that plans compute with after parameters were written from outside; does
   * nothing on engines that keep none.
   */
  public void refreshCompute() {
    state.refreshCopies();
  }

  /**
   * Returns the state that changes per step: the trainer sets it; dropout, loss and optimizers read
   * it.
   */
  public StepState stepState() {
    return stepState;
  }

  /** Returns the net's memory plan. */
  public MemoryPlan memoryPlan() {
    return memoryPlan;
  }

  /** Releases memory, plans and modules; the engine stays open. */
  @Override
  public void close() {
    closed = true;
    others.leaveTo(closing);
    closing.close();
  }
}
