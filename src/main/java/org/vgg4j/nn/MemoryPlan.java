package org.vgg4j.nn;

import java.util.List;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.OutOfDeviceMemoryException;

/**
 * The memory that a net needs, in bytes, known before any is allocated.
 *
 * @param parameters the slab of the weights
 * @param trained the bytes of those in it that are trained; each of an optimizer's moments is as
 *     large
 * @param copies the slab of the copies that plans compute with, 0 when plans read the values
 * @param gradients the slab of their gradients, 0 in inference
 * @param buffers running statistics
 * @param activations what a forward pass writes, at the largest batch size
 * @param activationGradients what a backward pass writes besides the parameters' gradients
 * @param inputs the batch of images
 * @param workspace the largest workspace of any plan, allocated once and shared by all
 * @param stages the stages of the largest batch size
 */
public record MemoryPlan(
    long parameters,
    long trained,
    long copies,
    long gradients,
    long buffers,
    long activations,
    long activationGradients,
    long inputs,
    long workspace,
    List<Stage> stages) {
  /** Copies the list. */
  public MemoryPlan {
    stages = List.copyOf(stages);
  }

  /**
   * Returns the total.
   *
   * @param optimizerSlabs how many slabs the optimizer keeps: 2 for Adam, 1 for SGD with momentum
   */
  public long totalBytes(int optimizerSlabs) {
    return parameters
        + trained * optimizerSlabs
        + copies
        + gradients
        + buffers
        + activations
        + activationGradients
        + inputs
        + workspace;
  }

  /**
   * Checks that the engine has room.
   *
   * @throws OutOfDeviceMemoryException when less than {@link #totalBytes} is available
   */
  public void requireFits(Backend backend, int optimizerSlabs) {
    requireFits(totalBytes(optimizerSlabs), backend);
  }

  /**
   * Checks that an engine has room for so many bytes.
   *
   * @throws OutOfDeviceMemoryException when less is available
   */
  public static void requireFits(long needed, Backend backend) {
    long available = backend.availableBytes();
    if (needed > available) {
      throw new OutOfDeviceMemoryException(
          "the " + backend.name() + " engine", needed, available, backend.memoryLimit());
    }
  }
}
