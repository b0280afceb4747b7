package org.vgg4j.cli;

import org.vgg4j.data.Preprocessing;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.run.Recipe;
import org.vgg4j.train.TrainingOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A recipe and the flags that override it. */
final class RecipeOptions {
  @Mixin private NetOptions net;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description =
          "quick (default): VGG16 with batch norm at width 1/4, 32 pixels, 3 epochs. blog: the blog"
              + " post's VGG16 at 224 pixels, 5 epochs.")
  private String name;

  @Option(
      names = "--init",
      paramLabel = "NAME",
      description = "Starting values: kaiming, glorot, paper or pytorch.")
  private String init;

  @Option(names = "--epochs", paramLabel = "N", description = "How often the training set is seen.")
  private Integer epochs;

  @Option(names = "--batch-size", paramLabel = "N", description = "Images a step.")
  private Integer batchSize;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      description = "Batches a step: their gradients make one update (1).")
  private Integer accumulate;

  @Option(names = "--lr", paramLabel = "RATE", description = "Learning rate at the start.")
  private Double learningRate;

  @Option(
      names = "--lr-schedule",
      paramLabel = "NAME",
      description = "constant, linear (to 0 over the run) or cosine.")
  private String schedule;

  @Option(names = "--optimizer", paramLabel = "NAME", description = "adam or sgd.")
  private String optimizer;

  @Option(names = "--momentum", paramLabel = "M", description = "Momentum of sgd (0.9).")
  private Double momentum;

  @Option(
      names = "--weight-decay",
      paramLabel = "D",
      description = "Added to the gradient as D times the weight (0).")
  private Double weightDecay;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What starting values, shuffles and dropout are drawn from (1).")
  private Long seed;

  /** Returns the recipe with what was given changed. */
  Recipe recipe() {
    return recipe(Recipe.quick());
  }

  /**
   * Returns the named recipe, or the given one when none was named, with what was given changed.
   */
  Recipe recipe(Recipe unnamed) {
    Recipe base = name == null ? unnamed : Recipe.of(name);
    TrainingOptions training = base.training();
    VggConfig config = net.apply(base.net());
    return new Recipe(
        base.name(),
        config,
        base.preprocessing().isDefault()
            ? Preprocessing.of(config.channels(), config.imageSize())
            : base.preprocessing(),
        init == null ? base.initialization() : Initialization.of(init),
        or(optimizer, base.optimizer()),
        or(momentum, base.momentum()),
        or(weightDecay, base.weightDecay()),
        new TrainingOptions(
            or(epochs, training.epochs()),
            or(batchSize, training.batchSize()),
            or(accumulate, training.accumulate()),
            or(learningRate, training.learningRate()),
            schedule == null ? training.schedule() : LearningRateSchedule.of(schedule),
            or(seed, training.seed())));
  }

  private static <T> T or(T given, T otherwise) {
    return given == null ? otherwise : given;
  }
}
