package org.vgg4j.backend.onednn;

import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.onednn.OneDnnOptions.Convolutions;
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
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
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
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Profiler;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WindowPlan;

/**
 * The CPU engine: oneDNN, in single precision or with activations in bf16.
 *
 * <p>oneDNN runs on OpenMP's threads. {@link OneDnnOptions#threads} sets their number, else the
 * environment variable OMP_NUM_THREADS; the default is one per processor. The same number of
 * threads gives the same bits.
 */
public final class OneDnnBackend implements Backend {
  private static final String PHYSICAL_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  static {
    // JavaCPP's default limit counts all memory of the process, oneDNN's included, and would stop
    // a large net.
    if (System.getProperty(PHYSICAL_LIMIT) == null) {
      System.setProperty(PHYSICAL_LIMIT, "0");
    }
  }

  private final Dnnl dnnl;

  /** Opens an engine with the default options. */
  public OneDnnBackend() {
    this(OneDnnOptions.DEFAULT);
  }

  /**
   * Opens an engine.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when OpenMP runs another number of threads
   * @throws UnsatisfiedLinkError when oneDNN's native libraries are missing for this platform
   */
  public OneDnnBackend(OneDnnOptions options) {
    dnnl = new Dnnl(options);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public String description() {
    return "CPU engine: " + dnnl.describe();
  }

  @Override
  public Types types() {
    return dnnl.types();
  }

  @Override
  public Layout plainLayout(Shape shape, DType dtype) {
    return OneDnnLayout.plain(shape, dtype);
  }

  /** {@inheritDoc} Single precision, which the host writes. */
  @Override
  public Layout firstLayout(Shape x) {
    return OneDnnLayout.plain(x, DType.F32);
  }

  @Override
  public Arena allocate(long bytes, String owner) {
    dnnl.engine();
    return new OneDnnArena(dnnl, bytes, owner);
  }

  @Override
  public MemoryUse memory() {
    return dnnl.ledger().use();
  }

  @Override
  public long availableBytes() {
    return dnnl.memory().freeBytes();
  }

  /** Java's compiler leaves up to 10 MB behind. */
  @Override
  public void trimMemory() {
    Pointer.trimMemory();
  }

  /** One pass over memory is little beside the convolutions around it. */
  @Override
  public boolean keepsNorms() {
    return false;
  }

  @Override
  public String memoryLimit() {
    return dnnl.memory().limit();
  }

  @Override
  public void allocateWorkspace() {
    dnnl.checkThread();
    dnnl.workspace().memory();
  }

  @Override
  public StepState newStepState() {
    return new HostStepState();
  }

  @Override
  public LossAccumulator newLossAccumulator() {
    return new HostLossAccumulator();
  }

  @Override
  public void synchronize() {
    // Every call returns when its work is done.
  }

  @Override
  public Profiler profiler() {
    return new OneDnnProfiler(dnnl);
  }

  @Override
  public WeightedPlan conv2d(Conv2dSpec spec, Layout x, Layout w, Usage usage) {
    OneDnnLayout own = Dnnl.layout(x);
    OneDnnLayout givenW = w == null ? null : Dnnl.layout(w);
    ConvOrders orders = dnnl.orders().of(spec);
    Convolutions way = way(spec, own, givenW, usage);
    return switch (way) {
      case WINOGRAD_1D, WINOGRAD_2D, WINOGRAD_6X6 ->
          new WinogradConv2d(dnnl, spec, own, givenW, usage, way, false);
      case NARROW -> new NarrowConv2d(dnnl, spec, own, usage, orders);
      default -> new OneDnnConv2d(dnnl, spec, own, givenW, usage, orders);
    };
  }

  /**
   * {@inheritDoc} It is composed of single operations, whose order may be that of a timing; but for
   * inference a convolution may pool what it writes.
   */
  @Override
  public ConvBlockPlan convBlock(
      ConvBlockSpec spec, Layout x, Layout w, Usage usage, MemoryPlanner memory) {
    OrderTimer timer = new OrderTimer(this, dnnl);
    ConvOrders orders = dnnl.orders().choose(spec, Dnnl.layout(x), usage, timer);
    return convBlock(spec, x, w, usage, memory, orders);
  }

  /** Plans a block whose convolution takes images in orders given. */
  ConvBlockPlan convBlock(
      ConvBlockSpec spec,
      Layout x,
      Layout w,
      Usage usage,
      MemoryPlanner memory,
      ConvOrders orders) {
    return dnnl.orders()
        .with(
            orders,
            () -> {
              WinogradConv2d pooled = pooled(spec, x, w, usage);
              return pooled == null
                  ? Backend.super.convBlock(spec, x, w, usage, memory)
                  : new PooledConvBlock(pooled, memory);
            });
  }

  /** Plans a block's convolution that pools what it writes; null where none can. */
  private WinogradConv2d pooled(ConvBlockSpec spec, Layout x, Layout w, Usage usage) {
    boolean isKind = spec.batchNorm() == null && WinogradShape.POOL.equals(spec.pool());
    if (!isKind || usage.training() || !CpuLibrary.isLoaded()) {
      return null;
    }
    Conv2dSpec conv = spec.activatedConv();
    OneDnnLayout own = Dnnl.layout(x);
    OneDnnLayout givenW = w == null ? null : Dnnl.layout(w);
    Convolutions way = way(conv, own, givenW, usage);
    return WinogradShape.isSquare(way)
        ? new WinogradConv2d(dnnl, conv, own, givenW, usage, way, true)
        : null;
  }

  private Convolutions way(Conv2dSpec spec, OneDnnLayout x, OneDnnLayout givenW, Usage usage) {
    DType type = dnnl.types().activation();
    return ConvWay.of(spec, x, type, givenW, usage, dnnl.orders().of(spec));
  }

  @Override
  public int threads() {
    return dnnl.threads();
  }

  @Override
  public Map<String, String> choices() {
    return dnnl.orders().choices();
  }

  @Override
  public BatchNorm2dPlan batchNorm2d(BatchNorm2dSpec spec, Layout x, Usage usage) {
    OneDnnLayout own = Dnnl.layout(x);
    return NativeBatchNorm2d.isPossible(spec, own)
        ? new NativeBatchNorm2d(dnnl, spec, own, usage)
        : new OneDnnBatchNorm2d(dnnl, spec, own, usage);
  }

  @Override
  public ReluPlan relu(Layout x, Usage usage) {
    return new OneDnnRelu(dnnl, Dnnl.layout(x), usage);
  }

  @Override
  public WindowPlan maxPool2d(MaxPool2dSpec spec, Layout x, Usage usage) {
    return new OneDnnMaxPool2d(dnnl, spec, Dnnl.layout(x), usage);
  }

  @Override
  public WindowPlan adaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage) {
    return new OneDnnAdaptiveAvgPool2d(dnnl, spec, Dnnl.layout(x), usage);
  }

