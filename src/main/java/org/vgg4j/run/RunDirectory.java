package org.vgg4j.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileOperations;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;

/**
 * The folder of a run: {@code config.json} (all that is needed to repeat it), {@code metrics.jsonl}
 * (an object an epoch), {@code model.safetensors} (the net after the last whole epoch) and the
 * folder {@code checkpoints}.
 */
final class RunDirectory {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final FileOperations files;

  /** A folder that is there, over a layer of files that tests may put in. */
  RunDirectory(Path folder, FileOperations files) {
    this.folder = folder;
    this.files = files;
  }

  /**
   * Creates the folder and proves that it can be written.
   *
   * @throws InvalidInputException when it holds a run already or cannot be written
   */
  static RunDirectory create(Path folder) {
    RunDirectory run = new RunDirectory(folder, FileOperations.SYSTEM);
    try {
      Files.createDirectories(folder);
      if (Files.exists(run.config()) || Files.exists(run.metrics()) || Files.exists(run.model())) {
        throw InvalidInputException.of("out", folder + " holds a run already; name another folder");
      }
      run.prepare();
      return run;
    } catch (IOException e) {
      throw InvalidInputException.of(
          "out", folder + " cannot be written (" + reason(e) + "); name another folder", e);
    }
  }

  /**
   * Opens the folder of a run to go on with it.
   *
   * @throws InvalidInputException when it holds no run or cannot be written
   */
  static RunDirectory open(Path folder) {
    RunDirectory run = new RunDirectory(folder, FileOperations.SYSTEM);
    if (!Files.exists(run.config())) {
      throw InvalidInputException.of(
          "resume", folder + " holds no run: it has no " + run.config().getFileName());
    }
    try {
      run.prepare();
      return run;
    } catch (IOException e) {
      throw InvalidInputException.of(
          "resume", folder + " cannot be written (" + reason(e) + ")", e);
    }
  }

  private void prepare() throws IOException {
    Files.createDirectories(checkpoints());
    Path probe = Files.createTempFile(folder, ".vgg4j", ".probe");
    Files.delete(probe);
    files.forceDirectory(folder);
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      files.forceDirectory(parent);
    }
  }

  private static String reason(IOException e) {
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return name + (e.getMessage() == null ? "" : ": " + e.getMessage());
  }

  Path folder() {
    return folder;
  }

  Path config() {
    return folder.resolve("config.json");
  }

  Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  Path model() {
    return folder.resolve("model.safetensors");
  }

  /** Writes the configuration, whole or not at all. */
  void writeConfig(Map<String, Object> config) throws IOException {
    String text =
        JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(config) + "\n";
    AtomicFile.write(config(), text.getBytes(StandardCharsets.UTF_8), files);
  }

  /**
   * Reads the configuration.
   *
   * @throws InvalidInputException when it is not there or no JSON object
   */
  Map<String, Object> readConfig() {
    try {
      return JSON.readValue(
          Files.readAllBytes(config()), new TypeReference<LinkedHashMap<String, Object>>() {});
    } catch (IOException e) {
      throw new InvalidInputException(
          config() + " cannot be read (" + reason(e) + "); is " + folder + " the folder of a run?",
          e);
    }
  }

  /** Writes the metrics of these epochs in place of what is there, whole or not at all. */
  void writeMetrics(List<EpochMetrics> epochs) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (EpochMetrics epoch : epochs) {
      lines.append(JSON.writeValueAsString(epoch.toMap())).append('\n');
    }
    AtomicFile.write(metrics(), lines.toString().getBytes(StandardCharsets.UTF_8), files);
  }
}
