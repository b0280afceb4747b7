package org.vgg4j.gradcheck;

import java.util.List;
import java.util.function.Supplier;
import org.vgg4j.nn.AdaptiveAvgPool2d;
import org.vgg4j.nn.BatchNorm2d;
import org.vgg4j.nn.Conv2d;
import org.vgg4j.nn.ConvBlock;
import org.vgg4j.nn.Dropout;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.Linear;
import org.vgg4j.nn.LocalResponseNorm;
import org.vgg4j.nn.MaxPool2d;
import org.vgg4j.nn.Module;
import org.vgg4j.nn.Network;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.Relu;
import org.vgg4j.nn.Sequential;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.BatchNorm2dSpec;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.ConvBlockSpec;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;

/** Checks every layer, with each of its options, and the loss. */
final class LayerChecks {
  private static final Shape IMAGE = Shape.of(2, 3, 5, 4);
  private static final MaxPool2dSpec POOL = new MaxPool2dSpec(2, 2);

  /** With Krizhevsky's alpha, 1e-4, neighbours hardly affect each other. */
  private static final LrnSpec STRONG = new LrnSpec(3, 0.8, 0.75, 1);

  private LayerChecks() {}

  static List<StandardCheck> all() {
    return List.of(
        layer("conv 3x3", IMAGE, () -> conv(3, 1, true, false)),
        layer("conv 3x3, ReLU", IMAGE, () -> conv(3, 1, true, true)),
        layer("conv 3x3, no bias", IMAGE, () -> conv(3, 1, false, false)),
        layer("conv 3x3, no padding", IMAGE, () -> conv(3, 0, true, false)),
        layer("conv 1x1", IMAGE, () -> conv(1, 0, true, false)),
        layer("conv 5x5", IMAGE, () -> conv(5, 2, true, false)),
        layer("batch norm", IMAGE, () -> norm(false, false)),
        layer("batch norm, ReLU", IMAGE, () -> norm(true, false)),
        layer("batch norm, frozen", IMAGE, () -> norm(false, true)),
        layer("batch norm, frozen, ReLU", IMAGE, () -> norm(true, true)),
        layer("ReLU", IMAGE, Relu::new),
        layer("max-pool 2x2", IMAGE, () -> new MaxPool2d(POOL)),
        layer("max-pool 3x3 by 1", IMAGE, () -> new MaxPool2d(new MaxPool2dSpec(3, 1))),
        layer("adaptive average pool 3x2", IMAGE, () -> average(3, 2)),
        layer("adaptive average pool 7x7", IMAGE, () -> average(7, 7)),
        layer("linear", Shape.of(3, 7), () -> linear(7, 5, false)),
        layer("linear, ReLU", Shape.of(3, 7), () -> linear(7, 5, true)),
        layer("linear, of an image", IMAGE, () -> linear(60, 5, false)),
        layer("dropout 0.5", IMAGE, () -> new Dropout(0.5)),
        layer("dropout 0", IMAGE, () -> new Dropout(0)),
        layer("LRN, Krizhevsky's", wide(), () -> new LocalResponseNorm(LrnSpec.KRIZHEVSKY)),
        layer("LRN, strong", wide(), () -> new LocalResponseNorm(STRONG)),
        layer("block", IMAGE, () -> block(false, false)),
        layer("block, pool", IMAGE, () -> block(false, true)),
        layer("block, batch norm", IMAGE, () -> block(true, false)),
        layer("block, batch norm, pool", IMAGE, () -> block(true, true)),
        layer("sequential", IMAGE, LayerChecks::sequence),
        new StandardCheck("cross entropy", (n, b, s) -> crossEntropy(n, b, s, 0)),
        new StandardCheck("cross entropy, smoothed", (n, b, s) -> crossEntropy(n, b, s, 0.1)));
  }

  private static StandardCheck layer(String name, Shape x, Supplier<Module> module) {
    return new StandardCheck(
        name, (title, backend, seed) -> check(backend, seed).module(title, module.get(), x));
  }

  private static GradientCheck check(Backend backend, long seed) {
    return new GradientCheck(backend, GradientCheckOptions.LAYER.withSeed(seed));
  }

  private static Shape wide() {
    return Shape.of(2, 7, 3, 2);
  }

  private static Module conv(int kernel, int padding, boolean bias, boolean relu) {
    return new Conv2d(new Conv2dSpec(3, 4, kernel, padding, bias, relu), Initialization.PYTORCH);
  }

  private static Module norm(boolean relu, boolean frozen) {
    return new BatchNorm2d(new BatchNorm2dSpec(3, 1e-5, 0.1, relu, frozen));
  }

  private static Module average(int height, int width) {
    return new AdaptiveAvgPool2d(new AdaptiveAvgPool2dSpec(height, width));
  }

  private static Module linear(int in, int out, boolean relu) {
    return new Linear(new LinearSpec(in, out, relu), Initialization.PYTORCH);
  }

  private static Module block(boolean norm, boolean pool) {
    ConvBlockSpec spec =
        new ConvBlockSpec(
            new Conv2dSpec(3, 4, 3, 1, !norm, false),
            norm ? BatchNorm2dSpec.of(4, true) : null,
            pool ? POOL : null);
    return new ConvBlock(spec, "conv", "norm", Initialization.PYTORCH);
  }

  private static Module sequence() {
    return new Sequential(
        conv(3, 1, true, false), new Relu(), new MaxPool2d(POOL), linear(16, 3, false));
  }

  /** The logits are the net's input: a dropout of 0 passes them through. */
  private static GradientReport crossEntropy(
      String name, Backend backend, long seed, double labelSmoothing) {
    Shape logits = Shape.of(4, 6);
    int[] labels = {5, 0, 3, 3};
    NetworkOptions options =
        NetworkOptions.training(4).withInputGradient().withLabelSmoothing(labelSmoothing);
    try (Network net =
        Network.build(() -> new Dropout(0), logits.withoutBatch(), options, backend)) {
      net.input(4).upload(GradientCheck.distinctValues(logits, seed));
      return check(backend, seed).loss(name, net, labels);
    }
  }
}
