package org.vgg4j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.Work;

/**
 * Blocks in a row, each forward (not training, then training) and backward, with all memory
 * poisoned before. Images and filters are small integers, so the first convolution's output is
 * exact in every type: no rounding moves a value over a ReLU's or a max-pool's edge.
 *
 * @param x the shape of the input (N, C, H, W)
 * @param isExact whether all else is chosen so that every sum is exact too: then two engines must
 *     agree to the bit. Only without batch norm or with a frozen one
 * @param isWhole whether the gradient of the images is asked for, too
 */
record BlockChain(Shape x, boolean isExact, boolean isWhole, List<Layer> layers) {
  /** What comes behind a convolution. */
  enum Norm {
    NONE,
    TRAINED,
    FROZEN
  }

  record Layer(int channels, int kernel, boolean bias, Norm norm, boolean pool) {}

  /** A frozen norm of variance 3/16 has the inverse deviation 2 with it. */
  private static final double EXACT_EPSILON = 0.0625;

  private static final double EXACT_VARIANCE = 0.1875;

  /** One block on one engine. */
  private record Block(
      Layer layer,
      Layout x,
      ConvBlockPlan plan,
      ConvBlockPlan.Parameters parameters,
      ConvBlockPlan.Gradients gradients) {}

  private BatchNorm2dSpec norm(Layer layer) {
    return layer.norm == Norm.NONE
        ? null
        : new BatchNorm2dSpec(
            layer.channels, isExact ? EXACT_EPSILON : 1e-5, 0.1, true, layer.norm == Norm.FROZEN);
  }

  private Conv2dSpec conv(int index) {
    int in = index == 0 ? x.dim(1) : layers.get(index - 1).channels;
    Layer layer = layers.get(index);
    return new Conv2dSpec(in, layer.channels, layer.kernel, layer.kernel / 2, layer.bias, false);
  }

  private ConvBlockSpec spec(int index) {
    Layer layer = layers.get(index);
    return new ConvBlockSpec(
        conv(index),
        norm(layer),
        layer.pool ? new MaxPool2dSpec(2, 2) : null,
        index + 1 < layers.size() ? conv(index + 1) : null);
  }

  /** Plans the chain alone, and returns the layout of the first block's output. */
  Layout plan(Bench bench) {
    plan(bench, new PoisonedMemory(bench), Usage.INFERENCE);
    return plan(bench, new PoisonedMemory(bench), Usage.TRAINING).get(0).plan.y();
  }

  /** Plans the chain alone, and returns the work of the first block. */
  List<Work> work(Bench bench) {
    return plan(bench, new PoisonedMemory(bench), Usage.TRAINING).get(0).plan.work();
  }

  private List<Block> plan(Bench bench, PoisonedMemory memory, Usage usage) {
    Backend backend = bench.backend();
    List<Block> blocks = new ArrayList<>();
    Layout layout = backend.firstLayout(x);
    for (int i = 0; i < layers.size(); i++) {
      Usage own = i == 0 && !isWhole && usage.training() ? Usage.FIRST_LAYER : usage;
      ConvBlockPlan plan = bench.own(backend.convBlock(spec(i), layout, null, own, memory));
      ConvBlockPlan.Parameters parameters = parameters(bench, plan, i);
      ConvBlockPlan.Gradients gradients = gradients(bench, plan, layers.get(i));
      blocks.add(new Block(layers.get(i), layout, plan, parameters, gradients));
      layout = plan.y();
    }
    return blocks;
  }

  private ConvBlockPlan.Parameters parameters(Bench bench, ConvBlockPlan plan, int index) {
    Layer layer = layers.get(index);
    long seed = 100L * index;
    Shape w = conv(index).w();
    Shape channel = Shape.of(layer.channels);
    boolean hasNorm = layer.norm != Norm.NONE;
    double[] gamma =
        map(Bench.random(channel, seed + 2), v -> Math.copySign(0.5, v) + (isExact ? 0 : v));
    return new ConvBlockPlan.Parameters(
        bench.tensor(plan.w(), map(Bench.integers(w, seed + 1), Math::signum)),
        layer.bias ? bench.master(channel, Bench.integers(channel, seed + 3)) : null,
        hasNorm ? bench.master(channel, gamma) : null,
        hasNorm ? bench.master(channel, ofChannels(channel, seed + 4)) : null,
        hasNorm ? bench.master(channel, ofChannels(channel, seed + 5)) : null,
        hasNorm
            ? bench.master(
                channel,
                map(Bench.random(channel, seed + 6), v -> isExact ? EXACT_VARIANCE : 1.5 + v))
            : null);
  }

  private double[] ofChannels(Shape channel, long seed) {
    return isExact ? Bench.integers(channel, seed) : map(Bench.random(channel, seed), v -> v / 2);
  }

