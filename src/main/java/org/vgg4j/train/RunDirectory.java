package org.vgg4j.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.vgg4j.io.AtomicFile;
import org.vgg4j.tensor.InvalidInputException;

/**
 * The folder of a run: {@code config.json} (all that is needed to repeat it), {@code metrics.jsonl}
 * (an object an epoch) and {@code model.safetensors} (the net after the last whole epoch).
 */
public final class RunDirectory {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  private RunDirectory(Path folder) {
    this.folder = folder;
  }

  /**
   * Creates the folder and proves that it can be written.
   *
   * @throws InvalidInputException when it holds a run already or cannot be written
   */
  public static RunDirectory create(Path folder) {
    RunDirectory run = new RunDirectory(folder);
    try {
      Files.createDirectories(folder);
      if (Files.exists(run.config()) || Files.exists(run.metrics()) || Files.exists(run.model())) {
        throw new InvalidInputException(
            "--out " + folder + " holds a run already; name another folder");
      }
      Path probe = Files.createTempFile(folder, ".vgg4j", ".probe");
      Files.delete(probe);
      return run;
    } catch (IOException e) {
      throw new InvalidInputException(
          "--out " + folder + " cannot be written (" + reason(e) + "); name another folder", e);
    }
  }

  private static String reason(IOException e) {
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return name + (e.getMessage() == null ? "" : ": " + e.getMessage());
  }

  /** Returns the folder. */
  public Path folder() {
    return folder;
  }

  /** Returns the path of the configuration. */
  public Path config() {
    return folder.resolve("config.json");
  }

  /** Returns the path of the metrics. */
  public Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  /** Returns the path of the model. */
  public Path model() {
    return folder.resolve("model.safetensors");
  }

  /** Writes the configuration, whole or not at all. */
  public void writeConfig(Map<String, Object> config) throws IOException {
    String text =
        JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(config) + "\n";
    AtomicFile.write(config(), text.getBytes(StandardCharsets.UTF_8));
  }

  /** Adds an epoch to the metrics and forces it to disk. */
  public void append(EpochMetrics metrics) throws IOException {
    byte[] line = (json(metrics.toMap()) + "\n").getBytes(StandardCharsets.UTF_8);
    try (FileChannel file =
        FileChannel.open(
            metrics(),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      ByteBuffer buffer = ByteBuffer.wrap(line);
      while (buffer.hasRemaining()) {
        file.write(buffer);
      }
      file.force(false);
    }
  }

  private static String json(Map<String, Object> map) {
    try {
      return JSON.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
