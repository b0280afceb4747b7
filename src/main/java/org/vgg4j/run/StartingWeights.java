package org.vgg4j.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileOperations;
import org.vgg4j.model.ConfigHints;
import org.vgg4j.model.ModelReader;
import org.vgg4j.model.WeightTransfer;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggLayer;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The file that a run's first weights come from, or {@link #NONE} where all are drawn. Only a run
 * without a checkpoint reads it.
 */
public final class StartingWeights {
  /** All weights are drawn. */
  public static final StartingWeights NONE = new StartingWeights(null, null, null, null);

  private final Setting<?, String> setting; // start-from or init-from; null for none
  private final Path file;
  private final String sha256;
  private final ConfigHints hints; // for a file that does not say its configuration

  private StartingWeights(Setting<?, String> setting, Path file, String sha256, ConfigHints hints) {
    this.setting = setting;
    this.file = file;
    this.sha256 = sha256;
    this.hints = hints;
  }

  /**
   * Finds the file that settings name: a model, or the folder of a run.
   *
   * @param given key to text, of any settings
   * @throws InvalidInputException when both settings are given, or there is no such file
   */
  public static StartingWeights of(Map<String, String> given) {
    String start = StartSettings.START_FROM.find(given);
    String init = StartSettings.INIT_FROM.find(given);
    if (start != null && init != null) {
      throw InvalidInputException.of(
          StartSettings.INIT_FROM.key(),
          "is for a net that is drawn, and all weights of this one come from "
              + start
              + "; leave one of them out");
    } else if (start == null && init == null) {
      return NONE;
    }
    Setting<?, String> setting = start != null ? StartSettings.START_FROM : StartSettings.INIT_FROM;
    Path file = file(setting.key(), Path.of(start != null ? start : init));
    Integer imageSize =
        start == null || given.get("imageSize") == null
            ? null
            : Setting.Form.COUNT.parser().apply(given.get("imageSize"));
    ConfigHints hints =
        start == null
            ? ConfigHints.NONE
            : new ConfigHints(RecipeSettings.LAYERS.find(given), imageSize);
    return new StartingWeights(setting, file, sha256(setting.key(), file), hints);
  }

  /**
   * Returns the model file of a run's folder, or the file that is named, as an absolute path.
   *
   * @param field what names it, for the message
   * @throws InvalidInputException when the folder has no model
   */
  public static Path file(String field, Path named) {
    Path path = named.toAbsolutePath().normalize();
    if (!Files.isDirectory(path)) {
      return path;
    }
    Path model = path.resolve("model.safetensors");
    if (!Files.exists(model)) {
      throw InvalidInputException.of(
          field, "must be a model or a run with one: " + named + " has no model.safetensors");
    }
    return model;
  }

  private static String sha256(String field, Path file) {
    if (!Files.isRegularFile(file)) {
      throw InvalidInputException.of(
          field, "must be a model or a run with one: " + file + " is not there; check the path");
    }
    try {
      return AtomicFile.sha256(file, FileOperations.SYSTEM);
    } catch (IOException e) {
      throw new InvalidInputException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Returns what a run's configuration says; nothing is read.
   *
   * @param config flat or not
   */
  static StartingWeights recorded(Map<String, ?> config) {
    for (Setting<?, String> setting : List.of(StartSettings.START_FROM, StartSettings.INIT_FROM)) {
      String file = setting.find(config);
      if (file != null) {
        Map<String, Object> flat = Settings.flat(config);
        boolean isInit = StartSettings.INIT_FROM.equals(setting);
        VggConfig net = isInit ? null : VggConfig.fromMap(flat);
        return new StartingWeights(
            setting,
            Path.of(file),
            StartSettings.SHA256.find(config),
            isInit
                ? ConfigHints.NONE
                : new ConfigHints(VggLayer.format(net.layers()), net.imageSize()));
      }
    }
    return NONE;
  }

  boolean isNone() {
    return setting == null;
  }

  /** Returns whether the net and its preprocessing are the file's. */
  boolean hasNet() {
    return StartSettings.START_FROM.equals(setting);
  }

  /** Returns the file as a setting says it, null when another or none does. */
  String from(Setting<?, String> asked) {
    return asked.equals(setting) ? file.toString() : null;
  }

  String sha256() {
    return sha256;
  }

  private ModelReader open() throws IOException {
    return ModelReader.open(file, hints);
  }

  /**
   * Returns a recipe for the net of the file, where that is what the training goes on from; its
   * preprocessing is the file's.
   *
   * @param given what is going to change the recipe: another image size changes the preprocessing
   */
  Recipe net(Recipe recipe, Map<String, String> given) {
    if (!hasNet()) {
      return recipe;
    }
    try (ModelReader reader = open()) {
      VggConfig net = reader.config();
      Preprocessing preprocessing = reader.preprocessing();
      Integer size = hints.imageSize();
      if (size != null && size != net.imageSize() && !preprocessing.isDefault()) {
        preprocessing = preprocessing.scaledTo(size);
        net = net.toBuilder().imageSize(size).build();
      }
      return recipe.withNet(net, preprocessing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private WeightTransfer transfer(ModelReader reader, VggConfig net) {
    return hasNet() ? WeightTransfer.all(reader, net) : WeightTransfer.ofShallower(reader, net);
  }

  /**
   * Returns what the net takes from the file, a line each.
   *
   * @throws InvalidInputException when something does not fit, naming layer and shapes
   */
  public List<String> lines(VggConfig net) {
    if (isNone()) {
      return List.of();
    }
    try (ModelReader reader = open()) {
      List<String> lines = new ArrayList<>(reader.notes());
      String how =
          StartSettings.START_FROM.equals(setting) ? "starting from " : "initialised from ";
      lines.add(how + file + ": " + transfer(reader, net).inWords());
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Copies the weights into the net.
   *
   * @throws InvalidInputException when the file is another than it was
   */
  void into(Vgg vgg) throws IOException {
    if (isNone()) {
      return;
    }
    if (!sha256(setting.key(), file).equals(sha256)) {
      throw new InvalidInputException(
          file + " is another file than when the run was begun; begin a new run");
    }
    try (ModelReader reader = open()) {
      transfer(reader, vgg.config()).into(vgg);
    }
  }
}
