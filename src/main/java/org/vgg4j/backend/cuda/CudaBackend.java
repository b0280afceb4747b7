package org.vgg4j.backend.cuda;

import java.util.Map;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dPlan;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DeviceLostException;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearPlan;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LrnPlan;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dPlan;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Usage;

/**
 * The GPU engine: cuDNN, cuBLAS and own kernels on the first NVIDIA GPU. Everything stays in device
 * memory, and calls return before the GPU has done what they ask for.
 */
public final class CudaBackend implements Backend {
  /**
   * What CUDA takes later for itself and this engine for what is in no plan: the code of cuDNN's
   * and cuBLAS's kernels, loaded when they are first called, buffers of batches, rounding.
   */
  private static final long RESERVED_BYTES = 512L << 20;

  private final CudaDevice device;

  /**
   * Opens the engine.
   *
   * @throws DeviceUnavailableException when libraries, driver or GPU are missing or do not work;
   *     the message says which, where they were looked for and what to install
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when others have taken the GPU's memory
   */
  public CudaBackend(CudaOptions options) {
    CudaLibraries.load(options.libraries());
    try {
      device = new CudaDevice(options);
    } catch (CudaException | DeviceLostException e) {
      throw new DeviceUnavailableException(
          "cuda", "the GPU cannot be used (" + e.getMessage() + "); ./vgg doctor says more", e);
    }
  }

  CudaDevice device() {
    return device;
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public String description() {
    CudaOptions options = device.options();
    return "GPU engine: "
        + device.info().text()
        + ", cuDNN "
        + Versions.library(CudnnCalls.cudnnGetVersion())
        + ", CUDA "
        + Versions.cuda(device.cuda().cudaRuntimeGetVersion())
        + ", "
        + options.precision().text()
        + (options.deterministic() ? ", deterministic" : "")
        + ", kernels "
        + device.kernels().origin();
  }

  @Override
  public DType computeType() {
    return DType.F32;
  }

  @Override
  public Layout plainLayout(Shape shape, DType dtype) {
    return new CudaLayout(shape, dtype);
  }

  @Override
  public Arena allocate(long bytes) {
    device.checkOpen();
    return new CudaArena(device, bytes);
  }

  @Override
  public long availableBytes() {
    return Math.max(0, device.cuda().cudaMemGetInfo()[0] - RESERVED_BYTES);
  }

  @Override
  public void allocateWorkspace() {
    device.workspace().allocate();
  }

  @Override
  public int readInterval() {
    return device.options().readInterval();
  }

  @Override
  public Map<String, String> choices() {
    return device.algorithms().chosen();
  }

  @Override
  public StepState newStepState() {
    device.checkOpen();
    return new CudaStepState(device);
  }

  @Override
  public void release() {
    device.release();
  }

  @Override
  public void synchronize() {
    device.synchronize();
  }

  @Override
  public Conv2dPlan conv2d(Conv2dSpec spec, Layout x, Layout w, Usage usage) {
    return new CudnnConv2d(device, spec, CudaLayout.of(x), usage);
  }

  @Override
  public BatchNorm2dPlan batchNorm2d(BatchNorm2dSpec spec, Layout x, Usage usage) {
    return new CudnnBatchNorm2d(device, spec, CudaLayout.of(x), usage);
  }

  @Override
  public ReluPlan relu(Layout x, Usage usage) {
    return new CudaRelu(device, CudaLayout.of(x), usage);
  }

  @Override
  public MaxPool2dPlan maxPool2d(MaxPool2dSpec spec, Layout x, Usage usage) {
    return new CudnnMaxPool2d(device, spec, CudaLayout.of(x), usage);
  }

  @Override
  public LinearPlan linear(LinearSpec spec, Layout x, Layout w, Usage usage) {
    return new CublasLinear(device, spec, CudaLayout.of(x), usage);
  }

  @Override
  public DropoutPlan dropout(DropoutSpec spec, Layout x, StepState state) {
    return new CudaDropout(device, spec, CudaLayout.of(x), CudaStepState.of(state));
  }

  @Override
  public LrnPlan localResponseNorm(LrnSpec spec, Layout x, Usage usage) {
    return new CudnnLrn(device, spec, CudaLayout.of(x), usage);
  }

  @Override
  public CrossEntropyPlan crossEntropy(Layout logits, StepState state) {
    return new CudaCrossEntropy(device, CudaLayout.of(logits), CudaStepState.of(state));
  }

  @Override
  public ImagePlan images(ImageSpec spec, Layout x) {
    return new CudaImages(device, spec, CudaLayout.of(x));
  }

  @Override
  public OptimizerPlan adam(AdamSpec spec, Arena p, Arena g, Arena m, Arena v, StepState state) {
    return new CudaAdam(
        device,
        spec,
        CudaStepState.of(state),
        CudaArena.of(p),
        CudaArena.of(g),
        CudaArena.of(m),
        CudaArena.of(v));
  }

  @Override
  public OptimizerPlan sgd(SgdSpec spec, Arena p, Arena g, Arena v, StepState state) {
    CudaStepState own = CudaStepState.of(state);
    return v == null
        ? new CudaSgd(device, spec, own, CudaArena.of(p), CudaArena.of(g))
        : new CudaSgd(device, spec, own, CudaArena.of(p), CudaArena.of(g), CudaArena.of(v));
  }

  @Override
  public void close() {
    device.close();
  }
}
