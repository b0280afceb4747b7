package org.vgg4j.parity;

import java.util.List;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.CrossEntropyLoss;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Values;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** A fixture's net on an engine, with its loss and, for a run, the optimizer. */
final class FixtureNet implements AutoCloseable {
  private final Fixture fixture;
  private final Run run; // null without an optimizer
  private final Closing closing = new Closing();
  private final Network network;
  private final CrossEntropyLoss loss;
  private final AttachedOptimizer optimizer; // null with the run
  private Tensor inputGradient; // of the last backward

  FixtureNet(Fixture fixture, FixtureModule.Style style, Run run, Backend backend) {
    this.fixture = fixture;
    this.run = run;
    Shape x = fixture.x();
    NetworkOptions options =
        NetworkOptions.training(x.dim(0)).withInputGradient().withoutInitialValues();
    try {
      network =
          closing.own(
              Network.build(
                  () -> FixtureModule.of(fixture, style),
                  Shape.of(x.dim(1), x.dim(2), x.dim(3)),
                  options,
                  backend));
      loss = network.loss();
      optimizer = run == null ? null : closing.own(run.optimizer().attach(network));
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
    network.input(fixture.batch()).upload(fixture.values("x"));
    loss.labels(fixture.batch()).upload(fixture.labels());
  }

  List<Parameter> parameters() {
    return network.parameters();
  }

  List<Buffer> buffers() {
    return network.buffers();
  }

  List<AttachedOptimizer.State> moments() {
    return optimizer.states();
  }

  /** Takes over the fixture's state after a step, moments included; step 0 is the start. */
  void load(int step) {
    String prefix = step == 0 ? "" : Fixture.state(run, step);
    for (Parameter parameter : parameters()) {
      parameter.value().upload(fixture.values(prefix + parameter.name()));
    }
    for (Buffer buffer : buffers()) {
      buffer.value().upload(fixture.values(prefix + buffer.name()));
    }
    network.refreshCompute();
    if (optimizer == null) {
      return;
    }
    for (AttachedOptimizer.State moment : moments()) {
      if (step == 0) {
        Values.fill(moment.tensor(), 0);
      } else {
        String name = prefix + moment.kind() + "." + moment.parameter();
        moment.tensor().upload(fixture.values(name));
      }
    }
  }

  double[] logits(boolean training) {
    return Values.of(network.forward(network.input(fixture.batch()), training));
  }

  /** Goes forward and backward, over gradients that were filled with NaN; returns the mean loss. */
  double pass() {
    int batch = fixture.batch();
    parameters().forEach(parameter -> Values.fill(parameter.gradient(), Double.NaN));
    loss.resetTotals();
    Tensor dlogits = network.outputGradient(batch);
    Tensor logits = network.forward(network.input(batch), true);
    loss.forward(logits, dlogits, batch, 1.0 / batch);
    inputGradient = network.backward(dlogits);
    return loss.totals().meanLoss();
  }

  double[] inputGradient() {
    return Values.of(inputGradient);
  }

  /** Makes a step, which the fixture counts from 1; returns the loss before it. */
  double step(int number) {
    network.stepState().set(number - 1, number - 1, Run.LEARNING_RATE);
    double mean = pass();
    optimizer.step();
    return mean;
  }

  @Override
  public void close() {
    closing.close();
  }
}
