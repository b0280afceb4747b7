package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;

/** A net whose operations and memory are planned but whose memory was not yet taken. */
public final class PlannedNetwork implements AutoCloseable {
  private final Backend backend;
  private final NetworkOptions options;
  private final Shape sample;
  private final Closing closing = new Closing();
  private final StepState state;
  private final Registry registry;
  private final List<Chain> chains = new ArrayList<>();
  private final Slab inputs = new Slab();
  private final MemoryPlan memoryPlan;
  private List<LayerPlan> layers; // of the first chain
  private long workspaceBytes;
  private boolean handedOver;

  PlannedNetwork(
      Supplier<? extends Module> chain, Shape sample, NetworkOptions options, Backend backend) {
    this.backend = backend;
    this.options = options;
    this.sample = sample;
    registry = new Registry(options.training());
    try {
      state = closing.own(backend.newStepState());
      state.seed(options.seed());
      for (int batch : options.batchSizes()) {
        chains.add(plan(batch, closing.own(chain.get())));
        registry.complete();
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    memoryPlan =
        new MemoryPlan(
            registry.parameterBytes(),
            registry.gradientBytes(),
            registry.bufferBytes(),
            chains.stream().mapToLong(c -> c.memory().activationBytes()).max().orElse(0),
            chains.stream().mapToLong(c -> c.memory().gradientBytes()).max().orElse(0),
            inputs.bytes(),
            workspaceBytes,
            layers);
  }

  private Chain plan(int batch, Module module) {
    if (chains.stream().anyMatch(chain -> chain.module() == module)) {
      throw new IllegalArgumentException("each batch size needs a new module, not the same one");
    }
    ChainMemory memory = new ChainMemory(options.training());
    ChainContext.Books books = new ChainContext.Books(backend, state, registry, memory, closing);
    ChainContext context =
        ChainContext.root(books, new Usage(options.training(), options.inputGradient()));
    Slot input = inputs.overlay(backend.plainLayout(batched(batch), backend.computeType()));
    Layout output = context.build("", module, input.layout(), context.usage());
    Slot outputGradient = options.training() ? context.gradient(output) : null;
    workspaceBytes = Math.max(workspaceBytes, books.workspaceBytes());
    if (layers == null) {
      layers = books.layers();
    }
    return new Chain(batch, module, input, output, outputGradient, memory);
  }

  private Shape batched(int batch) {
    int[] dims = new int[sample.rank() + 1];
    dims[0] = batch;
    System.arraycopy(sample.toArray(), 0, dims, 1, sample.rank());
    return Shape.of(dims);
  }

  /** Returns the memory that {@link #allocate} will take. */
  public MemoryPlan memoryPlan() {
    return memoryPlan;
  }

  /** Returns the parameters, in forward order; they have no values yet. */
  public List<Parameter> parameters() {
    return registry.parameters();
  }

  /**
   * Takes the memory and sets the starting values. The net then owns everything, and closing this
   * object does nothing.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough; nothing is kept
   */
  public Network allocate() {
    if (handedOver) {
      throw new IllegalStateException("the memory of this net was taken before");
    }
    Closing arenas = new Closing();
    try {
      Arena values = take(arenas, memoryPlan.parameters());
      Arena gradients = take(arenas, memoryPlan.gradients());
      Arena buffers = take(arenas, memoryPlan.buffers());
      Arena activations = take(arenas, memoryPlan.activations());
      Arena activationGradients = take(arenas, memoryPlan.activationGradients());
      Arena images = take(arenas, memoryPlan.inputs());
      registry.bind(values, gradients, buffers);
      for (Chain chain : chains) {
        chain.memory().bind(activations, activationGradients);
      }
      inputs.bind(images, 0);
      backend.allocateWorkspace();
      InitialValues.set(registry, options);
      closing.own(arenas);
      handedOver = true;
      return new Network(this, values, gradients);
    } catch (RuntimeException | Error e) {
      arenas.abandon(e);
      throw e;
    }
  }

  private Arena take(Closing arenas, long bytes) {
    return bytes == 0 ? null : arenas.own(backend.allocate(bytes));
  }

  Backend backend() {
    return backend;
  }

  NetworkOptions options() {
    return options;
  }

  StepState state() {
    return state;
  }

  Registry registry() {
    return registry;
  }

  List<Chain> chains() {
    return chains;
  }

  /** Returns what the net must close. */
  Closing owned() {
    return closing;
  }

  /** Releases the plans, unless a net was made of them. */
  @Override
  public void close() {
    if (!handedOver) {
      closing.close();
    }
  }
}
