package org.vgg4j.backend.cuda.operations;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.CudaMemory;
import org.vgg4j.backend.cuda.memory.CudaTensor;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Plan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/** What this engine's plans share: the resources they own, and the checks of their operands. */
abstract class CudaPlan implements Plan {
  final CudaDevice device;
  private final CudaMemory memory;
  private final Closing owned;
  private final String operation;
  private final Usage usage;

  /**
   * Starts a plan.
   *
   * @param owned collects the parts that the constructor makes: {@link Closing#building}
   * @param operation its name, for messages
   */
  CudaPlan(Closing owned, CudaDevice device, String operation, Usage usage) {
    this.owned = owned;
    this.operation = operation;
    this.usage = usage;
    this.device = device;
    memory = device.memory();
  }

  /**
   * Checks an operand as {@link CudaTensor#of} does and returns its address; null for one that was
   * planned to be null, and is.
   */
  final Pointer operand(Tensor tensor, CudaLayout planned, String role) {
    if (planned != null) {
      return operandTensor(tensor, planned, role).pointer();
    }
    if (tensor != null) {
      throw new IllegalArgumentException(
          operation + " " + role + " was planned to be null and got " + tensor.layout());
    }
    return null;
  }

  final CudaTensor operandTensor(Tensor tensor, CudaLayout planned, String role) {
    return CudaTensor.of(memory, tensor, planned, operation, role);
  }

  final void requireTraining() {
    if (!usage.training()) {
      throw new IllegalStateException("this " + operation + " was planned for inference");
    }
  }

  final void requireInputGradient() {
    if (!usage.training() || !usage.inputGradient()) {
      throw new IllegalStateException(
          "this " + operation + " was planned without its input's gradient");
    }
  }

  @Override
  public final void close() {
    owned.close();
  }
}
