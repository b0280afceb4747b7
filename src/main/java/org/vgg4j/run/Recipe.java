package org.vgg4j.run;

import java.util.List;
import java.util.Map;
import org.vgg4j.data.ImageSource;
import org.vgg4j.data.preprocessing.Augmentation;
import org.vgg4j.data.preprocessing.ImageStatistics;
import org.vgg4j.data.preprocessing.Normalization;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Recomputation;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.optim.UpdateOptions;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.tensor.SoftTargets;
import org.vgg4j.train.DataParallel;
import org.vgg4j.train.TrainingOptions;

/**
 * What is trained and how: a starting point that options override.
 *
 * @param name what it is called
 * @param net the net
 * @param preprocessing how an image becomes the net's input
 * @param initialization its starting values
 * @param optimizer adam or sgd
 * @param momentum of sgd
 * @param weightDecay of either
 * @param labelSmoothing the share of each image's target that the loss spreads over all classes
 * @param training epochs, batch size, learning rate and its schedule, seed, augmentation
 * @param normalization what the preprocessing does to values, once the training images are known
 */
public record Recipe(
    String name,
    VggConfig net,
    Preprocessing preprocessing,
    Initialization initialization,
    String optimizer,
    double momentum,
    double weightDecay,
    double labelSmoothing,
    TrainingOptions training,
    Normalization normalization) {
  /** The names of the recipes. */
  public static final List<String> NAMES = List.of("quick", "blog", "paper");

  /** Checks the preprocessing, the optimizer and its constants. */
  public Recipe {
    preprocessing.requireFits(net.channels(), net.imageSize());
    training.augmentation().requireFits(preprocessing);
    Choice.require("optimizer", List.of("adam", "sgd"), optimizer);
    UpdateOptions updates = training.updates();
    List<String> layers = Vgg.layers(net);
    String head = layers.get(layers.size() - 1);
    if (Vgg.layers(net, updates.frozen()).contains(head) && updates.headLearningRate() > 0) {
      throw InvalidInputException.of("headLearningRate", "is for " + head + ", which is frozen");
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw InvalidInputException.of("momentum", "must be in [0, 1), not " + momentum);
    }
    if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
      throw InvalidInputException.of(
          "weightDecay", "must be at least 0 and finite, not " + weightDecay);
    }
    SoftTargets.of(labelSmoothing, net.classes());
  }

  /** Creates a recipe with a preprocessing that says what values are normalized by. */
  public Recipe(
      String name,
      VggConfig net,
      Preprocessing preprocessing,
      Initialization initialization,
      String optimizer,
      double momentum,
      double weightDecay,
      TrainingOptions training) {
    this(
        name,
        net,
        preprocessing,
        initialization,
        optimizer,
        momentum,
        weightDecay,
        0,
        training,
        Normalization.NONE);
  }

  /** Creates a recipe with the net's default preprocessing. */
  public Recipe(
      String name,
      VggConfig net,
      Initialization initialization,
      String optimizer,
      double momentum,
      double weightDecay,
      TrainingOptions training) {
    this(
        name,
        net,
        DefaultPreprocessing.of(net, training.augmentation(), Normalization.NONE, false),
        initialization,
        optimizer,
        momentum,
        weightDecay,
        training);
  }

  private Preprocessing defaultPreprocessing(boolean pictures) {
    return DefaultPreprocessing.of(net, augmentation(), normalization, pictures);
  }

  /** Returns whether the preprocessing is that of a recipe that says nothing of it. */
  boolean hasDefaultPreprocessing() {
    return preprocessing.equals(defaultPreprocessing(false)) || hasDefaultForPictures();
  }

  /** Returns whether it is the one for pictures of any size. */
  boolean hasDefaultForPictures() {
    return preprocessing.equals(defaultPreprocessing(true));
  }

  /** Returns the same with the preprocessing for pictures of any size. */
  Recipe forPictures() {
    return withPreprocessing(defaultPreprocessing(true));
  }

  /** Returns how training images are varied. */
  public Augmentation augmentation() {
    return training.augmentation();
  }

  /** Returns the preprocessing with the largest size that an image is resized to. */
  public Preprocessing largest() {
    return preprocessing.withResize(Math.max(preprocessing.resize(), augmentation().scaleTo()));
  }

  /** Returns whether something must be known of the training images that is not known yet. */
  boolean lacksStatistics() {
    return augmentation().statistics() == null
        && (normalization.needsStatistics() || augmentation().colorShift() != 0);
  }

  /**
   * Returns the same with what it must know of the training images, and values normalized by it; it
   * reads all of them unless it knows that already.
   *
   * @throws InvalidInputException when an image cannot be used
   */
  public Recipe measured(ImageSource train) {
    if (!lacksStatistics()) {
      return this;
    }
    return withStatistics(ImageStatistics.of(train, preprocessing));
  }

  /** Returns the same with what is known of the training images, if it must be known. */
  Recipe withStatistics(ImageStatistics known) {
    return known == null || !lacksStatistics()
        ? this
        : with(
            net,
            normalization.applied(preprocessing, known),
            training.withAugmentation(augmentation().withStatistics(known)));
  }

  /** Returns the same with another net and its preprocessing, and another training. */
  private Recipe with(VggConfig otherNet, Preprocessing how, TrainingOptions otherTraining) {
    return new Recipe(
        name,
        otherNet,
        how,
        initialization,
        optimizer,
        momentum,
        weightDecay,
        labelSmoothing,
        otherTraining,
        normalization);
  }

  /** Returns a narrow VGG16 on small images, which learns Fashion-MNIST on a CPU within minutes. */
  public static Recipe quick() {
    return new Recipe(
        "quick",
        fashionMnist(32, new Width(1, 4)),
        Initialization.KAIMING,
        "adam",
        0.9,
        0,
        new TrainingOptions(3, 64, 1e-3, LearningRateSchedule.LINEAR, 1));
  }

  /**
   * Returns the blog post's run: VGG16 with batch norm at 224 pixels, PyTorch's default
   * initialisation.
   */
  public static Recipe blog() {
    return new Recipe(
        "blog",
        fashionMnist(224, Width.FULL),
        Initialization.PYTORCH,
        "adam",
        0.9,
        0,
        new TrainingOptions(5, 64, 1e-3, LearningRateSchedule.CONSTANT, 1));
  }

  /**
   * Returns the paper's training: VGG16 without batch norm at 224 pixels, SGD, a learning rate that
   * falls when the accuracy stops rising. Source: Simonyan and Zisserman, 2015, section 3.1. Its
   * weights are drawn as the paper's remark at the end of that section says: from those of the
   * paper's first attempt, {@link Initialization#PAPER}, a net of 16 layers does not learn.
   */
  public static Recipe paper() {
    VggConfig net = fashionMnist(224, Width.FULL).toBuilder().batchNorm(false).build();
    return new Recipe(
        "paper",
        net,
        DefaultPreprocessing.of(net, Augmentation.PAPER, Normalization.MEAN, false),
        Initialization.GLOROT,
        "sgd",
        0.9,
        5e-4,
        0,
        new TrainingOptions(74, 256, 1e-2, LearningRateSchedule.PLATEAU, 1)
            .withAugmentation(Augmentation.PAPER),
        Normalization.MEAN);
  }

  private static VggConfig fashionMnist(int imageSize, Width width) {
    return VggConfig.builder()
        .arch("vgg16")
        .batchNorm(true)
        .channels(1)
        .classes(10)
        .imageSize(imageSize)
        .width(width)
        .dropout(0.5)
        .build();
  }

  /**
   * Returns a recipe by name.
   *
   * @throws InvalidInputException when there is none
   */
  public static Recipe of(String name) {
    return switch (Choice.require("recipe", NAMES, name)) {
      case "blog" -> blog();
      case "paper" -> paper();
      default -> quick();
    };
  }

  /** Returns the optimizer. */
  public Optimizer newOptimizer() {
    AdamSpec usual = AdamSpec.DEFAULT;
    return optimizer.equals("adam")
        ? new Adam(new AdamSpec(usual.beta1(), usual.beta2(), usual.epsilon(), weightDecay))
        : new Sgd(new SgdSpec(momentum, weightDecay));
  }

  /**
   * Plans the net for the batches of an epoch, with everything kept.
   *
   * @param images how many images an epoch has
   * @throws InvalidInputException when the engine cannot compute it
   */
  public NetworkPlan plan(int images, Backend backend) {
    return plan(images, backend, Recomputation.NONE, Sharing.NONE);
  }

  /**
   * Plans the net as {@link #plan(int, Backend)} does, with something computed again, for a rank's
   * share of the batches.
   */
  NetworkPlan plan(int images, Backend backend, Recomputation recomputation, Sharing sharing) {
    int batchSize = training.batchSize();
    Integer[] sizes =
        DataParallel.of(sharing.ranks()).batchSizes(batchSize, images, training.split());
    try {
      NetworkOptions options =
          networkOptions(sizes)
              .withSeed(training.seed())
              .withRecomputation(recomputation)
              .withNormSums(sharing.norms())
              .withLabelSmoothing(labelSmoothing);
      return Vgg.plan(net, initialization, options, backend);
    } catch (InvalidInputException e) {
      if ("batchSize".equals(e.field()) && batchSize > 1) {
        throw InvalidInputException.of(
            "batchSize",
            ("%d leaves one of %d images to the last batch, and batch norm of a single image needs"
                    + " maps of more than one pixel; use another batch size or number of images")
                .formatted(batchSize, images),
            e);
      }
      throw e;
    }
  }

  /** Returns the options of a net that is to be trained. */
  NetworkOptions networkOptions(Integer... batchSizes) {
    return NetworkOptions.training(batchSizes)
        .withFrozen(Vgg.layers(net, training.updates().frozen()));
  }

  /** Returns the same with another preprocessing, which must fit the net. */
  Recipe withPreprocessing(Preprocessing other) {
    return with(net, other, training);
  }

  /** Returns the same for another net and its preprocessing. */
  public Recipe withNet(VggConfig other, Preprocessing itsPreprocessing) {
    return with(other, itsPreprocessing, training);
  }

  /** Returns the same with batches that are split into passes. */
  Recipe withSplit(int split) {
    return with(net, preprocessing, training.withSplit(split));
  }

  /** Returns how many slabs of the parameters' size training takes beside the net's own. */
  public int stateSlabs() {
    return newOptimizer().stateSlabs() + (training.accumulates() ? 1 : 0);
  }

  /** Returns the bytes that training takes with a plan of the net. */
  public long trainingBytes(MemoryPlan plan) {
    return plan.totalBytes(stateSlabs()) + averageBytes(plan);
  }

  /** Returns the bytes of the average of the weights and the running statistics. */
  public long averageBytes(MemoryPlan plan) {
    return training.updates().averages() ? plan.trained() + plan.buffers() : 0;
  }

  /**
   * Reads what {@link #toMap} wrote; other keys are left alone, and the net's may stand among them.
   *
   * @throws InvalidInputException when a value is missing or cannot be used
   */
  public static Recipe fromMap(Map<String, ?> map) {
    Map<String, ?> flat = Settings.flat(map);
    VggConfig config = VggConfig.fromMap(flat);
    Object preprocessing = flat.get(Preprocessing.KEY);
    Augmentation augmentation = RecipeSettings.augmentation(flat);
    Normalization normalization = RecipeSettings.normalization(flat);
    return new Recipe(
        RecipeSettings.RECIPE.require(flat),
        config,
        preprocessing == null
            ? DefaultPreprocessing.of(config, augmentation, normalization, false)
            : Preprocessing.fromMap(preprocessing instanceof Map<?, ?> given ? given : Map.of()),
        Initialization.of(RecipeSettings.INIT.require(flat)),
        RecipeSettings.OPTIMIZER.require(flat),
        RecipeSettings.MOMENTUM.require(flat),
        RecipeSettings.WEIGHT_DECAY.require(flat),
        RecipeSettings.LABEL_SMOOTHING.require(flat),
        new TrainingOptions(
                RecipeSettings.EPOCHS.require(flat),
                RecipeSettings.BATCH_SIZE.require(flat),
                RecipeSettings.ACCUMULATE.require(flat),
                RecipeSettings.LEARNING_RATE.require(flat),
                LearningRateSchedule.of(RecipeSettings.SCHEDULE.require(flat)),
                RecipeSettings.SEED.require(flat))
            .withUpdates(RecipeSettings.updates(flat))
            .withScheduleOptions(RecipeSettings.scheduleOptions(flat))
            .withAugmentation(augmentation),
        normalization);
  }

  /** Returns the recipe as plain values for {@code config.json}. */
  public Map<String, Object> toMap() {
    return Settings.map(this);
  }
}
