package org.vgg4j.backend.reference;

import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.ClipPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.HostLossAccumulator;
import org.vgg4j.tensor.HostStepState;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.MemoryLedger;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.ThreadOwner;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WindowPlan;

/**
 * The engine that every other engine and every gradient is checked against: plain Java in double
 * precision, one thread, row-major tensors, loops as in the formulas. It needs no native library.
 *
 * <p>Its memory is the Java heap: 8 bytes per element, whatever the type. A tensor of type F32 or
 * BF16 is rounded on upload. Plans compute in F64 only. A plan given a tensor of the wrong shape
 * throws {@link IllegalArgumentException}; a closed engine, arena or plan throws {@link
 * IllegalStateException} when used. Arenas and plans stay usable after the engine is closed, since
 * they hold nothing that it owns.
 */
public final class ReferenceBackend implements Backend {
  private final ThreadOwner owner = new ThreadOwner("reference");
  private final MemoryLedger ledger = new MemoryLedger("reference");
  private final Types types;
  private boolean closed;

  /** Creates the engine. */
  public ReferenceBackend() {
    this(Types.F64);
  }

  /**
   * Creates an engine that stores values in other types. It computes in double and rounds the
   * outputs of each operation, to study mixed precision and to check other engines against it.
   */
  public ReferenceBackend(Types types) {
    this.types = types;
  }

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public String description() {
    return "reference engine: plain Java, double precision, 1 thread";
  }

  @Override
  public Types types() {
    return types;
  }

  @Override
  public Layout plainLayout(Shape shape, DType dtype) {
    return new ReferenceLayout(shape, dtype);
  }

  @Override
  public Arena allocate(long bytes, String name) {
    checkOpen();
    return new ReferenceArena(bytes, owner, ledger, name);
  }

  @Override
  public MemoryUse memory() {
    return ledger.use();
  }

  /**
   * {@inheritDoc} Here: by how much the heap may still grow; uncollected garbage counts as used.
   */
  @Override
  public long availableBytes() {
    return ReferenceArena.memory().freeBytes();
  }

  @Override
  public String memoryLimit() {
    return ReferenceArena.memory().limit();
  }

  @Override
  public StepState newStepState() {
    checkOpen();
    return new HostStepState();
  }

  @Override
  public LossAccumulator newLossAccumulator() {
    checkOpen();
    return new HostLossAccumulator();
  }

  /** Does nothing: every operation finishes before its method returns. */
  @Override
  public void synchronize() {
    checkOpen();
  }

  @Override
  public WeightedPlan conv2d(Conv2dSpec spec, Layout x, Layout w, Usage usage) {
    checkOpen();
    return new ReferenceConv2d(types, spec, activation(x), w, usage);
  }

  @Override
  public BatchNorm2dPlan batchNorm2d(BatchNorm2dSpec spec, Layout x, Usage usage) {
    checkOpen();
    return new ReferenceBatchNorm2d(types, spec, activation(x), usage);
  }

  @Override
  public ReluPlan relu(Layout x, Usage usage) {
    checkOpen();
    return new ReferenceRelu(activation(x), usage);
  }

  @Override
  public WindowPlan maxPool2d(MaxPool2dSpec spec, Layout x, Usage usage) {
    checkOpen();
    return new ReferenceMaxPool2d(spec, activation(x), usage);
  }

  @Override
  public WindowPlan adaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage) {
    checkOpen();
    return new ReferenceAdaptiveAvgPool2d(spec, activation(x), usage);
  }

  @Override
  public WeightedPlan linear(LinearSpec spec, Layout x, Layout w, Usage usage) {
    checkOpen();
    return new ReferenceLinear(types, spec, activation(x), w, usage);
  }

  @Override
  public DropoutPlan dropout(DropoutSpec spec, Layout x, StepState state) {
    checkOpen();
    return new ReferenceDropout(spec, activation(x), state);
  }

  @Override
  public WindowPlan localResponseNorm(LrnSpec spec, Layout x, Usage usage) {
    checkOpen();
    return new ReferenceLrn(spec, activation(x), usage);
  }

  @Override
  public CrossEntropyPlan crossEntropy(
      Layout logits, StepState state, LossAccumulator sums, double labelSmoothing) {
    checkOpen();
    return new ReferenceCrossEntropy(
        activation(logits), state, HostLossAccumulator.of(sums), labelSmoothing);
  }

  @Override
  public OptimizerPlan adam(
      AdamSpec spec, ParameterSlabs slabs, Arena m, Arena v, StepState state) {
    checkOpen();
    return new ReferenceAdam(types, spec, slabs, m, v, state);
  }

  @Override
  public OptimizerPlan sgd(SgdSpec spec, ParameterSlabs slabs, Arena v, StepState state) {
    checkOpen();
    return new ReferenceSgd(types, spec, slabs, v, state);
  }

  @Override
  public AccumulatePlan accumulate(Arena from, Arena into) {
    checkOpen();
    return new ReferenceAccumulate(from, into);
  }

  @Override
  public ClipPlan clip(double most, Arena gradients) {
    checkOpen();
    return new ReferenceClip(most, gradients);
  }

  @Override
  public AveragePlan average(double decay, Arena values, Arena average) {
    checkOpen();
    return new ReferenceAverage(decay, values, average);
  }

  private Layout activation(Layout layout) {
    if (layout.dtype() != types.activation()) {
      throw new IllegalArgumentException(
          "this reference engine computes in " + types.activation() + ", not in " + layout.dtype());
    }
    return layout;
  }

  @Override
  public void release() {
    owner.release();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ledger.logLeaks();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the reference engine is closed");
    }
    owner.check();
  }
}
