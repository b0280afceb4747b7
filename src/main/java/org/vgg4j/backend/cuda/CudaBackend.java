package org.vgg4j.backend.cuda;

import java.util.Map;
import org.vgg4j.backend.cuda.calls.Branch;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.Versions;
import org.vgg4j.backend.cuda.graph.DeviceDescription;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.backend.cuda.memory.CudaArena;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.PinnedBuffer;
import org.vgg4j.backend.cuda.operations.CudaAccumulate;
import org.vgg4j.backend.cuda.operations.CudaAdam;
import org.vgg4j.backend.cuda.operations.CudaAdaptiveAvgPool2d;
import org.vgg4j.backend.cuda.operations.CudaAverage;
import org.vgg4j.backend.cuda.operations.CudaBatchNorm2d;
import org.vgg4j.backend.cuda.operations.CudaClip;
import org.vgg4j.backend.cuda.operations.CudaConv2d;
import org.vgg4j.backend.cuda.operations.CudaConvBlock;
import org.vgg4j.backend.cuda.operations.CudaCrossEntropy;
import org.vgg4j.backend.cuda.operations.CudaDevice;
import org.vgg4j.backend.cuda.operations.CudaDropout;
import org.vgg4j.backend.cuda.operations.CudaImageViews;
import org.vgg4j.backend.cuda.operations.CudaImages;
import org.vgg4j.backend.cuda.operations.CudaLinear;
import org.vgg4j.backend.cuda.operations.CudaLossTotals;
import org.vgg4j.backend.cuda.operations.CudaLrn;
import org.vgg4j.backend.cuda.operations.CudaMaxPool2d;
import org.vgg4j.backend.cuda.operations.CudaRelu;
import org.vgg4j.backend.cuda.operations.CudaSgd;
import org.vgg4j.backend.cuda.operations.CudaStepState;
import org.vgg4j.tensor.AccumulatePlan;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.ClipPlan;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.HostBuffer;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.ImageViewPlan;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.MemoryUse;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.Profiler;
import org.vgg4j.tensor.Recorded;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepMarks;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WindowPlan;

/**
 * The GPU engine: cuDNN, cublasLt and custom kernels on an NVIDIA GPU. Everything stays in device
 * memory, and calls return before the GPU finishes the work.
 */
public final class CudaBackend implements Backend {
  /**
   * Memory reserved for what no plan counts: the code of cuDNN's and cublasLt's kernels, which CUDA
   * loads at their first call, batch buffers, rounding.
   */
  private static final long RESERVED_BYTES = 512L << 20;

  private final CudaOptions options;
  private final CudaDevice device;
  private final DeviceDescription described; // null for an open GPU
  private StepMarks marks; // null until requested

  /**
   * Opens the engine.
   *
   * @throws DeviceUnavailableException when libraries, driver or GPU are missing or do not work;
   *     the message says which, where the engine looked and what to install
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when other processes have used up the GPU's
   *     memory
   */
  public CudaBackend(CudaOptions options) {
    this.options = options;
    described = null;
    CudaLibraries.load(options.libraries());
    try {
      device =
          CudaDevice.open(
              options.deviceNumber(),
              options::planPolicy,
              options.activations().recomputed(),
              options.graph(),
              options.cache());
    } catch (CudaException | DeviceLostException e) {
      throw new DeviceUnavailableException(
          "cuda",
          "the GPU cannot be used (" + e.getMessage() + "); run ./vgg doctor for details",
          e);
    }
  }

  /** Takes a GPU that is only described: nets can be planned and their memory cannot be taken. */
  CudaBackend(CudaOptions options, CudaDevice device, DeviceDescription gpu) {
    this.options = options;
    this.device = device;
    described = gpu;
  }

  /** Returns where the kernels come from, for messages. */
  String kernels() {
    return device.kernels().origin();
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    if (described != null) {
      return "plans of the GPU engine for a described " + described.productName();
    }
    return "GPU engine: "
        + device.context().info().text()
        + ", cuDNN "
        + Versions.library(CudnnCalls.cudnnGetVersion())
        + ", CUDA "
        + Versions.cuda(device.context().cuda().cudaRuntimeGetVersion())
        + ", "
        + options.precision().text()
        + (options.deterministic() ? ", deterministic" : "")
        + ", kernels "
        + kernels();
  }

  @Override
  public Types types() {
    return options.precision().types();
  }

  @Override
  public Layout plainLayout(Shape shape, DType dtype) {
    return shape.rank() == 4 && dtype.isFloating()
        ? CudaLayout.channelsLast(shape, dtype)
        : CudaLayout.rows(shape, dtype);
  }

  @Override
  public Layout firstLayout(Shape x) {
    DType type = types().activation();
    return x.rank() == 4 ? CudaLayout.filledPixels(x, type) : plainLayout(x, type);
  }

  @Override
  public Arena allocate(long bytes, String owner) {
    device.context().checkOpen();
    return CudaArena.zeroed(device.memory(), bytes, owner);
  }

  /**
   * {@inheritDoc} What CUDA, cuDNN and cublasLt take for themselves (their context and the code of
   * their kernels) is not in it.
   */
  @Override
  public MemoryUse memory() {
    return described != null ? MemoryUse.NONE : device.context().ledger().use();
  }

  /** Returns what all plans share, for {@link DeviceSharing}. */
  CudaDevice device() {
    return device;
  }

  @Override
  public long availableBytes() {
    long free =
        described != null ? described.memoryBytes() : device.context().cuda().cudaMemGetInfo()[0];
    return Math.max(0, free - RESERVED_BYTES);
  }

