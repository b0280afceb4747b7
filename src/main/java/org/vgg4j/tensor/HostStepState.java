package org.vgg4j.tensor;

/**
 * A {@link StepState} in plain Java fields: all of it for engines that compute on the CPU, the
 * host's copy for others.
 */
public class HostStepState implements StepState {
  private long seed;
  private long step;
  private long forwardPass;
  private double learningRate;
  private int rows;
  private double lossScale;
  private long first;

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
  public int rows() {
    return rows;
  }

  @Override
  public double lossScale() {
    return lossScale;
  }

  @Override
  public long first() {
    return first;
  }

  @Override
  public void seed(long newSeed) {
    seed = newSeed;
  }

  @Override
  public void set(long atStep, long atPass, double rate, int lossRows, double scale, long begin) {
    step = atStep;
    forwardPass = atPass;
    learningRate = rate;
    rows = lossRows;
    lossScale = scale;
    first = begin;
  }

  @Override
  public void close() {
    // Owns nothing.
  }
}
