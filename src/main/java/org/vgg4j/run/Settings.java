package org.vgg4j.run;

import static org.vgg4j.run.Setting.Change.ALWAYS;
import static org.vgg4j.run.Setting.Form.ANY;
import static org.vgg4j.run.Setting.Form.COUNT;
import static org.vgg4j.run.Setting.Form.TEXT;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.run.Setting.Form;
import org.vgg4j.tensor.InvalidInputException;

/**
 * All options of a run, in the order of {@code config.json}. One that is added here has its flag,
 * help, default, key and comparison; what is left is its use.
 *
 * <p>A flat configuration is that of {@code config.json} with the net's keys among the others.
 */
public final class Settings {
  private static final List<Setting<RunSetup, ?>> FACTS = new ArrayList<>();

  static final Setting<RunSetup, String> ENGINE =
      run("engine", TEXT, setup -> setup.backend().description()).in(FACTS, ALWAYS);

  /** What the engine chose by timing: name to choice. */
  static final Setting<RunSetup, Object> CHOICES =
      run("choices", ANY, RunSetup::choices).in(FACTS, ALWAYS);

  /** How many pictures of the training's folder are missing. */
  static final Setting<RunSetup, Integer> LEFT_OUT =
      run("leftOutImages", COUNT, setup -> setup.data().pictures() ? leftOut(setup) : null)
          .in(FACTS, ALWAYS);

  static final Setting<RunSetup, String> JAVA =
      run("java", TEXT, setup -> System.getProperty("java.version")).in(FACTS, ALWAYS);

  /** What finds the data again; null for a search. */
  static final Setting<RunSetup, String> DATA_FROM =
      run("dataFrom", TEXT, RunSetup::dataFrom).in(FACTS, ALWAYS);

  /** The version of vgg4j; its key comes first. */
  static final Setting<RunSetup, String> VERSION =
      run("vgg4j", TEXT, setup -> version()).in(FACTS, ALWAYS);

  private Settings() {}

  private static <T> Setting<RunSetup, T> run(
      String key, Form<T> form, Function<RunSetup, T> reader) {
    return Setting.of(key, form, reader);
  }

  private static Integer leftOut(RunSetup setup) {
    return setup.data().train().leftOut();
  }

  /** Returns the settings of a recipe, the net's first. */
  public static List<Setting<Recipe, ?>> ofRecipe() {
    return Stream.of(RecipeSettings.NETS, RecipeSettings.TRAINING).flatMap(List::stream).toList();
  }

  /** Returns the settings that change how images become a net's input. */
  public static List<Setting<Recipe, ?>> ofPreprocessing() {
    return List.copyOf(PreprocessingSettings.ALL);
  }

  /** Returns the settings of these keys. */
  public static List<Setting<?, ?>> of(String... keys) {
    return choices().stream().filter(setting -> List.of(keys).contains(setting.key())).toList();
  }

  /** Returns the settings of the engine. */
  public static List<Setting<RunSetup, ?>> ofEngine() {
    return List.copyOf(DeviceSettings.ALL);
  }

  /** Returns all that is chosen, not only written down. */
  public static List<Setting<?, ?>> choices() {
    return Stream.of(
            RecipeSettings.NETS,
            RecipeSettings.TRAINING,
            PreprocessingSettings.ALL,
            DataSettings.ALL,
            DeviceSettings.ALL,
            MemorySettings.CHOICES,
            StartSettings.CHOICES,
            RankSettings.CHOICES)
        .<Setting<?, ?>>flatMap(List::stream)
        .toList();
  }

  /** Returns what {@code config.json} says of a run: all that is needed to repeat it. */
  static Map<String, Object> config(RunSetup setup) {
    Map<String, Object> config = new LinkedHashMap<>();
    VERSION.write(setup, config);
    config.putAll(setup.recipe().toMap());
    Stream.of(DataSettings.ALL, DeviceSettings.ALL, FACTS)
        .flatMap(List::stream)
        .forEach(setting -> setting.write(setup, config));
    Stream.of(
            DataSettings.SPLIT,
            DataSettings.SPLIT_SEED,
            DataSettings.CACHE_SIZE,
            DataSettings.ON_BAD_IMAGE,
            DeviceSettings.WORKSPACE_LIMIT,
            DeviceSettings.THREADS,
            CHOICES,
            LEFT_OUT)
        .forEach(setting -> config.remove(setting.key(), null));
    MemorySettings.write(setup, config);
    StartSettings.write(setup, config);
    RankSettings.write(setup, config);
    return config;
  }

  /** Returns what {@link Recipe#fromMap} reads. */
  static Map<String, Object> map(Recipe recipe) {
    Map<String, Object> map = new LinkedHashMap<>();
    RecipeSettings.RECIPE.write(recipe, map);
    map.put("net", recipe.net().toMap());
    RecipeSettings.TRAINING.forEach(setting -> setting.write(recipe, map));
    map.values().removeIf(Objects::isNull); // what is off is left out
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
    return recipe(unnamed, given, null, StartingWeights.NONE);
  }

  /**
   * Returns a recipe with what was given changed, for images and the net that weights are of.
   *
   * @param images say what nobody else does: the net's classes and channels; null for none
   * @param start what the training starts from
   * @throws InvalidInputException when it cannot be used
   */
  public static Recipe recipe(
      Recipe unnamed, Map<String, String> given, ImageTraits images, StartingWeights start) {
    return RecipeChoice.of(unnamed, given, start).with(images);
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
    return Stream.<List<? extends Setting<?, ?>>>of(
            choices(), FACTS, MemorySettings.FACTS, StartSettings.FACTS, RankSettings.FACTS)
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
