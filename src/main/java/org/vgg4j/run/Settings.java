package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Change.BETWEEN_EPOCHS;
import static org.vgg4j.run.Setting.Change.NEVER;
import static org.vgg4j.run.Setting.Form.ANY;
import static org.vgg4j.run.Setting.Form.BYTES;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.LONG;
import static org.vgg4j.run.Setting.Form.REAL;
import static org.vgg4j.run.Setting.Form.TEXT;
import static org.vgg4j.run.Setting.Form.TRUTH;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/**
 * All options of a run, in the order of {@code config.json}. One that is added here has its flag,
 * help, default, key and comparison; what is left is its use.
 *
 * <p>A flat configuration is that of {@code config.json} with the net's keys among the others.
 */
public final class Settings {
  private static final List<Setting<Recipe, ?>> NETS = new ArrayList<>();
  private static final List<Setting<Recipe, ?>> RECIPES = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> DATAS = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> ENGINES = new ArrayList<>();
  private static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  static final Setting<Recipe, String> RECIPE =
      recipe("recipe", TEXT, Recipe::name)
          .flag(
              "--recipe NAME",
              "What the other flags start from. quick: VGG16 with batch norm at width 1/4, 32"
                  + " pixels, 3 epochs. blog: the blog post's VGG16 at 224 pixels, 5 epochs",
              "quick")
          .in(RECIPES, ALWAYS);

  static final Setting<Recipe, String> ARCH =
      recipe("arch", TEXT, null)
          .flag("--arch NAME", "The net: vgg11, vgg11-lrn, vgg13, vgg16-1x1, vgg16 or vgg19")
          .in(NETS, NEVER);
  static final Setting<Recipe, String> LAYERS =
      recipe("layers", TEXT, null)
          .flag(
              "--layers LIST",
              "The layers, instead of --arch, such as 64,M,128,M: channels of 3x3 convolutions,"
                  + " those of 1x1 ones followed by c1, M for a max-pool, L for local response"
                  + " normalization",
              "those of --arch")
          .in(NETS, NEVER);

  static {
    recipe("batchNorm", TRUTH, null)
        .flag("--batch-norm", "Batch norm after each convolution")
        .in(NETS, NEVER);
    recipe("channels", COUNT, null).flag("--channels N", "Channels of an image").in(NETS, NEVER);
    recipe("classes", COUNT, null).flag("--classes N", "Number of classes").in(NETS, NEVER);
    recipe("imageSize", COUNT, null)
        .flag(
            "--image-size PIXELS",
            "Height and width of the net's images, a multiple of 2 for each pool")
        .in(NETS, NEVER);
    recipe("averagePool", COUNT, null)
        .flag(
            "--average-pool SIDE",
            "An adaptive average pool to SIDE x SIDE before the classifier, as torchvision's nets"
                + " have (7); images of any size fit then",
            "none")
        .in(NETS, NEVER);
    recipe("width", TEXT, null)
        .flag("--width FRACTION", "Share of the paper's channels and hidden features, such as 1/8")
        .in(NETS, NEVER);
    recipe("dropout", REAL, null)
        .flag("--dropout P", "Dropout probability in the classifier")
        .in(NETS, ALWAYS);
    recipe("hidden", COUNT, null).changedBy(RECIPE).in(NETS, NEVER);
  }

