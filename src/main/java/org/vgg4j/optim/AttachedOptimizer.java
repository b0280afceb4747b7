package org.vgg4j.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.OptimizerPlan;
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

  /** Allocates one slab for each kind of state and plans the update over them. */
  AttachedOptimizer(
      Network network, List<String> kinds, Function<List<Arena>, OptimizerPlan> planner) {
    List<Arena> slabs = new ArrayList<>();
    try {
      for (String kind : kinds) {
        Arena slab =
            closing.own(
                network.backend().allocate(network.slabs().masters().bytes(), MemoryOwner.MOMENTS));
        slabs.add(slab);
        for (Parameter parameter : network.parameters()) {
          states.add(new State(kind, parameter.name(), parameter.in(slab)));
        }
      }
      plan = closing.own(planner.apply(slabs));
      work = plan.work();
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
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

  /** Releases the state. */
  @Override
  public void close() {
    closing.close();
  }
}
