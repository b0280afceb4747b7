package org.vgg4j.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.DataSets;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.InvalidInputException;

/** Finds the flags of {@code ./vgg train} that make a run again. */
final class RunCommand {
  /** What a configuration leaves out when it is off, and how the flag says off. */
  private static final Map<String, String> OFF =
      Map.of(
          RecipeSettings.FLIP.key(), "false",
          RecipeSettings.COLOR_SHIFT.key(), "0",
          RecipeSettings.NORMALIZE.key(), "none",
          RecipeSettings.CLIP_NORM.key(), "0");

  private static final String CLASSES = "classes";
  private static final String CHANNELS = "channels";

  private final Map<String, Object> config;
  private final Map<String, String> given = new LinkedHashMap<>();

  private RunCommand(Map<String, Object> config) {
    this.config = config;
  }

  /** Returns the command's arguments; empty when flags cannot say the run. */
  static List<String> of(RunRecord run) {
    Recipe recipe = run.recipe();
    String from = Settings.DATA_FROM.find(run.config());
    boolean isFound = from == null || DataSets.NAMES.contains(from) || Path.of(from).isAbsolute();
    boolean isProgram = !isFound || !Recipe.NAMES.contains(recipe.name());
    RunCommand command = new RunCommand(run.config());
    return isProgram || !command.finds(recipe) ? List.of() : command.arguments();
  }

  /** Looks for settings that give the recipe, and adds all others; returns whether it has them. */
  private boolean finds(Recipe recipe) {
    given.put(RecipeSettings.RECIPE.key(), recipe.name());
    others();
    Recipe base = Recipe.of(recipe.name());
    Map<String, Object> usual = Settings.flat(base.toMap());
    boolean isCustom = VggConfig.CUSTOM.equals(config.get(RecipeSettings.ARCH.key()));
    String netsOther = (isCustom ? RecipeSettings.ARCH : RecipeSettings.LAYERS).key();
    for (Setting<?, ?> setting : Settings.ofRecipe()) {
      String key = setting.key();
      boolean isFree = setting.flag() != null && !given.containsKey(key);
      // A run has the classes of its images, and maybe not their channels.
      if (isFree && !key.equals(netsOther) && !key.equals(CLASSES)) {
        add(key, key.equals(CHANNELS) ? Map.of() : usual);
      }
    }
    try {
      Recipe made = made(recipe);
      if (!made.preprocessing().equals(recipe.preprocessing())) {
        preprocessing(made.preprocessing(), recipe.preprocessing());
        made = made(recipe);
      }
      return made.equals(recipe);
    } catch (InvalidInputException e) {
      return false; // such as a file of weights that is not there any more
    }
  }

  private void add(String key, Map<String, Object> usual) {
    Object value = config.get(key);
    if (value == null) {
      if (usual.get(key) != null && OFF.containsKey(key)) {
        given.put(key, OFF.get(key));
      }
    } else if (!Objects.toString(value).equals(Objects.toString(usual.get(key)))) {
      given.put(key, value.toString());
    }
  }

  /** Returns what the settings come to, on images as the run had them. */
  private Recipe made(Recipe recipe) {
    boolean arePictures = config.containsKey(DataSettings.CACHE_SIZE.key());
    ImageTraits images =
        new ImageTraits(recipe.net().classes(), recipe.net().channels(), arePictures);
    Recipe made = Settings.recipe(Recipe.quick(), given, images, StartingWeights.of(given));
    return made.withStatistics(recipe.augmentation().statistics());
  }

  private void preprocessing(Preprocessing usual, Preprocessing how) {
    Map<String, String> before = said(usual);
    said(how)
        .forEach(
            (key, value) -> {
              if (!value.equals(before.get(key))) {
                given.put(key, value);
              }
            });
  }

  private static Map<String, String> said(Preprocessing how) {
    return Map.of(
        "fit", Choice.name(how.fit()),
        "resize", Integer.toString(how.resize()),
        "filter", Choice.name(how.filter()),
        "mean", list(how.mean()),
        "deviation", list(how.deviation()));
  }

  private static String list(List<Double> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Adds images, engine, memory and first weights. */
  private void others() {
    put(DataSettings.DATA, Settings.DATA_FROM.find(config));
    for (Setting<?, ?> setting :
        List.of(
            DataSettings.SPLIT,
            DataSettings.CACHE_SIZE,
            DataSettings.TRAIN_IMAGES,
            DataSettings.TEST_IMAGES,
            DeviceSettings.DEVICE,
            DeviceSettings.PRECISION,
            DeviceSettings.ACTIVATIONS,
            DeviceSettings.WORKSPACE_LIMIT,
            DeviceSettings.THREADS,
            MemorySettings.MEMORY,
            StartSettings.START_FROM,
            StartSettings.INIT_FROM,
            RankSettings.SYNC_BATCH_NORM)) {
      put(setting, setting.find(config));
    }
    if (Boolean.FALSE.equals(DeviceSettings.GRAPH.find(config))) {
      put(DeviceSettings.GRAPH, false);
    }
    if (Boolean.TRUE.equals(DeviceSettings.DETERMINISTIC.find(config))) {
      put(DeviceSettings.DETERMINISTIC, true);
    }
    put(DataSettings.ON_BAD_IMAGE, unless(DataSettings.ON_BAD_IMAGE, "stop"));
    put(DataSettings.DATA_ON, unless(DataSettings.DATA_ON, "auto"));
  }

  private String unless(Setting<?, String> setting, String usual) {
    String value = setting.find(config);
    return usual.equals(value) ? null : value;
  }

  private void put(Setting<?, ?> setting, Object value) {
    if (value != null) {
      given.put(setting.key(), value.toString());
    }
  }

  private List<String> arguments() {
    List<String> arguments = new ArrayList<>(List.of("train"));
    for (Setting<?, ?> setting : Settings.choices()) {
      String value = given.get(setting.key());
      if (value != null) {
        String flag = setting.flag().name();
        boolean isTruth = setting.flag().label() == null;
        arguments.add(isTruth && value.equals("false") ? flag.replaceFirst("^--", "--no-") : flag);
        if (!isTruth) {
          arguments.add(value);
        }
      }
    }
    return List.copyOf(arguments);
  }
}