  static final Setting<Recipe, Object> PREPROCESSING =
      recipe(Preprocessing.KEY, ANY, recipe -> (Object) recipe.preprocessing().toMap())
          .in(RECIPES, NEVER);
  static final Setting<Recipe, String> INIT =
      recipe("init", TEXT, recipe -> recipe.initialization().label())
          .flag("--init NAME", "Starting values: kaiming, glorot, paper or pytorch")
          .in(RECIPES, NEVER);
  static final Setting<Recipe, String> OPTIMIZER =
      recipe("optimizer", TEXT, Recipe::optimizer)
          .flag("--optimizer NAME", "Optimizer: adam or sgd")
          .in(RECIPES, NEVER);
  static final Setting<Recipe, Double> MOMENTUM =
      recipe("momentum", REAL, Recipe::momentum)
          .flag("--momentum M", "Momentum of sgd")
          .in(RECIPES, ALWAYS);
  static final Setting<Recipe, Double> WEIGHT_DECAY =
      recipe("weightDecay", REAL, Recipe::weightDecay)
          .flag("--weight-decay D", "Weight decay: D times each weight is added to its gradient")
          .in(RECIPES, ALWAYS);
  static final Setting<Recipe, Integer> EPOCHS =
      recipe("epochs", COUNT, recipe -> recipe.training().epochs())
          .flag("--epochs N", "Passes over the training set")
          .in(RECIPES, ALWAYS);
  static final Setting<Recipe, Integer> BATCH_SIZE =
      recipe("batchSize", COUNT, recipe -> recipe.training().batchSize())
          .flag("--batch-size N", "Images per batch")
          .in(RECIPES, BETWEEN_EPOCHS);
  static final Setting<Recipe, Integer> ACCUMULATE =
      recipe("accumulate", COUNT, recipe -> recipe.training().accumulate())
          .flag("--accumulate N", "Batches per step: their gradients make one update")
          .in(RECIPES, BETWEEN_EPOCHS);
  static final Setting<Recipe, Double> LEARNING_RATE =
      recipe("learningRate", REAL, recipe -> recipe.training().learningRate())
          .flag("--lr RATE", "Learning rate at the start")
          .in(RECIPES, ALWAYS);
  static final Setting<Recipe, String> SCHEDULE =
      recipe("learningRateSchedule", TEXT, recipe -> recipe.training().schedule().label())
          .flag(
              "--lr-schedule NAME",
              "How the learning rate changes: constant, or linear or cosine, which fall to 0")
          .in(RECIPES, ALWAYS);
  static final Setting<Recipe, Long> SEED =
      recipe("seed", LONG, recipe -> recipe.training().seed())
          .flag("--seed N", "What starting values, shuffles and dropout are drawn from")
          .in(RECIPES, BETWEEN_EPOCHS);

