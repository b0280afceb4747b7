package org.vgg4j.gradcheck;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Sequential;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.CounterRandom;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;

/**
 * Compares the gradients of backward passes with central differences of the forward pass, in double
 * precision, for one {@link Module} or a whole net with its loss.
 *
 * <p>Every parameter is checked that is not excluded, and the input if the net computes its
 * gradient. Dropout keeps one mask throughout, that of the net's step state. Forwards are those of
 * training unless the options say otherwise; running statistics are restored before each. An
 * element whose differences show a kink (a ReLU or a maximum that flips between the evaluations) is
 * retried with a tenth of the step, at most 3 times, and counted.
 *
 * <p>The backward runs several times: after a forward at another point, twice after one forward,
 * and with garbage in all gradients, which it must overwrite. It must give the same bits each time.
 */
public final class GradientCheck {
  /** The name of a net's input in reports. */
  public static final String INPUT = "x";

  /** How far {@link #module} moves parameters and buffers from their initial values. */
  public static final double SPREAD = 0.25;

  private static final long STREAMS = 5L << 32; // unlike initialization, dropout and shuffles
  private static final long INPUTS = STREAMS;
  private static final long OUTPUTS = STREAMS + 1;
  private static final long DRAWS = STREAMS + 2;
  private static final long SPREADS = STREAMS + 3;

  private final Backend backend;
  private final GradientCheckOptions options;

  /**
   * Creates a check.
   *
   * @param backend the engine for {@link #module}, such as the reference engine
   * @throws InvalidInputException unless the engine computes in double
   */
  public GradientCheck(Backend backend, GradientCheckOptions options) {
    requireDouble(backend);
    this.backend = backend;
    this.options = options;
  }

  private static void requireDouble(Backend backend) {
    if (!backend.types().equals(Types.F64)) {
      throw new InvalidInputException(
          "a gradient check needs an engine that computes in F64; "
              + backend.name()
              + " computes in "
              + backend.types().activation());
    }
  }

  /**
   * Returns shuffled values in [-1.5, 1.5], well separated from 0 and each other, so that no
   * maximum is tied and no ReLU is at its kink.
   */
  public static double[] distinctValues(Shape shape, long seed) {
    return distinctValues(shape, InputRange.DEFAULT, seed);
  }

  /** Returns values as {@link #distinctValues(Shape, long)} does, in another range. */
  public static double[] distinctValues(Shape shape, InputRange range, long seed) {
    return Values.grid(shape, range, CounterRandom.key(seed, INPUTS, 0));
  }

  /**
   * Checks a module by the gradient of a weighted sum of its outputs, with fixed random weights.
   * The input is {@link #distinctValues(Shape, InputRange, long)} in the range of the options;
   * parameters and buffers are moved by up to {@value #SPREAD} from where they start, since wrong
   * factors and terms go unnoticed at 0 and 1.
   *
   * @param name its name in the report
   * @param module not yet built; closed afterwards
   * @param x the shape of the input, batch first
   * @throws IllegalStateException when the module is not a function of its input, or breaks a rule
   *     of {@link Module}
   */
  public GradientReport module(String name, Module module, Shape x) {
    int batch = x.dim(0);
    NetworkOptions parameters =
        NetworkOptions.training(batch).withSeed(options.seed()).withRepeatedBackward();
    NetworkOptions built =
        options.excluded().contains(INPUT) ? parameters : parameters.withInputGradient();
    DirtyMemory memory = new DirtyMemory(backend);
    Supplier<Module> chain = () -> new Sequential().addInline(module).addInline(new Follower());
    try (NetworkPlan plan = Network.plan(chain, x.withoutBatch(), built, memory.backend());
        Network net = memory.during(plan::allocate)) {
      net.input(batch).upload(distinctValues(x, options.range(), options.seed()));
      long stream = 0;
      for (Parameter parameter : net.parameters()) {
        Values.spread(parameter.value(), SPREAD, key(SPREADS, stream++));
      }
      for (Buffer buffer : net.buffers()) {
        Values.spread(buffer.value(), SPREAD, key(SPREADS, stream++));
      }
      return outputs(name, net, batch);
    }
  }

  /**
   * Checks a net by the gradient of a weighted sum of its outputs, with fixed random weights, at
   * its current input and parameters. Changes only the net's gradients.
   *
   * @param batch one of the net's batch sizes
   */
  public GradientReport outputs(String name, Network net, int batch) {
    return check(
        name, net, batch, new OutputObjective(net, batch, options.training(), key(OUTPUTS, 0)));
  }

  /**
   * Checks a net by the gradient of the mean cross entropy, at its current input and parameters.
   * Changes only the net's gradients.
   *
   * @param labels the class of each sample; as many as one of the net's batch sizes
   */
  public GradientReport loss(String name, Network net, int[] labels) {
    net.loss().labels(labels.length).upload(labels);
    return check(
        name, net, labels.length, new LossObjective(net, labels.length, options.training()));
  }

  private GradientReport check(String name, Network net, int batch, Objective objective) {
    requireDouble(net.backend());
    requireKnown(name, net);
    SavedState saved = new SavedState(net, batch);
    Supplier<double[]> evaluation =
        () -> {
          saved.restoreBuffers();
          return objective.evaluate();
        };
    try {
      List<Analytic> gradients = new Backwards(name, net, batch, objective, saved, options).run();
      CentralDifferences differences =
          new CentralDifferences(evaluation, objective.weights(), options);
      List<TensorReport> tensors = new ArrayList<>();
      for (int i = 0; i < gradients.size(); i++) {
        Analytic analytic = gradients.get(i);
        if (options.excluded().contains(analytic.name())) {
          continue;
        }
        Tensor tensor = analytic.tensor();
        tensors.add(
            TensorReport.of(
                analytic.name(),
                tensor.shape(),
                differences.of(tensor, key(DRAWS, i)),
                analytic.gradient(),
                analytic.repeat(),
                options));
      }
      if (!differences.startsFrom(evaluation.get())) {
        throw new IllegalStateException(
            name + ": two forwards of the same input differ, so it has no derivative to check");
      }
      return new GradientReport(name, options, tensors);
    } finally {
      saved.restore();
    }
  }

  private void requireKnown(String name, Network net) {
    Set<String> known = new LinkedHashSet<>(Set.of(INPUT));
    net.parameters().forEach(parameter -> known.add(parameter.name()));
    for (String excluded : options.excluded()) {
      if (!known.contains(excluded)) {
        throw new InvalidInputException(
            "%s: there is no %s to exclude; it has %s"
                .formatted(name, excluded, String.join(", ", known)));
      }
    }
  }

  private long key(long stream, long index) {
    return CounterRandom.key(options.seed(), stream, index);
  }
}
