package org.vgg4j.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.BatchNorm2dPlan;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.CrossEntropyPlan;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.DropoutPlan;
import org.vgg4j.tensor.DropoutSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LossAccumulator;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;
import org.vgg4j.tensor.WindowPlan;

/**
 * One method of a plan; it takes tensors in the order of its operands.
 *
 * @param name what messages call the operation
 * @param method which method of which plan, for the name of a test
 */
record PlannedOperation(
    String name, String method, List<Operand> operands, Consumer<Tensor[]> run) {
  private static final int CHANNELS = 16; // so many that oneDNN has an order of its own for images
  static final Shape IMAGES = Shape.of(2, CHANNELS, 6, 6);

  /** Returns every method of every plan, planned on an engine. */
  static Stream<PlannedOperation> all(Bench bench) {
    return Stream.of(
            convolutions(bench, true),
            convolutions(bench, false),
            linear(bench),
            batchNorm(bench, true, false),
            batchNorm(bench, false, true),
            relu(bench),
            maxPool(bench, Usage.TRAINING),
            maxPool(bench, Usage.INFERENCE),
            adaptiveAvgPool(bench),
            localResponseNorm(bench),
            dropout(bench),
            crossEntropy(bench))
        .flatMap(List::stream);
  }

  /** An operand; one whose name ends in a question mark may be null, one without layout must be. */
  record Operand(String text, Layout layout) {
    boolean optional() {
      return text.endsWith("?");
    }

    String name() {
      return optional() ? text.substring(0, text.length() - 1) : text;
    }
  }

  /** Takes names and layouts in turn. */
  private static List<Operand> operands(Object... namesAndLayouts) {
    List<Operand> operands = new ArrayList<>();
    for (int i = 0; i < namesAndLayouts.length; i += 2) {
      operands.add(new Operand((String) namesAndLayouts[i], (Layout) namesAndLayouts[i + 1]));
    }
    return operands;
  }

  private static List<PlannedOperation> convolutions(Bench bench, boolean bias) {
    Conv2dSpec spec = new Conv2dSpec(CHANNELS, CHANNELS, 3, 1, bias, true);
    Layout x = bench.plain(IMAGES);
    WeightedPlan plan = bench.own(bench.backend().conv2d(spec, x, null, Usage.TRAINING));
    Layout w = plan.w();
    Layout y = plan.y();
    Layout b = bias ? bench.master(spec.b()) : null;
    return List.of(
        new PlannedOperation(
            "convolution",
            "forward, bias " + bias,
            operands("x", x, "w", w, "b", b, "y", y),
            t -> plan.forward(t[0], t[1], t[2], t[3])),
        new PlannedOperation(
            "convolution",
            "data gradient, bias " + bias,
            operands("w", w, "dy", y, "dx", x),
            t -> plan.backwardData(t[0], t[1], t[2])),
        new PlannedOperation(
            "convolution",
            "weights gradient, bias " + bias,
            operands("x", x, "dy", y, "dw", plan.dw(), "db?", b),
            t -> plan.backwardWeights(t[0], t[1], t[2], t[3])));
  }

  private static List<PlannedOperation> linear(Bench bench) {
    LinearSpec spec = new LinearSpec(CHANNELS * 36, 24, true);
    Layout x = images(bench);
    WeightedPlan plan = bench.own(bench.backend().linear(spec, x, null, Usage.TRAINING));
    Layout w = plan.w();
    Layout y = plan.y();
    Layout b = bench.master(spec.b());
    return List.of(
        new PlannedOperation(
            "linear layer",
            "forward",
            operands("x", x, "w", w, "b", b, "y", y),
            t -> plan.forward(t[0], t[1], t[2], t[3])),
        new PlannedOperation(
            "linear layer",
            "data gradient",
            operands("w", w, "dy", y, "dx", x),
            t -> plan.backwardData(t[0], t[1], t[2])),
        new PlannedOperation(
            "linear layer",
            "weights gradient",
            operands("x", x, "dy", y, "dw", plan.dw(), "db", b),
            t -> plan.backwardWeights(t[0], t[1], t[2], t[3])));
  }

  private static List<PlannedOperation> batchNorm(Bench bench, boolean relu, boolean frozen) {
    BatchNorm2dSpec spec = new BatchNorm2dSpec(CHANNELS, 1e-5, 0.1, relu, frozen);
    Layout x = images(bench);
    BatchNorm2dPlan plan = bench.own(bench.backend().batchNorm2d(spec, x, Usage.TRAINING));
    Layout c = bench.master(spec.parameter());
    Layout y = plan.y();
    Layout saved = plan.saved();
    String kind = ", ReLU " + relu + ", frozen " + frozen;
    return List.of(
        new PlannedOperation(
            "batch norm",
            "training" + kind,
            operands(
                "x",
                x,
                "gamma",
                c,
                "beta",
                c,
                "runningMean",
                c,
                "runningVar",
                c,
                "y",
                y,
                "saved",
                saved),
            t -> plan.forwardTraining(t[0], t[1], t[2], t[3], t[4], t[5], t[6])),
        new PlannedOperation(
            "batch norm",
            "inference" + kind,
            operands("x", x, "gamma", c, "beta", c, "runningMean", c, "runningVar", c, "y", y),
            t -> plan.forwardInference(t[0], t[1], t[2], t[3], t[4], t[5])),
        new PlannedOperation(
            "batch norm",
            "gradient" + kind,
            operands(
                "x", x, "dy", y, "gamma", c, "beta", c, "saved", saved, "dx", x, "dgamma", c,
                "dbeta", c),
            t -> plan.backward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7])),
        new PlannedOperation(
            "batch norm",
            "training again" + kind,
            operands(
                "x",
                x,
                "gamma",
                c,
                "beta",
                c,
                "runningMean",
                c,
                "runningVar",
                c,
                "y",
                y,
                "saved",
                saved),
            t -> plan.forwardAgain(t[0], t[1], t[2], t[3], t[4], t[5], t[6])),
        new PlannedOperation(
            "batch norm",
            "normalization again" + kind,
            operands("x", x, "gamma", c, "beta", c, "y", y, "saved", saved),
            t -> plan.normalizeAgain(t[0], t[1], t[2], t[3], t[4])));
  }

  private static List<PlannedOperation> relu(Bench bench) {
    Layout x = images(bench);
    ReluPlan plan = bench.own(bench.backend().relu(x, Usage.TRAINING));
    return List.of(
        new PlannedOperation(
            "ReLU", "forward", operands("x", x, "y", x), t -> plan.forward(t[0], t[1])),
        new PlannedOperation(
            "ReLU",
            "gradient",
            operands("y", x, "dy", x, "dx", x),
            t -> plan.backward(t[0], t[1], t[2])));
  }

  private static List<PlannedOperation> maxPool(Bench bench, Usage usage) {
    Layout x = images(bench);
    WindowPlan plan = bench.own(bench.backend().maxPool2d(new MaxPool2dSpec(2, 2), x, usage));
    Layout y = plan.y();
    Layout saved = plan.saved();
    PlannedOperation forward =
        new PlannedOperation(
            "max-pool",
            "forward " + usage,
            operands("x", x, "y", y, "saved", saved),
            t -> plan.forward(t[0], t[1], t[2]));
    PlannedOperation backward =
        new PlannedOperation(
            "max-pool",
            "gradient",
            operands("x", x, "y", y, "dy", y, "saved", saved, "dx", x),
            t -> plan.backward(t[0], t[1], t[2], t[3], t[4]));
    return usage.training() ? List.of(forward, backward) : List.of(forward);
  }

  private static List<PlannedOperation> adaptiveAvgPool(Bench bench) {
    AdaptiveAvgPool2dSpec spec = new AdaptiveAvgPool2dSpec(4, 7);
    Layout x = images(bench);
    return window(
        "adaptive average pool",
        x,
        bench.own(bench.backend().adaptiveAvgPool2d(spec, x, Usage.TRAINING)));
  }

  private static List<PlannedOperation> localResponseNorm(Bench bench) {
    Layout x = images(bench);
    return window(
        "local response norm",
        x,
        bench.own(bench.backend().localResponseNorm(LrnSpec.KRIZHEVSKY, x, Usage.TRAINING)));
  }

  private static List<PlannedOperation> window(String name, Layout x, WindowPlan plan) {
    Layout y = plan.y();
    Layout saved = plan.saved();
    return List.of(
        new PlannedOperation(
            name,
            "forward",
            operands("x", x, "y", y, "saved", saved),
            t -> plan.forward(t[0], t[1], t[2])),
        new PlannedOperation(
            name,
            "gradient",
            operands("x", x, "y", y, "dy", y, "saved", saved, "dx", x),
            t -> plan.backward(t[0], t[1], t[2], t[3], t[4])));
  }

  private static List<PlannedOperation> dropout(Bench bench) {
    Layout x = images(bench);
    DropoutPlan plan =
        bench.own(bench.backend().dropout(new DropoutSpec(0.5, 1), x, bench.state()));
    return List.of(
        new PlannedOperation(
            "dropout", "forward", operands("x", x, "y", x), t -> plan.forward(t[0], t[1])),
        new PlannedOperation(
            "dropout", "gradient", operands("dy", x, "dx", x), t -> plan.backward(t[0], t[1])));
  }

  private static List<PlannedOperation> crossEntropy(Bench bench) {
    Layout logits = bench.plain(Shape.of(4, 10));
    Layout labels = bench.backend().plainLayout(Shape.of(4), DType.I32);
    StepState state = bench.state();
    LossAccumulator sums = bench.own(bench.backend().newLossAccumulator());
    CrossEntropyPlan plan = bench.own(bench.backend().crossEntropy(logits, state, sums));
    state.setLoss(4, 0.25);
    return List.of(
        new PlannedOperation(
            "cross entropy",
            "forward",
            operands("logits", logits, "labels", labels, "dlogits?", logits),
            t -> plan.forward(t[0], t[1], t[2])));
  }

  /** Returns the layout of IMAGES that the engine's own convolution hands to the next operation. */
  static Layout images(Bench bench) {
    Conv2dSpec spec = new Conv2dSpec(CHANNELS, CHANNELS, 3, 1, false, false);
    return bench.own(bench.backend().conv2d(spec, bench.plain(IMAGES), null, Usage.TRAINING)).y();
  }
}