  /** Which data; the flag takes a folder too, which {@code dataFrom} keeps. */
  static final Setting<RunSetup, String> DATA =
      run("data", TEXT, setup -> setup.data().name())
          .flag(
              "--data DIR",
              "Folder of Fashion-MNIST's four files, or fashion-mnist, or sample",
              "the folder of VGG4J_DATA, the cache, Debian's folder, a download, and last the"
                  + " sample")
          .in(DATAS, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> TRAIN_IMAGES =
      run("trainImages", COUNT, setup -> setup.data().train().size())
          .flag("--train-limit N", "Use only the first N training images", "all")
          .changedBy(DATA)
          .in(DATAS, BETWEEN_EPOCHS);

  static final Setting<RunSetup, Integer> TEST_IMAGES =
      run("testImages", COUNT, setup -> setup.data().test().size())
          .flag("--test-limit N", "Use only the first N test images", "all")
          .changedBy(DATA)
          .in(DATAS, ALWAYS);

  static {
    run("trainCrc32c", TEXT, setup -> setup.data().train().checksum())
        .changedBy(DATA, TRAIN_IMAGES)
        .in(DATAS, BETWEEN_EPOCHS);
    run("testCrc32c", TEXT, setup -> setup.data().test().checksum())
        .changedBy(DATA, TEST_IMAGES)
        .in(DATAS, ALWAYS);
  }

  /** The engine's name; the flag takes auto, too. */
  static final Setting<RunSetup, String> DEVICE =
      run("device", TEXT, RunSetup::device)
          .flag(
              "--device NAME",
              "What computes: auto (cuda if usable, else cpu), cuda (cuda:1 is the second GPU), cpu"
                  + " or reference",
              "auto")
          .in(ENGINES, ALWAYS);

  static final Setting<RunSetup, String> VARIANT =
      run("variant", TEXT, setup -> setup.engine().variant()).changedBy(DEVICE).in(ENGINES, ALWAYS);

  /** The precision of the GPU's products, none on another engine. */
  static final Setting<RunSetup, String> PRECISION =
      run("precision", TEXT, setup -> setup.onGpu(Backends::precision))
          .flag(
              "--precision NAME",
              "Precision on the GPU: tf32 (products on tensor cores), bf16 (activations and weights"
                  + " take half the memory, too) or fp32 (strict)",
              "tf32, or fp32 with --deterministic")
          .changedBy(DEVICE)
          .in(ENGINES, ALWAYS);

  /** Where the images lie, none on another engine than the GPU's. */
  static final Setting<RunSetup, String> DATA_ON =
      run("dataOn", TEXT, setup -> setup.onGpu(engine -> Choice.name(setup.dataOn())))
          .flag(
              "--data-on PLACE",
              "Where the images lie: device (the GPU's memory), host, or auto (device if they fit)",
              "auto")
          .changedBy(DEVICE)
          .in(DATAS, ALWAYS);

  /** What becomes of a batch norm's output on the GPU, none on another engine. */
  static final Setting<RunSetup, String> ACTIVATIONS =
      run("activations", TEXT, setup -> setup.onGpu(Backends::activations))
          .flag(
              "--activations NAME",
              "Outputs of batch norms on the GPU: keep, recompute (takes less memory) or auto"
                  + " (whichever is faster; keep with --deterministic)",
              "auto")
          .changedBy(DEVICE)
          .in(ENGINES, ALWAYS);

  static final Setting<RunSetup, Boolean> GRAPH =
      run("graph", TRUTH, setup -> setup.onGpu(Backends::graph))
          .flag("--graph", "Run a training step on the GPU as one CUDA graph", "true")
          .changedBy(DEVICE)
          .in(ENGINES, ALWAYS);

  static final Setting<RunSetup, Boolean> DETERMINISTIC =
      run("deterministic", TRUTH, setup -> setup.engine().deterministic())
          .flag(
              "--deterministic",
              "Equal runs end with equal bits on the GPU too, by fixed plans; on the CPU they"
                  + " always do",
              "false")
          .in(ENGINES, ALWAYS);

  /** The bytes of GPU memory that a convolution may work in, none on another engine. */
  static final Setting<RunSetup, Long> WORKSPACE_LIMIT =
      run("workspaceLimit", BYTES, setup -> setup.onGpu(EngineOptions::workspaceLimit))
          .flag(
              "--workspace-limit SIZE",
              "GPU memory that a convolution may work in, such as 512M",
              "a twelfth of the GPU's, at least 1G")
          .changedBy(DEVICE)
          .in(ENGINES, ALWAYS);

  static final Setting<RunSetup, Integer> THREADS =
      run("threads", COUNT, setup -> setup.engine().threads())
          .flag(
              "--threads N",
              "Threads of the CPU engine",
              "OMP_NUM_THREADS, or one for each processor")
          .in(ENGINES, ALWAYS);

  static final Setting<RunSetup, String> ENGINE =
      run("engine", TEXT, setup -> setup.backend().description()).in(FACTS, ALWAYS);

  /** What the engine chose by timing: name to choice. */
  static final Setting<RunSetup, Object> CHOICES =
      run("choices", ANY, RunSetup::choices).in(FACTS, ALWAYS);

  static final Setting<RunSetup, String> JAVA =
      run("java", TEXT, setup -> System.getProperty("java.version")).in(FACTS, ALWAYS);

  /** What finds the data again; null for a search. */
  static final Setting<RunSetup, String> DATA_FROM =
      run("dataFrom", TEXT, RunSetup::dataFrom).in(FACTS, ALWAYS);

  /** The version of vgg4j; its key comes first. */
  static final Setting<RunSetup, String> VERSION =
      run("vgg4j", TEXT, setup -> version()).in(FACTS, ALWAYS);

  private Settings() {}

  private static <T> Setting<Recipe, T> recipe(
      String key, Form<T> form, Function<Recipe, T> reader) {
    return Setting.of(key, form, reader);
  }

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }

  /** Returns the settings of a recipe, the net's first. */
  public static List<Setting<Recipe, ?>> ofRecipe() {
    return Stream.of(NETS, RECIPES).flatMap(List::stream).toList();
  }

