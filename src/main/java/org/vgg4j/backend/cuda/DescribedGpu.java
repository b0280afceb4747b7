package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.Versions;
import org.vgg4j.backend.cuda.graph.ConvPlans;
import org.vgg4j.backend.cuda.graph.DeviceDescription;
import org.vgg4j.backend.cuda.graph.PlanPolicy;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.backend.cuda.libraries.CudaLibrary;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.operations.CudaAccumulate;
import org.vgg4j.backend.cuda.operations.CudaAverage;
import org.vgg4j.backend.cuda.operations.CudaClip;
import org.vgg4j.backend.cuda.operations.CudaCrossEntropy;
import org.vgg4j.backend.cuda.operations.CudaDevice;
import org.vgg4j.backend.cuda.operations.OptimizerSlabs;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Work;

/** A GPU by its published figures, with what cuDNN plans for it where cuDNN is on this machine. */
public final class DescribedGpu implements DescribedDevice {
  private final Closing owned;
  private final DeviceDescription gpu;
  private final CudaOptions options;
  private final double operationsPerSecond;
  private final CudaBackend quickBackend;
  private final CudaBackend backend;
  private final String workspaceSource;

  /**
   * Describes a GPU; cuDNN is asked where it is found, else its answers are assumed.
   *
   * @param name one of {@link #names}
   * @throws org.vgg4j.tensor.InvalidInputException when there is no such GPU, or it cannot compute
   *     in the precision
   */
  public static DescribedGpu of(String name, CudaOptions options) {
    return of(DeviceDescription.of(name), options, true);
  }

  /** As {@link #of}; cuDNN's answers are assumed even where it is found. */
  static DescribedGpu assumed(String name, CudaOptions options) {
    return of(DeviceDescription.of(name), options, false);
  }

  private static DescribedGpu of(DeviceDescription gpu, CudaOptions options, boolean asks) {
    return Closing.building(owned -> new DescribedGpu(owned, gpu, options, asks));
  }

  /** Returns the names of the GPUs that are described. */
  public static List<String> names() {
    return DeviceDescription.names();
  }

  private DescribedGpu(Closing owned, DeviceDescription gpu, CudaOptions options, boolean asks) {
    this.owned = owned;
    this.gpu = gpu;
    this.options = options;
    operationsPerSecond = gpu.operationsPerSecond(options.precision());
    PlanPolicy policy = options.planPolicy(gpu.memoryBytes());
    ConvPlans quick = null;
    boolean hasDriver = false;
    String problem = "it was not to be";
    if (asks) {
      try {
        Map<CudaLibrary, Path> found = CudaLibraries.loadForPlanning(options.libraries());
        hasDriver = found.keySet().stream().anyMatch(CudaLibrary::isDriver);
        quick = ConvPlans.withAssumedFusions(gpu, policy);
      } catch (DeviceUnavailableException e) {
        problem = e.summary();
      } catch (CudaException e) {
        problem = e.getMessage();
      }
    }
    if (quick == null) {
      workspaceSource = "an estimate, since cuDNN was not asked: " + problem;
      quickBackend = backend(ConvPlans.assumed(gpu, policy), policy);
      backend = quickBackend;
    } else {
      workspaceSource =
          "planned by cuDNN "
              + Versions.library(CudnnCalls.cudnnGetVersion())
              + (hasDriver ? "" : "; fusions, which it plans beside a driver only, are assumed");
      quickBackend = backend(quick, policy);
      backend =
          hasDriver ? backend(ConvPlans.on(gpu, policy, options.cache()), policy) : quickBackend;
    }
  }

  private CudaBackend backend(ConvPlans plans, PlanPolicy policy) {
    Boolean recomputed = options.activations().recomputed();
    return owned.own(
        new CudaBackend(
            options, CudaDevice.described(gpu, policy, plans, recomputed, options.graph()), gpu));
  }

  @Override
  public String productName() {
    return gpu.productName();
  }

  @Override
  public Backend backend() {
    return backend;
  }

  @Override
  public Backend quickBackend() {
    return quickBackend;
  }

  @Override
  public double bytesPerSecond() {
    return gpu.bytesPerSecond();
  }

  @Override
  public double multiplyAddsPerSecond() {
    return operationsPerSecond / 2;
  }

  @Override
  public String workspaceSource() {
    return workspaceSource;
  }

  @Override
  public List<Work> loss(Layout logits) {
    return CudaCrossEntropy.work(CudaLayout.of(logits));
  }

  @Override
  public List<Work> update(long elements, int moments) {
    Types types = options.precision().types();
    return OptimizerSlabs.work(elements, moments, types.hasWeightCopies());
  }

  @Override
  public List<Work> accumulate(long elements) {
    return CudaAccumulate.work(elements);
  }

  @Override
  public List<Work> clip(long elements) {
    return CudaClip.work(elements);
  }

  @Override
  public List<Work> average(long elements) {
    return CudaAverage.work(elements);
  }

  @Override
  public void close() {
    owned.close();
  }
}
