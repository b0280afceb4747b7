package org.vgg4j.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.data.sets.Split;
import org.vgg4j.io.FileOperations;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;

/**
 * What a run's folder tells of it, as far as it has come; nothing is changed there.
 *
 * @param folder the run's folder
 * @param config what {@code config.json} says, with the net's keys among the others
 * @param epochs the metrics of the finished epochs
 */
public record RunRecord(Path folder, Map<String, Object> config, List<EpochMetrics> epochs) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Reads a run's folder.
   *
   * @throws InvalidInputException when it holds no run, or what it says cannot be read
   */
  public static RunRecord read(Path folder) {
    RunDirectory run = new RunDirectory(folder, FileOperations.SYSTEM);
    Map<String, Object> config = Settings.flat(run.readConfig());
    config.values().removeIf(Objects::isNull); // what is nothing to this engine
    return new RunRecord(folder, config, epochs(run.metrics()));
  }

  private static List<EpochMetrics> epochs(Path file) {
    List<EpochMetrics> epochs = new ArrayList<>();
    if (!Files.exists(file)) {
      return epochs;
    }
    try {
      for (String line : Files.readAllLines(file)) {
        if (!line.isBlank()) {
          epochs.add(JSON.readValue(line, EpochMetrics.class));
        }
      }
      return List.copyOf(epochs);
    } catch (IOException e) {
      throw new InvalidInputException(
          "%s cannot be read (line %d: %s)".formatted(file, epochs.size() + 1, first(e)), e);
    }
  }

  private static String first(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Returns the run's name: that of its folder. */
  public String name() {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  /** Returns the net after the last epoch, null before the first has ended. */
  public Path model() {
    Path model = new RunDirectory(folder, FileOperations.SYSTEM).model();
    return Files.exists(model) ? model : null;
  }

  /**
   * Returns the net and its training.
   *
   * @throws InvalidInputException when the configuration is not whole
   */
  public Recipe recipe() {
    return Recipe.fromMap(config);
  }

  /** Returns what finds the run's images again. */
  public DataRequest data() {
    Double share = DataSettings.SPLIT.find(config);
    Long seed = DataSettings.SPLIT_SEED.find(config);
    Recipe recipe = recipe();
    return new DataRequest(
        Settings.DATA_FROM.find(config),
        share == null ? null : new Split(share, seed == null ? recipe.training().seed() : seed),
        DataSettings.pictures(config, recipe.largest()),
        set -> {});
  }

  /** Returns whether its figures are those of the sample of Fashion-MNIST. */
  public boolean isOfSample() {
    return FashionMnist.SAMPLE.equals(config.get(DataSettings.DATA.key()));
  }

  /** Returns the run's images, out of those that {@link #data} found. */
  public RunData images(RunData found) {
    return found.limited(config).forChannels(recipe().net().channels());
  }

  /** Returns whether images are those that the run was tested on. */
  public boolean wasTestedOn(RunData images) {
    Object checksum = config.get(DataSettings.TEST_CHECKSUM.key());
    return checksum == null || checksum.equals(images.test().checksum());
  }

  /**
   * Returns the options of the run's engine.
   *
   * @param cudaLibraries folders to look for CUDA's libraries in before all others
   */
  public EngineOptions engine(List<Path> cudaLibraries) {
    return EngineSettings.options(Map.of(), cudaLibraries, config, Map.of());
  }

  /**
   * Returns the arguments of {@code ./vgg} that make an equal run, where there are some: a program
   * may have trained what no flag says.
   *
   * @return empty when there are none
   */
  public List<String> command() {
    return RunCommand.of(this);
  }
}
