package org.vgg4j.backend.cuda.operations;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.tensor.Closing;

/** The GPU that an engine works on, with everything that all plans share. */
public final class CudaDevice implements AutoCloseable {
  private final Closing closing = new Closing();
  private final CudaContext context;
  private final Kernels kernels;
  private final CudaMemory memory;
  private final AlgorithmPolicy policy;
  private final ConvAlgorithms algorithms;

  /**
   * Opens the GPU.
   *
   * @param policy how convolutions choose their algorithms
   * @param cache the folder of what may be kept from run to run, null for none
   */
  public CudaDevice(AlgorithmPolicy policy, Path cache) {
    this.policy = policy;
    try {
      context = closing.own(new CudaContext());
      kernels = closing.own(Kernels.load(context, cache));
      memory = closing.own(new CudaMemory(context, kernels));
      algorithms = new ConvAlgorithms(context, policy, cache);
      closing.own(context::drain);
      context.release(); // opening is no use: the first that uses the engine has it
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  public CudaContext context() {
    return context;
  }

  public Kernels kernels() {
    return kernels;
  }

  public CudaMemory memory() {
    return memory;
  }

  AlgorithmPolicy policy() {
    return policy;
  }

  ConvAlgorithms algorithms() {
    return algorithms;
  }

  /** Returns the convolutions' algorithms as {@code Backend.choices} does. */
  public Map<String, String> choices() {
    return algorithms.chosen();
  }

  @Override
  public void close() {
    closing.close();
  }
}
