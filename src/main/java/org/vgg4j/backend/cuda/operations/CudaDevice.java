package org.vgg4j.backend.cuda.operations;

import java.nio.file.Path;
import java.util.Map;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.tensor.Closing;

/** The GPU of an engine, with everything that all plans share. */
public final class CudaDevice implements AutoCloseable {
  private final Closing owned;
  private final CudaContext context;
  private final Kernels kernels;
  private final CudaMemory memory;
  private final AlgorithmPolicy policy;
  private final ConvAlgorithms algorithms;

  /**
   * Opens the GPU.
   *
   * @param number its number, from 0
   * @param policy how convolutions choose their algorithms
   * @param cache the folder for data kept between runs, or null for none
   */
  public static CudaDevice open(int number, AlgorithmPolicy policy, Path cache) {
    return Closing.building(owned -> new CudaDevice(owned, number, policy, cache));
  }

  private CudaDevice(Closing owned, int number, AlgorithmPolicy policy, Path cache) {
    this.owned = owned;
    context = owned.own(CudaContext.open(number));
    this.policy = policy.on(context.info().memoryBytes());
    kernels = owned.own(Kernels.load(context, cache));
    memory = new CudaMemory(owned, context, kernels);
    algorithms = new ConvAlgorithms(context, this.policy, cache);
    owned.own(context::drain);
    context.release(); // opening does not claim ownership; the first use does
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

  /** Returns the convolutions' algorithms, for {@code Backend.choices}. */
  public Map<String, String> choices() {
    return algorithms.chosen();
  }

  @Override
  public void close() {
    owned.close();
  }
}
