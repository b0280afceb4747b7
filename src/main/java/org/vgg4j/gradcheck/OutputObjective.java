package org.vgg4j.gradcheck;

import org.vgg4j.nn.Network;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.Tensor;

/**
 * The sum of a net's outputs, each times a random weight with absolute value in [0.5, 1.5): every
 * output counts, and errors do not cancel as they would in a plain sum.
 */
final class OutputObjective implements Objective {
  private final Network net;
  private final int batch;
  private final boolean training;
  private final double[] weights;

  OutputObjective(Network net, int batch, boolean training, long key) {
    this.net = net;
    this.batch = batch;
    this.training = training;
    weights = new double[net.outputLayout(batch).shape().arrayLength()];
    for (int i = 0; i < weights.length; i++) {
      double draw = 2 * CounterRandom.uniform(key, i) - 1;
      weights[i] = draw + (draw < 0 ? -0.5 : 0.5);
    }
  }

  @Override
  public double[] evaluate() {
    return Values.of(net.forward(net.input(batch), training));
  }

  @Override
  public double[] weights() {
    return weights;
  }

  @Override
  public Tensor outputGradient() {
    net.forward(net.input(batch), training);
    Tensor dy = net.outputGradient(batch);
    dy.upload(weights);
    return dy;
  }
}
