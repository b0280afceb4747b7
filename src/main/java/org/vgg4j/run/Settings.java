package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.BETWEEN_EPOCHS;
import static org.vgg4j.run.Setting.Change.NEVER;
import static org.vgg4j.run.Setting.Form.BYTES;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.LONG;
import static org.vgg4j.run.Setting.Form.REAL;
import static org.vgg4j.run.Setting.Form.TEXT;
import static org.vgg4j.run.Setting.Form.TRUTH;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.backend.Backends;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.optim.LearningRateSchedule;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.InvalidInputException;

/**
 * All options of a run, in the order of {@code config.json}. One that is added here has its flag,
 * help, default, key and comparison; what is left is its use.
 *
 * <p>A flat configuration is that of {@code config.json} with the net's keys among the others, each
 * after {@code net.}.
 */
public final class Settings {
  private static final String NET = "net.";

  private static final List<Setting<Recipe, ?>> RECIPES = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> DATAS = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> ENGINES = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  static final Setting<Recipe, String> RECIPE =
      recipe("recipe", TEXT, Recipe::name)
          .flag(
              "--recipe",
              "NAME",
              "What the other flags start from. quick: VGG16 with batch norm at width 1/4, 32"
                  + " pixels, 3 epochs. blog: the blog post's VGG16 at 224 pixels, 5 epochs",
              "quick")
          .addTo(RECIPES);

  static {
    net("arch", TEXT)
        .flag("--arch", "NAME", "The net: vgg11, vgg11-lrn, vgg13, vgg16-1x1, vgg16 or vgg19")
        .entails(name -> Map.of("net.layers", VggConfig.layersOf(name)))
        .addTo(RECIPES);
    net("layers", TEXT)
        .flag(
            "--layers",
            "LIST",
            "The layers, instead of --arch, such as 64,M,128,M: channels of 3x3 convolutions, those"
                + " of 1x1 ones followed by c1, M for a max-pool, L for local response"
                + " normalization",
            "those of --arch")
        .entails(list -> Map.of("net.arch", VggConfig.CUSTOM))
        .addTo(RECIPES);
    net("batchNorm", TRUTH)
        .flag("--batch-norm", null, "Batch norm after each convolution")
        .addTo(RECIPES);
    net("channels", COUNT).flag("--channels", "N", "Channels of an image").addTo(RECIPES);
    net("classes", COUNT).flag("--classes", "N", "Number of classes").addTo(RECIPES);
    net("imageSize", COUNT)
        .flag(
            "--image-size",
            "PIXELS",
            "Height and width of the net's images, a multiple of 2 for each pool")
        .addTo(RECIPES);
    net("width", TEXT)
        .flag(
            "--width", "FRACTION", "Share of the paper's channels and hidden features, such as 1/8")
        .addTo(RECIPES);
    net("dropout", REAL)
        .flag("--dropout", "P", "Dropout probability in the classifier")
        .change(ALWAYS)
        .addTo(RECIPES);
    net("hidden", COUNT).changedBy(RECIPE).addTo(RECIPES);
  }

  static final Setting<Recipe, Initialization> INIT =
      recipe("init", Form.of(Initialization::of, Initialization::label), Recipe::initialization)
          .flag("--init", "NAME", "Starting values: kaiming, glorot, paper or pytorch")
          .change(NEVER)
          .addTo(RECIPES);

  static final Setting<Recipe, String> OPTIMIZER =
      recipe("optimizer", TEXT, Recipe::optimizer)
          .flag("--optimizer", "NAME", "Optimizer: adam or sgd")
          .change(NEVER)
          .addTo(RECIPES);

  static final Setting<Recipe, Double> MOMENTUM =
      recipe("momentum", REAL, Recipe::momentum)
          .flag("--momentum", "M", "Momentum of sgd")
          .addTo(RECIPES);

  static final Setting<Recipe, Double> WEIGHT_DECAY =
      recipe("weightDecay", REAL, Recipe::weightDecay)
          .flag("--weight-decay", "D", "Weight decay: D times each weight is added to its gradient")
          .addTo(RECIPES);

  static final Setting<Recipe, Integer> EPOCHS =
      recipe("epochs", COUNT, recipe -> recipe.training().epochs())
          .flag("--epochs", "N", "Passes over the training set")
          .addTo(RECIPES);

  static final Setting<Recipe, Integer> BATCH_SIZE =
      recipe("batchSize", COUNT, recipe -> recipe.training().batchSize())
          .flag("--batch-size", "N", "Images per batch")
          .change(BETWEEN_EPOCHS)
          .addTo(RECIPES);

  static final Setting<Recipe, Integer> ACCUMULATE =
      recipe("accumulate", COUNT, recipe -> recipe.training().accumulate())
          .flag("--accumulate", "N", "Batches per step: their gradients make one update")
          .change(BETWEEN_EPOCHS)
          .addTo(RECIPES);