  @Override
  public String memoryLimit() {
    return described == null ? "the GPU's memory" : "a described " + described.productName();
  }

  @Override
  public void allocateWorkspace() {
    device.releaseUnusedPlans();
    device.memory().workspace().allocate();
  }

  /** Records work as a CUDA graph, unless the options say call by call. */
  @Override
  public Recorded record(Runnable work) {
    allocateWorkspace();
    return device.steps().record(work);
  }

  @Override
  public boolean isBranching() {
    return device.context().isBranching();
  }

  @Override
  public void beside(Runnable work) {
    device.context().fork(Branch.UPDATES);
    work.run();
    device.context().resume();
  }

  @Override
  public int readInterval() {
    return options.readInterval();
  }

  @Override
  public Map<String, String> choices() {
    return device.choices();
  }

  @Override
  public StepState newStepState() {
    if (described == null) {
      device.context().checkOpen();
    }
    return new CudaStepState(device);
  }

  @Override
  public HostBuffer newHostBuffer(int bytes) {
    device.context().checkOpen();
    return PinnedBuffer.of(device.context(), bytes, MemoryOwner.STAGING);
  }

  @Override
  public LossAccumulator newLossAccumulator() {
    device.context().checkOpen();
    return new CudaLossTotals(device);
  }

  @Override
  public void release() {
    device.context().release();
  }

  @Override
  public void synchronize() {
    device.context().synchronize();
  }

  @Override
  public Profiler profiler() {
    return new CudaProfiler(device.context());
  }

  @Override
  public StepMarks marks() {
    if (described != null) {
      return StepMarks.NONE;
    }
    if (marks == null) {
      marks = NvtxMarks.ofThisProcess(options.libraries());
    }
    return marks;
  }

  @Override
  public WeightedPlan conv2d(Conv2dSpec spec, Layout x, Layout w, Usage usage) {
    return Closing.building(
        owned -> new CudaConv2d(owned, device, spec, CudaLayout.of(x), w, usage));
  }

  @Override
  public ConvBlockPlan convBlock(
      ConvBlockSpec spec, Layout x, Layout w, Usage usage, MemoryPlanner memory) {
    return CudaConvBlock.fits(spec)
        ? CudaConvBlock.plan(device, spec, CudaLayout.of(x), w, usage, memory)
        : Backend.super.convBlock(spec, x, w, usage, memory);
  }

  @Override
  public BatchNorm2dPlan batchNorm2d(BatchNorm2dSpec spec, Layout x, Usage usage) {
    return Closing.building(
        owned -> new CudaBatchNorm2d(owned, device, spec, CudaLayout.of(x), usage));
  }

  @Override
  public ReluPlan relu(Layout x, Usage usage) {
    return Closing.building(owned -> new CudaRelu(owned, device, CudaLayout.of(x), usage));
  }

  @Override
  public WindowPlan maxPool2d(MaxPool2dSpec spec, Layout x, Usage usage) {
    return Closing.building(
        owned -> new CudaMaxPool2d(owned, device, spec, CudaLayout.of(x), usage));
  }

  @Override
  public WindowPlan adaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage) {
    return Closing.building(
        owned -> new CudaAdaptiveAvgPool2d(owned, device, spec, CudaLayout.of(x), usage));
  }

  @Override
  public WeightedPlan linear(LinearSpec spec, Layout x, Layout w, Usage usage) {
    return Closing.building(
        owned -> new CudaLinear(owned, device, spec, CudaLayout.of(x), w, usage));
  }

  @Override
  public DropoutPlan dropout(DropoutSpec spec, Layout x, StepState state) {
    return Closing.building(
        owned ->
            new CudaDropout(
                owned, device, spec, CudaLayout.of(x), CudaStepState.of(device, state)));
  }

  @Override
  public WindowPlan localResponseNorm(LrnSpec spec, Layout x, Usage usage) {
    return Closing.building(owned -> new CudaLrn(owned, device, spec, CudaLayout.of(x), usage));
  }

  @Override
  public CrossEntropyPlan crossEntropy(
      Layout logits, StepState state, LossAccumulator sums, double labelSmoothing) {
    return new CudaCrossEntropy(
        device,
        CudaLayout.of(logits),
        CudaStepState.of(device, state),
        CudaLossTotals.of(sums),
        labelSmoothing);
  }

  @Override
  public ImagePlan images(ImageSpec spec, Layout x) {
    return Closing.building(owned -> new CudaImages(owned, device, spec, CudaLayout.of(x)));
  }

  @Override
  public ImageViewPlan imageViews(ImageViewSpec spec, Layout x, StepState state) {
    CudaStepState own = state == null ? null : CudaStepState.of(device, state);
    return Closing.building(
        owned -> new CudaImageViews(owned, device, spec, CudaLayout.of(x), own));
  }

  @Override
  public OptimizerPlan adam(
      AdamSpec spec, ParameterSlabs slabs, Arena m, Arena v, StepState state) {
    return new CudaAdam(device, spec, state, slabs, m, v);
  }

  @Override
  public OptimizerPlan sgd(SgdSpec spec, ParameterSlabs slabs, Arena v, StepState state) {
    return new CudaSgd(device, spec, state, slabs, v);
  }

  @Override
  public AccumulatePlan accumulate(Arena from, Arena into) {
    return new CudaAccumulate(device, from, into);
  }

  @Override
  public ClipPlan clip(double most, Arena gradients) {
    return new CudaClip(device, most, gradients);
  }

  @Override
  public AveragePlan average(double decay, Arena values, Arena average) {
    return new CudaAverage(device, decay, values, average);
  }

  @Override
  public void close() {
    device.close();
  }
}
