package org.vgg4j.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.AveragePlan;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * A running average of a net's trained weights and of its running statistics, which begins with
 * those that the net has. Close it before the net.
 *
 * <p>Source: timm's {@code ModelEmaV2}; PyTorch {@code torch.optim.swa_utils.AveragedModel} with
 * {@code use_buffers}.
 */
public final class WeightAverage implements AutoCloseable {
  private final Network network;
  private final Closing closing = new Closing();
  private final List<AveragePlan> plans = new ArrayList<>(); // of the weights, of the statistics
  private final List<Tensor> values = new ArrayList<>();
  private final List<Tensor> averages = new ArrayList<>();
  private final Arena weights;
  private final Arena statistics; // null without running statistics
  private boolean started;

  /**
   * Allocates the average.
   *
   * @param decay in (0, 1): the share of the old average in the new one
   * @throws org.vgg4j.tensor.OutOfDeviceMemoryException when there is not enough memory
   */
  public WeightAverage(Network network, double decay) {
    this.network = network;
    Backend backend = network.backend();
    try {
      weights = take(network.trainedBytes());
      plans.add(closing.own(backend.average(decay, network.slabs().masters(), weights)));
      for (Parameter parameter : network.parameters()) {
        if (parameter.isTrained()) {
          add(parameter.value(), parameter.in(weights));
        }
      }
      Arena source = network.statistics();
      statistics = source == null ? null : take(source.bytes());
      if (source != null) {
        plans.add(closing.own(backend.average(decay, source, statistics)));
        for (Buffer buffer : network.buffers()) {
          add(buffer.value(), buffer.in(statistics));
        }
      }
    } catch (RuntimeException | Error e) {
      closing.abandon(e);
      throw e;
    }
  }

  private Arena take(long bytes) {
    return closing.own(network.backend().allocate(bytes, MemoryOwner.AVERAGES));
  }

  private void add(Tensor value, Tensor average) {
    values.add(value);
    averages.add(average);
  }

  /** Makes the present weights the average, unless there is one already. */
  public void start() {
    if (!started) {
      for (int i = 0; i < values.size(); i++) {
        averages.get(i).copyFrom(values.get(i));
      }
      started = true;
    }
  }

  /** Moves the average of all weights; that of the statistics follows with {@link #endStep}. */
  public void run() {
    plans.get(0).run();
  }

  /** Moves the average of a stage's weights. */
  public void run(Stage stage) {
    plans.get(0).run(stage.firstElement(), stage.endElement());
  }

  /** Moves the average of the statistics. */
  public void endStep() {
    plans.subList(1, plans.size()).forEach(AveragePlan::run);
  }

  /** Returns what the engine does in {@link #run()} and {@link #endStep}. */
  public List<Work> work() {
    return plans.stream().flatMap(plan -> plan.work().stream()).toList();
  }

  /**
   * Exchanges the net's weights and statistics with their average, which counts as there from then
   * on.
   */
  public void exchange() {
    started = true;
    plans.forEach(AveragePlan::exchange);
    network.refreshCompute();
  }

  /** Computes something with the averages in the net. */
  public <T> T with(Supplier<T> work) {
    exchange();
    T result;
    try {
      result = work.get();
    } catch (RuntimeException | Error e) {
      try {
        exchange();
      } catch (RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    exchange();
    return result;
  }

  /** Returns the slab of the averaged weights, of the masters' type. */
  public Arena weights() {
    return weights;
  }

  /** Returns the slab of the averaged running statistics, null without such. */
  public Arena statistics() {
    return statistics;
  }

  @Override
  public void close() {
    closing.close();
  }
}