  static final Setting<Recipe, Double> LEARNING_RATE =
      recipe("learningRate", REAL, recipe -> recipe.training().learningRate())
          .flag("--lr", "RATE", "Learning rate at the start")
          .addTo(RECIPES);

  static final Setting<Recipe, LearningRateSchedule> SCHEDULE =
      recipe(
              "learningRateSchedule",
              Form.of(LearningRateSchedule::of, LearningRateSchedule::label),
              recipe -> recipe.training().schedule())
          .flag(
              "--lr-schedule",
              "NAME",
              "How the learning rate changes: constant, linear or cosine, both of which fall to 0")
          .addTo(RECIPES);

  static final Setting<Recipe, Long> SEED =
      recipe("seed", LONG, recipe -> recipe.training().seed())
          .flag("--seed", "N", "What starting values, shuffles and dropout are drawn from")
          .change(BETWEEN_EPOCHS)
          .addTo(RECIPES);

  /** Which data; the flag takes a folder too, which {@code dataFrom} keeps. */
  public static final Setting<RunSetup, String> DATA =
      run("data", TEXT, setup -> setup.data().name())
          .flag(
              "--data",
              "DIR",
              "Folder of Fashion-MNIST's four files, or fashion-mnist, or sample",
              "the folder of VGG4J_DATA, the cache, Debian's folder, a download, and last the"
                  + " sample")
          .change(BETWEEN_EPOCHS)
          .addTo(DATAS);

  /** How many training images are used, from the first. */
  public static final Setting<RunSetup, Integer> TRAIN_IMAGES =
      run("trainImages", COUNT, setup -> setup.data().train().size())
          .flag("--train-limit", "N", "Use only the first N training images", "all")
          .changedBy(DATA)
          .change(BETWEEN_EPOCHS)
          .addTo(DATAS);

  /** How many test images are used, from the first. */
  public static final Setting<RunSetup, Integer> TEST_IMAGES =
      run("testImages", COUNT, setup -> setup.data().test().size())
          .flag("--test-limit", "N", "Use only the first N test images", "all")
          .changedBy(DATA)
          .addTo(DATAS);

  static {
    run("trainCrc32c", TEXT, setup -> setup.data().train().crc32c())
        .changedBy(DATA, TRAIN_IMAGES)
        .change(BETWEEN_EPOCHS)
        .addTo(DATAS);
    run("testCrc32c", TEXT, setup -> setup.data().test().crc32c())
        .changedBy(DATA, TEST_IMAGES)
        .addTo(DATAS);
  }

  /** The engine's name; the flag takes auto, too. */
  public static final Setting<RunSetup, String> DEVICE =
      run("device", TEXT, setup -> setup.backend().name())
          .flag(
              "--device",
              "NAME",
              "What computes: auto (cuda if usable, else cpu), cuda, cpu or reference",
              "auto")
          .addTo(ENGINES);

  /** One of the engine's variants. */
  public static final Setting<RunSetup, String> VARIANT =
      run("variant", TEXT, setup -> setup.engine().variant()).changedBy(DEVICE).addTo(ENGINES);

  /** The precision of the GPU's products, none on another engine. */
  public static final Setting<RunSetup, String> PRECISION =
      run("precision", TEXT, setup -> setup.onGpu(Backends::precision))
          .flag(
              "--precision",
              "NAME",
              "Precision of the GPU's products: tf32, which is faster, or fp32, which is strict",
              "tf32, or fp32 with --deterministic")
          .changedBy(DEVICE)
          .addTo(ENGINES);

  /** Whether equal runs must end with equal bits. */
  public static final Setting<RunSetup, Boolean> DETERMINISTIC =
      run("deterministic", TRUTH, setup -> setup.engine().deterministic())
          .flag(
              "--deterministic",
              null,
              "Equal runs end with equal bits on the GPU too, by fixed algorithms; on the CPU they"
                  + " always do",
              "false")
          .addTo(ENGINES);

  /** The bytes of GPU memory that a convolution may work in, none on another engine. */
  public static final Setting<RunSetup, Long> WORKSPACE_LIMIT =
      run("workspaceLimit", BYTES, setup -> setup.onGpu(Backends::workspaceLimit))
          .flag(
              "--workspace-limit",
              "SIZE",
              "GPU memory that a convolution may work in, such as 512M",
              "1G")
          .changedBy(DEVICE)
          .optional()
          .addTo(ENGINES);

  /** What computed, as a text for a person. */
  public static final Setting<RunSetup, String> ENGINE =
      run("engine", TEXT, setup -> setup.backend().description()).addTo(FACTS);

  /** What the engine chose by measuring: name to choice. */
  public static final Setting<RunSetup, Map<String, String>> CHOICES =
      run(
              "choices",
              Form.<Map<String, String>>of(text -> Map.of(), TreeMap::new),
              RunSetup::choices)
          .optional()
          .addTo(FACTS);