  @Override
  public WeightedPlan linear(LinearSpec spec, Layout x, Layout w, Usage usage) {
    OneDnnLayout own = Dnnl.layout(x);
    OneDnnLayout givenW = w == null ? null : Dnnl.layout(w);
    return NativeLinear.isPossible(spec, own, givenW, usage)
        ? new NativeLinear(dnnl, spec, own, usage)
        : new OneDnnLinear(dnnl, spec, own, givenW, usage);
  }

  @Override
  public DropoutPlan dropout(DropoutSpec spec, Layout x, StepState state) {
    return new OneDnnDropout(dnnl, spec, Dnnl.layout(x), state);
  }

  @Override
  public WindowPlan localResponseNorm(LrnSpec spec, Layout x, Usage usage) {
    return new OneDnnLrn(dnnl, spec, Dnnl.layout(x), usage);
  }

  @Override
  public CrossEntropyPlan crossEntropy(
      Layout logits, StepState state, LossAccumulator sums, double labelSmoothing) {
    return new OneDnnCrossEntropy(
        dnnl, Dnnl.layout(logits), state, HostLossAccumulator.of(sums), labelSmoothing);
  }

  @Override
  public OptimizerPlan adam(
      AdamSpec spec, ParameterSlabs slabs, Arena m, Arena v, StepState state) {
    return new OneDnnAdam(dnnl, spec, state, slabs, m, v);
  }

  @Override
  public OptimizerPlan sgd(SgdSpec spec, ParameterSlabs slabs, Arena v, StepState state) {
    return new OneDnnSgd(dnnl, spec, state, slabs, v);
  }

  @Override
  public AccumulatePlan accumulate(Arena from, Arena into) {
    return new OneDnnAccumulate(dnnl, from, into);
  }

  @Override
  public ClipPlan clip(double most, Arena gradients) {
    return new OneDnnClip(dnnl, most, gradients);
  }

  @Override
  public AveragePlan average(double decay, Arena values, Arena average) {
    return new OneDnnAverage(dnnl, decay, values, average);
  }

  @Override
  public void release() {
    dnnl.release();
  }

  @Override
  public void close() {
    dnnl.close();
  }
}