  private static double[] map(double[] values, DoubleUnaryOperator function) {
    return Arrays.stream(values).map(function).toArray();
  }

  private static ConvBlockPlan.Gradients gradients(Bench bench, ConvBlockPlan plan, Layer layer) {
    Layout channel = bench.master(Shape.of(layer.channels));
    boolean hasNorm = layer.norm != Norm.NONE;
    return new ConvBlockPlan.Gradients(
        bench.output(plan.dw()),
        layer.bias ? bench.output(channel) : null,
        hasNorm ? bench.output(channel) : null,
        hasNorm ? bench.output(channel) : null);
  }

  /** Runs the chain on an engine. */
  Outputs run(Bench bench) {
    Outputs outputs = new Outputs(bench);
    inference(bench, outputs);
    PoisonedMemory memory = new PoisonedMemory(bench);
    List<Block> blocks = plan(bench, memory, Usage.TRAINING);
    memory.bind();
    Tensor input = bench.tensor(blocks.get(0).x, Bench.integers(x, 7));
    Tensor y = input;
    for (Block block : blocks) {
      y = block.plan.forward(y, block.parameters, false);
      add(outputs, "y (evaluation)", y);
    }
    memory.poison();
    y = input;
    for (Block block : blocks) {
      y = block.plan.forward(y, block.parameters, true);
      add(outputs, "y", y);
      if (block.layer.norm != Norm.NONE) {
        add(outputs, "running mean", block.parameters.runningMean());
        add(outputs, "running var", block.parameters.runningVar());
      }
    }
    Shape last = y.shape();
    double[] slope = isExact ? Bench.integers(last, 8) : Bench.random(last, 8);
    backward(outputs, blocks, bench.tensor(y.layout(), slope));
    requireNoBiasGradient(bench, blocks);
    return outputs;
  }

  private void inference(Bench bench, Outputs outputs) {
    PoisonedMemory memory = new PoisonedMemory(bench);
    List<Block> blocks = plan(bench, memory, Usage.INFERENCE);
    memory.bind();
    Tensor y = bench.tensor(blocks.get(0).x, Bench.integers(x, 7));
    for (Block block : blocks) {
      y = block.plan.forward(y, block.parameters, false);
      add(outputs, "y (inference)", y);
    }
  }

  /** Nothing is read in between: an engine may hand sums from one backward to the next. */
  private void backward(Outputs outputs, List<Block> blocks, Tensor slope) {
    List<Tensor> slopes = new ArrayList<>();
    Tensor dy = slope;
    for (int i = blocks.size() - 1; i >= 0; i--) {
      dy = blocks.get(i).plan.backward(dy, blocks.get(i).parameters, blocks.get(i).gradients);
      slopes.add(dy);
    }
    for (int i = blocks.size() - 1; i >= 0; i--) {
      Block block = blocks.get(i);
      ConvBlockPlan.Gradients g = block.gradients;
      if (i > 0 || isWhole) {
        add(outputs, "dx", slopes.get(blocks.size() - 1 - i));
      }
      add(outputs, "dw", g.dw());
      if (block.layer.norm != Norm.NONE) {
        add(outputs, "dgamma", g.dgamma());
        add(outputs, "dbeta", g.dbeta());
      }
      if (block.layer.bias && block.layer.norm != Norm.TRAINED) {
        add(outputs, "db", g.db());
      }
    }
  }

  /** A trained norm takes a bias away; the reference has rounding errors there instead of zeros. */
  private static void requireNoBiasGradient(Bench bench, List<Block> blocks) {
    if (bench.backend().name().equals("reference")) {
      return;
    }
    for (Block block : blocks) {
      if (block.layer.bias && block.layer.norm == Norm.TRAINED) {
        double[] db = Bench.values(block.gradients.db());
        assertArrayEquals(new double[db.length], db);
      }
    }
  }

  /**
   * Adds an output. Sums of all blocks add up on the way, and a norm's gradient has 16 times the
   * error of a sum, as in the tests of single operations. In bf16 two engines that round where
   * values are stored differ by one step where their sums straddle an edge: two roundings, and one
   * for each further convolution that sums over such values.
   */
  private void add(Outputs outputs, String name, Tensor tensor) {
    boolean isStored = tensor.dtype() == DType.BF16 || name.equals("dw");
    if (isExact) {
      outputs.add("block " + name, tensor, 0, isStored ? 1 : 0);
    } else {
      outputs.add("block " + name, tensor, reduction(), 1 + layers.size());
    }
  }

  private int reduction() {
    int length = 0;
    for (int i = 0; i < layers.size(); i++) {
      length += 9 * conv(i).inChannels() + x.dim(0) * x.dim(2) * x.dim(3);
    }
    return 16 * length;
  }
}
