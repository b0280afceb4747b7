package org.vgg4j.run;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.Preprocessing;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.Width;
import org.vgg4j.optim.Adam;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.optim.Optimizer;
import org.vgg4j.optim.Sgd;
import org.vgg4j.tensor.AdamSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.SgdSpec;
import org.vgg4j.train.TrainingOptions;

/**
 * What is trained and how: a starting point that flags override.
 *
 * @param name what {@code --recipe} calls it
 * @param net the net
 * @param preprocessing how an image becomes the net's input
 * @param initialization its starting values
 * @param optimizer adam or sgd
 * @param momentum of sgd
 * @param weightDecay of either
 * @param training epochs, batch size, learning rate and its schedule, seed
 */
public record Recipe(
    String name,
    VggConfig net,
    Preprocessing preprocessing,
    Initialization initialization,
    String optimizer,
    double momentum,
    double weightDecay,
    TrainingOptions training) {
  /** The names of the recipes. */
  public static final List<String> NAMES = List.of("quick", "blog");

  /** Checks the preprocessing, the optimizer and its constants. */
  public Recipe {
    preprocessing.requireFits(net.channels(), net.imageSize());
    if (!List.of("adam", "sgd").contains(optimizer)) {
      throw new InvalidInputException("--optimizer " + optimizer + " is none of adam, sgd");
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new InvalidInputException("--momentum must be in [0, 1), not " + momentum);
    }
    if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
      throw new InvalidInputException(
          "--weight-decay must be at least 0 and finite, not " + weightDecay);
    }
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
    this(name, net, defaultOf(net), initialization, optimizer, momentum, weightDecay, training);
  }

  private static Preprocessing defaultOf(VggConfig net) {
    return Preprocessing.of(net.channels(), net.imageSize());
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
    return switch (name) {
      case "quick" -> quick();
      case "blog" -> blog();
      default ->
          throw new InvalidInputException(
              "--recipe " + name + " is none of " + String.join(", ", NAMES));
    };
  }

  /** Returns the optimizer. */
  public Optimizer newOptimizer() {
    AdamSpec usual = AdamSpec.DEFAULT;
    return optimizer.equals("adam")
        ? new Adam(new AdamSpec(usual.beta1(), usual.beta2(), usual.epsilon(), weightDecay))
        : new Sgd(new SgdSpec(momentum, weightDecay));
  }

  /** Returns how many slabs of the parameters' size training takes beside the net's own. */
  public int stateSlabs() {
    return newOptimizer().stateSlabs() + (training.accumulate() > 1 ? 1 : 0);
  }

  /**
   * Reads what {@link #toMap} wrote; other keys are left alone.
   *
   * @throws InvalidInputException when a value is missing or cannot be used
   */
  public static Recipe fromMap(Map<String, ?> map) {
    if (!(map.get("net") instanceof Map<?, ?> net)) {
      throw new InvalidInputException("the configuration has no net");
    }
    Map<String, Object> netValues = new LinkedHashMap<>();
    net.forEach((key, value) -> netValues.put(key.toString(), value));
    VggConfig config = VggConfig.fromMap(netValues);
    return new Recipe(
        value(map, "recipe", String.class),
        config,
        map.containsKey(Preprocessing.KEY) // absent from runs of before there was one
            ? Preprocessing.fromMap(value(map, Preprocessing.KEY, Map.class))
            : defaultOf(config),
        Initialization.of(value(map, "init", String.class)),
        value(map, "optimizer", String.class),
        value(map, "momentum", Number.class).doubleValue(),
        value(map, "weightDecay", Number.class).doubleValue(),
        new TrainingOptions(
            value(map, "epochs", Number.class).intValue(),
            value(map, "batchSize", Number.class).intValue(),
            value(map, "accumulate", Number.class).intValue(),
            value(map, "learningRate", Number.class).doubleValue(),
            LearningRateSchedule.of(value(map, "learningRateSchedule", String.class)),
            value(map, "seed", Number.class).longValue()));
  }

  private static <T> T value(Map<String, ?> map, String key, Class<T> type) {
    if (!type.isInstance(map.get(key))) {
      throw new InvalidInputException("the configuration's " + key + " is " + map.get(key));
    }
    return type.cast(map.get(key));
  }

  /** Returns the recipe as plain values for {@code config.json}. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("recipe", name);
    map.put("net", net.toMap());
    map.put(Preprocessing.KEY, preprocessing.toMap());
    map.put("init", initialization.label());
    map.put("optimizer", optimizer);
    map.put("momentum", momentum);
    map.put("weightDecay", weightDecay);
    map.put("epochs", training.epochs());
    map.put("batchSize", training.batchSize());
    map.put("accumulate", training.accumulate());
    map.put("learningRate", training.learningRate());
    map.put("learningRateSchedule", training.schedule().label());
    map.put("seed", training.seed());
    return map;
  }
}