  /** The version of Java. */
  public static final Setting<RunSetup, String> JAVA =
      run("java", TEXT, setup -> System.getProperty("java.version")).addTo(FACTS);

  /** What finds the data again; null for a search. */
  public static final Setting<RunSetup, String> DATA_FROM =
      run("dataFrom", TEXT, RunSetup::dataFrom).addTo(FACTS);

  /** The version of vgg4j; its key comes first. */
  public static final Setting<RunSetup, String> VERSION =
      run("vgg4j", TEXT, RunSetup::version).addTo(FACTS);

  private Settings() {}

  private static <T> Setting<Recipe, T> recipe(
      String key, Form<T> form, Function<Recipe, T> reader) {
    return Setting.of(key, form, reader);
  }

  /** A key of {@code VggConfig.toMap}. */
  private static <T> Setting<Recipe, T> net(String key, Form<T> form) {
    return recipe(
            NET + key, form, recipe -> form.parser().apply("" + recipe.net().toMap().get(key)))
        .change(NEVER);
  }

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }

  /** Returns the settings of a recipe. */
  public static List<Setting<Recipe, ?>> ofRecipe() {
    return Collections.unmodifiableList(RECIPES);
  }

  /** Returns the settings of the engine. */
  public static List<Setting<RunSetup, ?>> ofEngine() {
    return Collections.unmodifiableList(ENGINES);
  }

  /** Returns all that is chosen, not only written down. */
  public static List<Setting<?, ?>> choices() {
    return Stream.of(RECIPES, DATAS, ENGINES).<Setting<?, ?>>flatMap(List::stream).toList();
  }

  /** Returns what {@code config.json} says of a run: all that is needed to repeat it. */
  public static Map<String, Object> config(RunSetup setup) {
    Map<String, Object> flat = new LinkedHashMap<>();
    VERSION.write(setup, flat);
    RECIPES.forEach(setting -> setting.write(setup.recipe(), flat));
    Stream.of(DATAS, ENGINES, FACTS)
        .flatMap(List::stream)
        .forEach(setting -> setting.write(setup, flat));
    return nested(flat);
  }

  /**
   * Returns a recipe with what was given changed.
   *
   * @param unnamed what is changed when no recipe was named
   * @param given returns what was given for a setting, null for nothing
   * @throws InvalidInputException when it cannot be used
   */
  public static Recipe recipe(Recipe unnamed, Function<Setting<?, ?>, String> given) {
    String name = given.apply(RECIPE);
    Map<String, Object> flat = flat((name == null ? unnamed : Recipe.of(name)).toMap());
    for (Setting<Recipe, ?> setting : RECIPES) {
      String text = given.apply(setting);
      if (text != null) {
        setting.change(text, flat);
      }
    }
    return Recipe.fromMap(nested(flat));
  }

  /** Returns a setting's default as the help shows it, null when there is none. */
  public static String defaultOf(Setting<?, ?> setting) {
    if (setting.flag().otherwise() != null || !RECIPES.contains(setting)) {
      return setting.flag().otherwise();
    }
    String usual = null;
    StringBuilder text = new StringBuilder();
    for (String name : Recipe.NAMES) {
      String value = flat(Recipe.of(name).toMap()).get(setting.key()).toString();
      value = value.endsWith(".0") ? value.substring(0, value.length() - 2) : value;
      if (usual == null) {
        usual = value;
        text.append(value);
      } else if (!value.equals(usual)) {
        text.append("; ").append(name).append(": ").append(value);
      }
    }
    return text.toString();
  }

  /**
   * Refuses a configuration that says what this version does not know.
   *
   * @param what the configuration, for the message
   * @throws InvalidInputException naming the key
   */
  public static void requireKnown(Object what, Map<String, ?> config) {
    Set<String> known =
        Stream.concat(choices().stream(), FACTS.stream())
            .map(Setting::key)
            .collect(Collectors.toSet());
    for (String key : flat(config).keySet()) {
      if (!known.contains(key)) {
        throw new InvalidInputException(
            "%s has the key '%s', which this version of vgg4j does not know; the run was made by version %s"
                .formatted(what, key, config.get(VERSION.key())));
      }
    }
  }

  /** Puts the net's keys among the others. */
  static Map<String, Object> flat(Map<String, ?> config) {
    Map<String, Object> flat = new LinkedHashMap<>();
    config.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> net && NET.equals(key + ".")) {
            net.forEach((inner, of) -> flat.put(NET + inner, of));
          } else {
            flat.put(key, value);
          }
        });
    return flat;
  }

  /** Undoes {@link #flat}. */
  static Map<String, Object> nested(Map<String, ?> flat) {
    Map<String, Object> config = new LinkedHashMap<>();
    Map<String, Object> net = new LinkedHashMap<>();
    flat.forEach(
        (key, value) -> {
          if (key.startsWith(NET)) {
            net.put(key.substring(NET.length()), value);
            config.put("net", net);
          } else {
            config.put(key, value);
          }
        });
    return config;
  }
}
