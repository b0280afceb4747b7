package org.vgg4j.tensor;

/** A {@link StepState} in plain Java fields, for engines that compute on the CPU. */
public final class HostStepState implements StepState {
  private long seed;
  private long step;
  private long forwardPass;
  private double learningRate;

  @Override
  public long seed() {
    return seed;
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public long forwardPass() {
    return forwardPass;
  }

  @Override
  public double learningRate() {
    return learningRate;
  }

  @Override
  public void seed(long seed) {
    this.seed = seed;
  }

  @Override
  public void set(long step, long forwardPass, double learningRate) {
    this.step = step;
    this.forwardPass = forwardPass;
    this.learningRate = learningRate;
  }

  @Override
  public void close() {
    // Owns nothing.
  }
}
