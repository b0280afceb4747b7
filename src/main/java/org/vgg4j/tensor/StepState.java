package org.vgg4j.tensor;

/**
 * All that changes from step to step and the plans read: an engine with its own memory keeps a copy
 * there, so that a recorded step can be run again with other numbers.
 */
public interface StepState extends AutoCloseable {
  /** Returns the seed that every random draw of the net starts from. */
  long seed();

  /** Returns the number of optimizer updates already made. */
  long step();

  /** Returns the number of the training forward pass, which dropout draws by. */
  long forwardPass();

  /** Returns the learning rate of the next update. */
  double learningRate();

  /** Returns how many samples of the batch count in the loss, from the first. */
  int rows();

  /**
   * Returns what the sum of the losses is multiplied by before the backward: 1 / N for the mean.
   */
  double lossScale();

  /**
   * Returns where the batch begins in the order of the images: for images in engine memory, and for
   * dropout, which draws by it.
   */
  long first();

  /** Sets the seed. */
  void seed(long seed);

  /** Sets the rest for the pass to come. */
  void set(
      long step, long forwardPass, double learningRate, int rows, double lossScale, long first);

  /** Sets the rest but for where the batch begins. */
  default void set(long step, long forwardPass, double learningRate, int rows, double lossScale) {
    set(step, forwardPass, learningRate, rows, lossScale, first());
  }

  /** Sets the numbers of the batch and leaves those of the update. */
  default void setBatch(int rows, double lossScale, long first) {
    set(step(), forwardPass(), learningRate(), rows, lossScale, first);
  }

  /** Sets the numbers of the update and leaves those of the loss. */
  default void set(long step, long forwardPass, double learningRate) {
    set(step, forwardPass, learningRate, rows(), lossScale());
  }

  /** Sets the numbers of the loss and leaves the others. */
  default void setLoss(int rows, double lossScale) {
    set(step(), forwardPass(), learningRate(), rows, lossScale);
  }

  @Override
  void close();
}
