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
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.io.FileOperations;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.train.EpochMetrics;

/**
 * The folder of a run: {@code config.json} (all that is needed to repeat it), {@code metrics.jsonl}
 * (an object an epoch), {@code model.safetensors} (the net after the last whole epoch) and the
 * folder {@code checkpoints}.
 */
final class RunDirectory implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final FileOperations files;
  private final RunLock lock; // null over files that are not the system's

  /** A folder that is there, over a layer of files that tests may put in. */
  RunDirectory(Path folder, FileOperations files) {
    this(folder, files, null);
  }

  private RunDirectory(Path folder, FileOperations files, RunLock lock) {
    this.folder = folder;
    this.files = files;
    this.lock = lock;
  }

  /**
   * Creates the folder where it is not there, proves that it can be written, and keeps it to this
   * run until {@link #close}.
   *
   * @throws InvalidInputException when it holds a run already or cannot be written
   */
  static RunDirectory create(Path folder, Consumer<String> report) {
    try {
      Files.createDirectories(folder);
      requireNoRun(folder);
      RunDirectory run = locked(folder, report);
      try {
        requireNoRun(folder); // another process may have had the lock until now
        run.prepare();
        return run;
      } catch (IOException | RuntimeException e) {
        run.close();
        throw e;
      }
    } catch (RunLock.HeldException e) {
      throw InvalidInputException.of(
          "out", folder + " " + e.getMessage() + "; name another folder", e);
    } catch (IOException e) {
      throw InvalidInputException.of(
          "out",
          folder + " cannot be written (" + RunFolders.reason(e) + "); name another folder",
          e);
    }
  }

  /**
   * Creates a folder that was not there, named after the time, as {@link #create} does.
   *
   * @param parent is made when it is not there
   * @throws InvalidInputException when it cannot be written
   */
  static RunDirectory createIn(Path parent, Consumer<String> report) {
    return create(RunFolders.newIn(parent), report);
  }

  /**
   * Opens the folder of a run to go on with it, and keeps it to this run until {@link #close}.
   *
   * @throws InvalidInputException when it holds no run, has one that is going on, or cannot be
   *     written
   */
  static RunDirectory open(Path folder, Consumer<String> report) {
    if (!Files.exists(config(folder))) {
      throw InvalidInputException.of(
          "resume", folder + " holds no run: it has no " + config(folder).getFileName());
    }
    try {
      RunDirectory run = locked(folder, report);
      try {
        run.prepare();
        return run;
      } catch (IOException e) {
        run.close();
        throw e;
      }
    } catch (RunLock.HeldException e) {
      throw InvalidInputException.of(
          "resume", folder + " " + e.getMessage() + "; wait for it or stop it first", e);
    } catch (IOException e) {
      throw InvalidInputException.of(
          "resume", folder + " cannot be written (" + RunFolders.reason(e) + ")", e);
    }
  }

  private static RunDirectory locked(Path folder, Consumer<String> report)
      throws IOException, RunLock.HeldException {
    return new RunDirectory(folder, FileOperations.SYSTEM, RunLock.take(folder, report));
  }

  private static void requireNoRun(Path folder) {
    if (Stream.of(config(folder), metrics(folder), model(folder)).anyMatch(Files::exists)) {
      throw InvalidInputException.of("out", folder + " holds a run already; name another folder");
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

  Path folder() {
    return folder;
  }

  FileOperations files() {
    return files;
  }

  Path config() {
    return config(folder);
  }

  private static Path config(Path folder) {
    return folder.resolve("config.json");
  }

  Path metrics() {
    return metrics(folder);
  }

  private static Path metrics(Path folder) {
    return folder.resolve("metrics.jsonl");
  }

  Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  Path model() {
    return model(folder);
  }

  private static Path model(Path folder) {
    return folder.resolve("model.safetensors");
  }

  /** Returns whether a file of the folder is there. */
  boolean holds(Path file) throws IOException {
    return files.list(folder).contains(file);
  }

  /** Returns how many epochs the metrics tell of. */
  int epochsInMetrics() throws IOException {
    if (!holds(metrics())) {
      return 0;
    }
    byte[] text = AtomicFile.read(metrics(), Integer.MAX_VALUE, files);
    return (int) new String(text, StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank()).count();
  }

  /** Writes the configuration, whole or not at all. */
  void writeConfig(Map<String, Object> config) throws IOException {
    AtomicFile.write(config(), json(config).getBytes(StandardCharsets.UTF_8), files);
  }

  /** Returns an object as its file has it. */
  static String json(Map<String, Object> object) throws IOException {
    return JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(object) + "\n";
  }

  /**
   * Reads the configuration.
   *
   * @throws InvalidInputException when it is not there or no JSON object
   */
  Map<String, Object> readConfig() {
    try {
      return parse(Files.readAllBytes(config()));
    } catch (IOException e) {
      throw new InvalidInputException(
          config()
              + " cannot be read ("
              + RunFolders.reason(e)
              + "); is "
              + folder
              + " the folder of a run?",
          e);
    }
  }

  /** Reads what {@link #json} wrote. */
  static Map<String, Object> parse(byte[] json) throws IOException {
    return JSON.readValue(json, new TypeReference<LinkedHashMap<String, Object>>() {});
  }

  /** Writes the metrics of these epochs in place of what is there, whole or not at all. */
  void writeMetrics(List<EpochMetrics> epochs) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (EpochMetrics epoch : epochs) {
      lines.append(JSON.writeValueAsString(epoch.toMap())).append('\n');
    }
    AtomicFile.write(metrics(), lines.toString().getBytes(StandardCharsets.UTF_8), files);
  }

  /** Lets other runs have the folder. */
  @Override
  public void close() {
    if (lock != null) {
      lock.close();
    }
  }
}
