package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;

/** The {@link BuildContext} of one scope of one chain; all scopes share the chain's books. */
final class ChainContext implements BuildContext {
  /** Dropout's streams; the starting values and the shuffles have others. */
  private static final long DROPOUT_STREAMS = 1L << 32;

  private final Books books;
  private final String prefix; // "" or "features.0."
  private final Usage usage;

  /** What the scopes of one chain write to. */
  static final class Books {
    private final Backend backend;
    private final StepState state;
    private final Registry registry;
    private final ChainMemory memory;
    private final Closing closing;
    private final Set<String> used = new HashSet<>();
    private final List<LayerPlan> layers = new ArrayList<>();
    private long workspaceBytes;
    private long streams;
    private String firstParameter; // of the layer being built
    private long parameterCount; // so far, as the next two
    private long multiplyAdds;
    private long activationBytes;

    Books(
        Backend backend, StepState state, Registry registry, ChainMemory memory, Closing closing) {
      this.backend = backend;
      this.state = state;
      this.registry = registry;
      this.memory = memory;
      this.closing = closing;
    }

    List<LayerPlan> layers() {
      return layers;
    }

    long workspaceBytes() {
      return workspaceBytes;
    }

    private String use(String name) {
      if (!used.add(name)) {
        throw new IllegalStateException("two modules of a chain own " + name);
      }
      return name;
    }
  }

  private ChainContext(Books books, String prefix, Usage usage) {
    this.books = books;
    this.prefix = prefix;
    this.usage = usage;
  }

  static ChainContext root(Books books, Usage usage) {
    return new ChainContext(books, "", usage);
  }

  @Override
  public Backend backend() {
    return books.backend;
  }

  @Override
  public Usage usage() {
    return usage;
  }

  @Override
  public StepState stepState() {
    return books.state;
  }

  @Override
  public BuildContext scope(String name) {
    return inner(name, usage);
  }

  private ChainContext inner(String name, Usage innerUsage) {
    return new ChainContext(books, name.isEmpty() ? prefix : prefix + name + ".", innerUsage);
  }

  @Override
  public Layout build(String name, Module part, Layout x, Usage partUsage) {
    int rows = books.layers.size();
    long parametersBefore = books.parameterCount;
    long multiplyAddsBefore = books.multiplyAdds;
    long activationsBefore = books.activationBytes;
    books.firstParameter = null;
    ChainContext scope = inner(name, partUsage);
    Layout y = part.build(scope, x);
    String type = part.getClass().getSimpleName();
    if (!y.shape().equals(part.outputShape(x.shape()))) {
      throw new IllegalStateException(
          type + " built an output of " + y.shape() + " but says " + part.outputShape(x.shape()));
    }
    if (books.layers.size() == rows) { // its parts, if it has some, have the rows
      books.layers.add(
          new LayerPlan(
              scope.layerName(),
              type,
              y.shape(),
              books.parameterCount - parametersBefore,
              books.multiplyAdds - multiplyAddsBefore,
              books.activationBytes - activationsBefore));
    }
    return y;
  }

  /**
   * Returns the scope of the first parameter: a block that spans several scopes goes by its first.
   */
  private String layerName() {
    String path = books.firstParameter == null ? prefix : books.firstParameter;
    return path.substring(0, Math.max(0, path.lastIndexOf('.')));
  }

  @Override
  public Layout weightLayout(String name) {
    return books.registry.layout(prefix + name);
  }

  @Override
  public Parameter parameter(String name, Layout layout, Initializer initializer) {
    Parameter parameter = books.registry.parameter(books.use(prefix + name), layout, initializer);
    if (books.firstParameter == null) {
      books.firstParameter = parameter.name();
    }
    books.parameterCount += layout.shape().elementCount();
    return parameter;
  }

  @Override
  public Buffer buffer(String name, Layout layout, double initial) {
    return books.registry.buffer(books.use(prefix + name), layout, initial);
  }

  @Override
  public Counter counter(String name) {
    return books.registry.counter(books.use(prefix + name));
  }

  @Override
  public long nextStream() {
    return DROPOUT_STREAMS + books.streams++;
  }

  @Override
  public <P extends Plan> P plan(P plan) {
    books.closing.own(plan);
    books.workspaceBytes = Math.max(books.workspaceBytes, plan.workspaceBytes());
    return plan;
  }

  @Override
  public void multiplyAdds(long count) {
    books.multiplyAdds += count;
  }

  @Override
  public Slot activation(Layout layout) {
    return counted(books.memory.activation(layout));
  }

  @Override
  public Slot saved(Layout layout) {
    return counted(books.memory.saved(layout));
  }

  private Slot counted(Slot slot) {
    books.activationBytes += Arena.align(slot.layout().bytes());
    return slot;
  }

  @Override
  public Slot gradient(Layout layout) {
    return books.memory.gradient(layout);
  }
}
