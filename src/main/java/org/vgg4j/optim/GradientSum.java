package org.vgg4j.optim;

import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.StepState;

/**
 * Adds the gradients of several backward passes, each of which overwrites the net's gradients.
 * Close it before the net.
 *
 * <p>Adding a slab to another is an update by SGD at a learning rate of -1, which every engine has.
 */
public final class GradientSum implements AutoCloseable {
  private static final SgdSpec PLAIN = new SgdSpec(0, 0);

  private final Closing closing = new Closing();
  private final Arena sum;
  private final OptimizerPlan sumPlusGradient;
  private final OptimizerPlan gradientPlusSum;

  /**
   * Takes one slab of the parameters' size.
   *
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public GradientSum(Network network) {
    Backend backend = network.backend();
    Arena gradient = network.gradientArena();
    try {
      StepState rate = closing.own(backend.newStepState());
      rate.set(0, 0, -1);
      sum = closing.own(backend.allocate(gradient.bytes()));
      sumPlusGradient = closing.own(backend.sgd(PLAIN, sum, gradient, null, rate));
      gradientPlusSum = closing.own(backend.sgd(PLAIN, gradient, sum, null, rate));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  /** Adds the net's gradients to the sum. */
  public void add() {
    sumPlusGradient.step();
  }

  /** Adds the sum to the net's gradients, for the optimizer to read, and starts a new sum. */
  public void finish() {
    gradientPlusSum.step();
    reset();
  }

  /** Drops what was added and starts a new sum. */
  public void reset() {
    sum.zero();
  }

  @Override
  public void close() {
    closing.close();
  }
}