  /** Returns the settings of these keys. */
  public static List<Setting<?, ?>> of(String... keys) {
    return choices().stream().filter(setting -> List.of(keys).contains(setting.key())).toList();
  }

  /** Returns the settings of the engine. */
  public static List<Setting<RunSetup, ?>> ofEngine() {
    return List.copyOf(ENGINES);
  }

  /** Returns all that is chosen, not only written down. */
  public static List<Setting<?, ?>> choices() {
    return Stream.of(NETS, RECIPES, DATAS, ENGINES, MemorySettings.CHOICES)
        .<Setting<?, ?>>flatMap(List::stream)
        .toList();
  }

  /** Returns what {@code config.json} says of a run: all that is needed to repeat it. */
  static Map<String, Object> config(RunSetup setup) {
    Map<String, Object> config = new LinkedHashMap<>();
    VERSION.write(setup, config);
    config.putAll(setup.recipe().toMap());
    Stream.of(DATAS, ENGINES, FACTS)
        .flatMap(List::stream)
        .forEach(setting -> setting.write(setup, config));
    Stream.of(WORKSPACE_LIMIT, THREADS, CHOICES)
        .forEach(setting -> config.remove(setting.key(), null));
    MemorySettings.write(setup, config);
    return config;
  }

  /** Returns what {@link Recipe#fromMap} reads. */
  static Map<String, Object> map(Recipe recipe) {
    Map<String, Object> map = new LinkedHashMap<>();
    RECIPE.write(recipe, map);
    map.put("net", recipe.net().toMap());
    RECIPES.forEach(setting -> setting.write(recipe, map));
    return map;
  }

  /**
   * Returns a recipe with what was given changed.
   *
   * @param unnamed what is changed when no recipe was named
   * @param given key to text, of any settings; those of a recipe are read
   * @throws InvalidInputException when it cannot be used
   */
  public static Recipe recipe(Recipe unnamed, Map<String, String> given) {
    String name = RECIPE.find(given);
    Recipe base = name == null ? unnamed : Recipe.of(name);
    Map<String, Object> flat = flat(base.toMap());
    if (base.preprocessing().isDefault()) {
      flat.remove(PREPROCESSING.key()); // another net has another default
    }
    if (given.containsKey(ARCH.key())) {
      flat.put(LAYERS.key(), VggConfig.layersOf(ARCH.find(given)));
    }
    for (Setting<?, ?> setting : ofRecipe()) {
      if (given.containsKey(setting.key())) {
        flat.put(setting.key(), setting.find(given));
      }
    }
    if (given.containsKey(LAYERS.key())) {
      flat.put(ARCH.key(), VggConfig.CUSTOM);
    }
    return Recipe.fromMap(flat);
  }

  /** Returns a setting's default as the help shows it, null when there is none. */
  public static String defaultOf(Setting<?, ?> setting) {
    if (setting.flag().otherwise() != null) {
      return setting.flag().otherwise();
    }
    StringBuilder text = new StringBuilder();
    String usual = null;
    for (String name : Recipe.NAMES) {
      Object plain = flat(Recipe.of(name).toMap()).get(setting.key());
      String value = plain.toString().replaceFirst("\\.0$", "");
      text.append(usual == null ? value : value.equals(usual) ? "" : "; " + name + ": " + value);
      usual = usual == null ? value : usual;
    }
    return text.toString();
  }

  /** Returns the keys of all that a configuration may say, the net's among the others. */
  static Set<String> keys() {
    return Stream.<List<? extends Setting<?, ?>>>of(choices(), FACTS, MemorySettings.FACTS)
        .flatMap(List::stream)
        .map(Setting::key)
        .collect(Collectors.toSet());
  }

  /** Returns the version of vgg4j, or {@code development} when the classes come from no jar. */
  public static String version() {
    String version = Settings.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** Puts the net's keys among the others. */
  static Map<String, Object> flat(Map<String, ?> config) {
    Map<String, Object> flat = new LinkedHashMap<>(config);
    if (flat.remove("net") instanceof Map<?, ?> net) {
      net.forEach((key, value) -> flat.put(key.toString(), value));
    }
    return flat;
  }
}
