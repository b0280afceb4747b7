package org.vgg4j.gradcheck;

import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Tensor;

/** The mean cross entropy of a net's outputs; the labels must be set. */
final class LossObjective implements Objective {
  private static final double[] WEIGHTS = {1};

  private final Network net;
  private final CrossEntropyLoss loss;
  private final int batch;
  private final boolean training;

  LossObjective(Network net, int batch, boolean training) {
    this.net = net;
    loss = net.loss();
    this.batch = batch;
    this.training = training;
  }

  @Override
  public double[] evaluate() {
    loss.resetTotals();
    loss.forward(net.forward(net.input(batch), training), batch);
    return new double[] {loss.totals().meanLoss()};
  }

  @Override
  public double[] weights() {
    return WEIGHTS;
  }

  @Override
  public Tensor outputGradient() {
    Tensor logits = net.forward(net.input(batch), training);
    Tensor dlogits = net.outputGradient(batch);
    Values.fill(dlogits, Double.NaN);
    loss.forward(logits, dlogits, batch, 1.0 / batch);
    return dlogits;
  }
}
