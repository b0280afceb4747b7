package org.vgg4j.tensor;

/**
 * What changes from step to step and the plans read: an engine with its own memory keeps a copy
 * there, so that a recorded step can be replayed.
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

  /** Sets the seed. */
  void seed(long seed);

  /** Sets the rest for the pass to come. */
  void set(long step, long forwardPass, double learningRate);

  @Override
  void close();
}
