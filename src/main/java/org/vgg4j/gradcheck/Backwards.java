package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/**
 * Runs a net's backward several times, in ways that make no difference to a right one: gradients
 * start from garbage, forwards at another point and in the other mode come between, and one forward
 * is followed by two backwards.
 */
final class Backwards {
  /** NaN would be lost in a comparison. */
  private static final double FINITE_GARBAGE = 12345.678;

  private final String name;
  private final Network net;
  private final int batch;
  private final Objective objective;
  private final SavedState saved;
  private final boolean training;
  private final double floor;
  private final List<Stage> stages;
  private final Tensor[] dxs; // what each stage's backward returned last

  Backwards(
      String name,
      Network net,
      int batch,
      Objective objective,
      SavedState saved,
      GradientCheckOptions options) {
    if (!net.options().repeatedBackward()) {
      throw new IllegalArgumentException(
          name
              + ": a check runs several backwards after a forward; build the net with"
              + " NetworkOptions.withRepeatedBackward()");
    }
    this.name = name;
    this.net = net;
    this.batch = batch;
    this.objective = objective;
    this.saved = saved;
    training = options.training();
    floor = options.floor();
    stages = net.execution(batch).stages();
    dxs = new Tensor[stages.size()];
  }

  /**
   * Returns the gradients at the saved point: of the input, if the net computes it, and of every
   * parameter.
   *
   * @throws IllegalStateException when a module breaks a rule of {@link Module}
   */
  List<Analytic> run() {
    // Another point comes first, where a module may remember what it must forget.
    saved.moveAway();
    List<double[]> away = backward(objective.outputGradient(), Double.NaN);

    saved.restore();
    Tensor dy = objective.outputGradient();
    double[] dys = Values.of(dy);
    List<double[]> here = backward(dy, Double.NaN);
    dy.upload(dys);
    List<double[]> twice = backward(dy, FINITE_GARBAGE);
    saved.requireInputsUntouched(name);

    saved.moveAway();
    List<double[]> awayAgain = backward(objective.outputGradient(), FINITE_GARBAGE);

    saved.restore();
    net.forward(net.input(batch), !training);
    saved.requireInputsUntouched(name);
    if (training) {
      saved.requireBuffersUntouched(name);
    }
    saved.restoreBuffers();
    Tensor last = objective.outputGradient();
    List<double[]> hereAgain = training ? netBackward(last) : backward(last, Double.NaN);
    saved.requireInputsUntouched(name);
    if (!training) {
      saved.requireBuffersUntouched(name);
    }

    List<Analytic> result = new ArrayList<>();
    for (int i = 0; i < here.size(); i++) {
      Repeat repeat =
          Repeat.of(here.get(i), twice.get(i), floor)
              .orWorse(Repeat.of(here.get(i), hereAgain.get(i), floor))
              .orWorse(Repeat.of(away.get(i), awayAgain.get(i), floor));
      result.add(analytic(i, here.get(i), repeat));
    }
    return result;
  }

  private Analytic analytic(int index, double[] gradient, Repeat repeat) {
    int inputs = net.options().inputGradient() ? 1 : 0;
    if (index < inputs) {
      return new Analytic(GradientCheck.INPUT, net.input(batch), gradient, repeat);
    }
    Parameter parameter = net.parameters().get(index - inputs);
    return new Analytic(parameter.name(), parameter.value(), gradient, repeat);
  }

  /**
   * Runs the stages' backwards, each of which finds garbage where its gradients go. A dx that a
   * stage has not yet returned once is found as it is.
   */
  private List<double[]> backward(Tensor dy, double garbage) {
    fillGradients(garbage);
    Tensor tensor = dy;
    for (int i = stages.size() - 1; i >= 0; i--) {
      if (dxs[i] != null) {
        double[] values = Values.of(tensor); // may share memory with dx
        Values.fill(dxs[i], garbage);
        tensor.upload(values);
      }
      Stage stage = stages.get(i);
      dxs[i] = backward(stage, tensor);
      if (i > 0 || net.options().inputGradient()) {
        requireShape(stage, dxs[i]);
      }
      tensor = dxs[i];
    }
    return gradients(tensor);
  }

  private Tensor backward(Stage stage, Tensor dy) {
    try {
      return stage.module().backward(dy);
    } catch (IllegalStateException e) {
      if (training) {
        throw e;
      }
      throw new IllegalStateException(
          "%s: %s has no backward after a forward in evaluation, check it in training: %s"
              .formatted(name, title(stage), e.getMessage()),
          e);
    }
  }

  /** Runs the backward as a training does. */
  private List<double[]> netBackward(Tensor dy) {
    fillGradients(Double.NaN);
    return gradients(net.backward(dy));
  }

  private void fillGradients(double garbage) {
    for (Parameter parameter : net.parameters()) {
      Values.fill(parameter.gradient(), garbage);
    }
  }

  private List<double[]> gradients(Tensor dx) {
    List<double[]> gradients = new ArrayList<>();
    if (net.options().inputGradient()) {
      gradients.add(Values.of(dx));
    }
    for (Parameter parameter : net.parameters()) {
      gradients.add(Values.of(parameter.gradient()));
    }
    return gradients;
  }

  private static String title(Stage stage) {
    return stage.name().isEmpty() ? "the module" : stage.name();
  }

  private void requireShape(Stage stage, Tensor dx) {
    Shape x = stage.x().shape();
    if (dx == null || !dx.shape().equals(x)) {
      throw new IllegalStateException(
          "%s: the backward of %s returned %s for an input of %s"
              .formatted(
                  name,
                  title(stage),
                  dx == null ? "no gradient" : "a gradient of " + dx.shape(),
                  x));
    }
  }
}
