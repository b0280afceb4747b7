package org.vgg4j.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.OptimizerPlan;
import org.vgg4j.tensor.ParameterSlabs;
import org.vgg4j.tensor.SlabRate;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/** An optimizer attached to one net. Close it before the net. */
public final class AttachedOptimizer implements AutoCloseable {
  /**
   * The optimizer state of one parameter, for checkpoints.
   *
   * @param kind PyTorch's name for it: exp_avg, exp_avg_sq or momentum_buffer
   * @param parameter the parameter's name
   * @param tensor the values, in the parameter's layout
   */
  public record State(String kind, String parameter, Tensor tensor) {
    /** Returns the name in checkpoints: {@code exp_avg.features.0.weight}. */
    public String name() {
      return kind + "." + parameter;
    }
  }

  private final Closing closing = new Closing();
  private final OptimizerPlan plan;
  private final List<Work> work;
  private final List<State> states = new ArrayList<>();
  private final List<Arena> slabs = new ArrayList<>();

  /** Allocates one slab for each kind of state and plans the update over them. */
  AttachedOptimizer(
      Network network,
      double headFactor,
      List<String> kinds,
      BiFunction<ParameterSlabs, List<Arena>, OptimizerPlan> planner) {
    try {
      for (String kind : kinds) {
        Arena slab =
            closing.own(network.backend().allocate(network.trainedBytes(), MemoryOwner.MOMENTS));
        slabs.add(slab);
        for (Parameter parameter : network.parameters()) {
          if (parameter.isTrained()) {
            states.add(new State(kind, parameter.name(), parameter.in(slab)));
          }
        }
      }
      ParameterSlabs all = network.slabs();
      plan =
          closing.own(
              planner.apply(
                  headFactor == 1 ? all : all.withRates(rates(network, headFactor)), slabs));
      work = plan.work();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private static List<SlabRate> rates(Network network, double headFactor) {
    Stage head =
        network.memoryPlan().stages().stream()
            .filter(stage -> !stage.parameters().isEmpty())
            .reduce((before, last) -> last)
            .orElseThrow();
    if (!head.isTrained()) {
      throw InvalidInputException.of(
          "headLearningRate", "is for %s, which is frozen".formatted(head.name()));
    }
    SlabRate rate = new SlabRate(head.firstElement(), headFactor);
    return rate.first() == 0 ? List.of(rate) : List.of(new SlabRate(0, 1), rate);
  }

  /**
   * Updates every parameter from its gradient, at the step and learning rate of the net's {@code
   * StepState}, which the caller advances afterwards.
   */
  public void step() {
    plan.step();
  }

  /** Returns what the engine does in {@link #step}; empty when it is not counted. */
  public List<Work> work() {
    return work;
  }

  /** Begins an update that {@link #step(Stage)} makes stage by stage. */
  public void begin() {
    plan.begin();
  }

  /** Updates the parameters of a stage, as {@link #step()} does. */
  public void step(Stage stage) {
    plan.step(stage.firstElement(), stage.endElement());
  }

  /** Returns the state kind by kind, each in the order of the net's parameters. */
  public List<State> states() {
    return List.copyOf(states);
  }

  /** Returns the slabs of the state, one of each kind, of the masters' type. */
  public List<Arena> slabs() {
    return List.copyOf(slabs);
  }

  /** Releases the state. */
  @Override
  public void close() {
    closing.close();
  }
}
