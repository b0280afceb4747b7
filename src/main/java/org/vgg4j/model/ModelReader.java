package org.vgg4j.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.vgg4j.data.preprocessing.PictureFit;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.data.sets.FashionMnist;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.Verification;
import org.vgg4j.nn.NormFolding;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A model file that is open, with its hash compared and all its tensors there: what its net is, and
 * its tensors under torchvision's names.
 */
public final class ModelReader implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final SafeTensorsReader reader;
  private final Verification verification;
  private final FileTensors tensors;
  private final List<String> notes = new ArrayList<>();
  private final boolean inferred;
  private final VggConfig config;
  private final List<String> classNames;
  private final Preprocessing preprocessing;

  private ModelReader(Path file, SafeTensorsReader reader, VggConfig given, ConfigHints hints)
      throws IOException {
    this.file = file;
    this.reader = reader;
    verification = reader.verify();
    Map<String, String> metadata = reader.metadata();
    tensors = new FileTensors(file, reader);
    notes.addAll(tensors.notes());
    inferred = given == null && !metadata.containsKey(ModelFile.CONFIG);
    if (inferred) {
      InferredConfig.Result guess =
          InferredConfig.of(file, tensors, withSize(file, metadata, hints));
      config = guess.config();
      notes.addAll(guess.notes());
      tensors.renumber(guess.modules());
    } else {
      config = given == null ? config(file, metadata) : given;
    }
    ModelTensors.check(file, config, tensors.tensors());
    classNames = classNames(file, metadata, config.classes());
    preprocessing = preprocessing(file, metadata, config, classNames, notes);
  }

  /**
   * Opens a file and reads it whole once, for its hash.
   *
   * @param hints what is known of the net, for a file without a configuration; a file that has one
   *     has its own
   * @throws InvalidInputException when the file is damaged, is not a VGG, or does not fit its own
   *     configuration
   */
  public static ModelReader open(Path file, ConfigHints hints) throws IOException {
    return open(file, null, hints);
  }

  /** Opens a file as a net of a configuration, null for that of the file. */
  static ModelReader open(Path file, VggConfig config, ConfigHints hints) throws IOException {
    SafeTensorsReader reader = SafeTensorsReader.open(file);
    try {
      return new ModelReader(file, reader, config, hints);
    } catch (IOException | RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /** Returns the file. */
  public Path file() {
    return file;
  }

  /** Returns the net's configuration: the file's, or what was inferred. */
  public VggConfig config() {
    return config;
  }

  /** Returns how an image becomes the net's input; see {@link ModelFile.Loaded}. */
  public Preprocessing preprocessing() {
    return preprocessing;
  }

  /** Returns the names of the classes; 0, 1, ... when the file has none. */
  public List<String> classNames() {
    return classNames;
  }

  /** Returns whether the file had a hash. */
  public Verification verification() {
    return verification;
  }

  /** Returns whether the configuration was inferred from the shapes. */
  public boolean inferred() {
    return inferred;
  }

  /** Returns what was translated, left alone or assumed, a sentence each. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  FileTensors tensors() {
    return tensors;
  }

  /** Reads all tensors that a net of this configuration has. */
  void read(Vgg vgg) throws IOException {
    new ModelTensors(vgg).read(tensors::contains, tensors::read);
  }

  /** Reads them into a net of {@link NormFolding#config}. */
  void fold(Vgg folded) throws IOException {
    NormFolding.fold(
        config,
        new NormFolding.Source<IOException>() {
          @Override
          public boolean has(String name) {
            return tensors.contains(name);
          }

          @Override
          public ByteBuffer read(String name, DType type) throws IOException {
            return tensors.read(name, SafeTensorType.of(type));
          }
        },
        folded);
  }

  /**
   * Returns the hints with the image size that a file's preprocessing says, if nothing else does.
   */
  private static ConfigHints withSize(Path file, Map<String, String> metadata, ConfigHints hints) {
    if (hints.imageSize() != null || !metadata.containsKey(ModelFile.PREPROCESSING)) {
      return hints;
    }
    Preprocessing said =
        read(file, metadata, ModelFile.PREPROCESSING, "preprocessing", Preprocessing::fromMap);
    return new ConfigHints(hints.layers(), said.crop());
  }

  private static VggConfig config(Path file, Map<String, String> metadata) {
    return read(file, metadata, ModelFile.CONFIG, "configuration", VggConfig::fromMap);
  }

  private static Preprocessing preprocessing(
      Path file,
      Map<String, String> metadata,
      VggConfig config,
      List<String> classes,
      List<String> notes) {
    if (!metadata.containsKey(ModelFile.PREPROCESSING)) {
      if (!metadata.containsKey(ModelFile.CONFIG) && config.channels() == 3) {
        notes.add(file + " does not say its preprocessing: torchvision's is assumed");
        return Preprocessing.torchvision(config.imageSize());
      }
      Preprocessing usual = ModelFile.defaultOf(config);
      return classes.equals(FashionMnist.CLASS_NAMES) ? usual.withFit(PictureFit.FASHION) : usual;
    }
    return read(
        file,
        metadata,
        ModelFile.PREPROCESSING,
        "preprocessing",
        map -> {
          Preprocessing preprocessing = Preprocessing.fromMap(map);
          preprocessing.requireFits(config.channels(), config.imageSize());
          return preprocessing;
        });
  }

  private static <T> T read(
      Path file,
      Map<String, String> metadata,
      String key,
      String what,
      Function<Map<String, Object>, T> reader) {
    try {
      Map<String, Object> map =
          JSON.readValue(metadata.get(key), new TypeReference<LinkedHashMap<String, Object>>() {});
      if (map == null) {
        throw new InvalidInputException("it is null");
      }
      return reader.apply(map);
    } catch (JsonProcessingException | InvalidInputException e) {
      String reason = e instanceof InvalidInputException ? e.getMessage() : "not a JSON object";
      throw new InvalidInputException(
          file + ": the " + what + " in its metadata cannot be used: " + reason, e);
    }
  }

  private static List<String> classNames(Path file, Map<String, String> metadata, int classes) {
    if (!metadata.containsKey(ModelFile.CLASSES)) {
      return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }
    try {
      List<String> names =
          JSON.readValue(
              metadata.get(ModelFile.CLASSES), new TypeReference<ArrayList<String>>() {});
      if (names == null || names.contains(null)) {
        throw noNames(file, null);
      }
      if (names.size() == classes) {
        return List.copyOf(names);
      }
      throw new InvalidInputException(
          file + " names " + names.size() + " classes for a net of " + classes);
    } catch (JsonProcessingException e) {
      throw noNames(file, e);
    }
  }

  private static InvalidInputException noNames(Path file, JsonProcessingException cause) {
    return new InvalidInputException(
        file + ": the class names in its metadata are not a JSON list of strings", cause);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
