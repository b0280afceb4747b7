package org.vgg4j.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.vgg4j.data.preprocessing.Preprocessing;
import org.vgg4j.io.FileChecksums;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.io.SafeTensorsWriter;
import org.vgg4j.io.Verification;
import org.vgg4j.nn.Initialization;
import org.vgg4j.nn.NetworkOptions;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.NormFolding;
import org.vgg4j.nn.Vgg;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Saves and loads a net as a safetensors file, row-major, under torchvision's tensor names: a
 * torchvision VGG of the same shapes loads it by a strict {@code load_state_dict}. Its metadata
 * hold the configuration, class names, a hash and any preprocessing other than the default.
 *
 * <p>Files of other origin are read too: prefixes of wrappers are removed, timm's names translated,
 * tensors that belong to no VGG left alone, each with a note.
 */
public final class ModelFile {
  static final String CONFIG = "vgg4j.config";
  static final String PREPROCESSING = "vgg4j.preprocessing";
  static final String CLASSES = "vgg4j.classes";
  private static final ObjectMapper JSON = new ObjectMapper();

  private ModelFile() {}

  /**
   * A loaded net.
   *
   * @param vgg the net, which the caller closes
   * @param preprocessing how an image becomes the net's input: what the file says; for a file of
   *     other origin for three channels torchvision's, else the default (where the classes are
   *     Fashion-MNIST's, picture files take the form of its images)
   * @param classNames the names of the classes; 0, 1, ... when the file has none
   * @param verification whether the file had a hash, which then matched
   * @param inferred whether the configuration was inferred from the shapes
   * @param notes what was translated, left alone or assumed, a sentence each
   */
  public record Loaded(
      Vgg vgg,
      Preprocessing preprocessing,
      List<String> classNames,
      Verification verification,
      boolean inferred,
      List<String> notes)
      implements AutoCloseable {
    @Override
    public void close() {
      vgg.close();
    }
  }

  /**
   * Atomically writes a net that was trained with its default preprocessing. The same net gives the
   * same bytes.
   *
   * @throws IOException when the file cannot be written; an existing file is then unchanged
   */
  public static void save(Vgg vgg, List<String> classNames, Path file) throws IOException {
    save(vgg, defaultOf(vgg.config()), classNames, file);
  }

  /** Writes a net that was trained with another preprocessing. */
  public static void save(Vgg vgg, Preprocessing preprocessing, List<String> classNames, Path file)
      throws IOException {
    List<SafeTensor> tensors = new ModelTensors(vgg).toFile();
    write(vgg.config(), preprocessing, classNames, tensors, file, FileOperations.SYSTEM);
  }

  static Preprocessing defaultOf(VggConfig config) {
    return Preprocessing.of(config.channels(), config.imageSize());
  }

  /** Writes a net's tensors, as {@link ModelTensors} gives them; returns the checksums. */
  public static FileChecksums write(
      VggConfig config,
      Preprocessing preprocessing,
      List<String> classNames,
      List<SafeTensor> tensors,
      Path file,
      FileOperations files)
      throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("format", "pt");
    metadata.put(CONFIG, JSON.writeValueAsString(config.toMap()));
    metadata.put(CLASSES, JSON.writeValueAsString(classNames));
    if (!preprocessing.equals(defaultOf(config))) {
      metadata.put(PREPROCESSING, JSON.writeValueAsString(preprocessing.toMap()));
    }
    return SafeTensorsWriter.write(file, tensors, metadata, files);
  }

  /**
   * Loads a net. Without vgg4j's metadata, its configuration is inferred from the shapes.
   *
   * @param options the options to build the net with; initial values are skipped
   * @throws InvalidInputException when the file is damaged, is not a VGG, or does not fit its own
   *     configuration
   */
  public static Loaded load(Path file, NetworkOptions options, Backend backend) throws IOException {
    return load(file, null, ConfigHints.NONE, options, backend);
  }

  /**
   * Loads a net of whose configuration something is known, in case its file has none.
   *
   * @throws InvalidInputException as the other does, and when the file has a configuration although
   *     hints are given
   */
  public static Loaded load(Path file, ConfigHints hints, NetworkOptions options, Backend backend)
      throws IOException {
    return load(file, null, hints, options, backend);
  }

  /**
   * Loads a net into a configuration that is given, such as one with another dropout, or where the
   * one that would be inferred is not right.
   *
   * @param config the net's configuration, whatever the file says
   * @throws InvalidInputException when the file is damaged or does not fit the configuration
   */
  public static Loaded load(Path file, VggConfig config, NetworkOptions options, Backend backend)
      throws IOException {
    return load(file, Objects.requireNonNull(config, "config"), ConfigHints.NONE, options, backend);
  }

  private static Loaded load(
      Path file, VggConfig config, ConfigHints hints, NetworkOptions options, Backend backend)
      throws IOException {
    try (ModelReader reader = ModelReader.open(file, config, hints)) {
      if (!reader.inferred()) {
        requireNoHints(file, hints);
      }
      try (NetworkPlan planned =
          Vgg.plan(
              reader.config(), Initialization.KAIMING, options.withoutInitialValues(), backend)) {
        return load(reader, planned, backend);
      }
    }
  }

  /**
   * Loads a net without its last layer: its output is that layer's input, {@link
   * VggConfig#hiddenFeatures} values of each image.
   *
   * @param hints what is known of the net, for a file without a configuration
   * @throws InvalidInputException as {@link #load} does
   */
  public static Loaded loadFeatures(
      Path file, ConfigHints hints, NetworkOptions options, Backend backend) throws IOException {
    try (ModelReader reader = ModelReader.open(file, hints);
        NetworkPlan planned =
            Vgg.planFeatures(reader.config(), options.withoutInitialValues(), backend)) {
      if (!reader.inferred()) {
        requireNoHints(file, hints);
      }
      return load(reader, planned, backend);
    }
  }

  /**
   * Loads a net for inference alone: see {@link Vgg#forInference}.
   *
   * @param hints what is known of the net, for a file without a configuration
   * @param batchSizes the batch sizes that it will run at
   * @throws InvalidInputException as {@link #load} does
   */
  public static Loaded loadForInference(
      Path file, ConfigHints hints, Backend backend, Integer... batchSizes) throws IOException {
    try (ModelReader reader = ModelReader.open(file, hints)) {
      if (!reader.inferred()) {
        requireNoHints(file, hints);
      }
      VggConfig config = NormFolding.config(reader.config());
      NetworkOptions options = NetworkOptions.inference(batchSizes).withoutInitialValues();
      try (NetworkPlan planned = Vgg.plan(config, Initialization.KAIMING, options, backend)) {
        return load(reader, config, planned, reader::fold, backend);
      }
    }
  }

  private static Loaded load(ModelReader reader, NetworkPlan planned, Backend backend)
      throws IOException {
    return load(reader, reader.config(), planned, reader::read, backend);
  }

  /** Reads the values of a net that was built. */
  private interface Reading {
    void into(Vgg vgg) throws IOException;
  }

  private static Loaded load(
      ModelReader reader, VggConfig config, NetworkPlan planned, Reading reading, Backend backend)
      throws IOException {
    planned.memoryPlan().requireFits(backend, 0);
    Vgg vgg = new Vgg(config, planned.allocate());
    try {
      reading.into(vgg);
    } catch (IOException | RuntimeException | Error e) {
      vgg.close();
      throw e;
    }
    return new Loaded(
        vgg,
        reader.preprocessing(),
        reader.classNames(),
        reader.verification(),
        reader.inferred(),
        reader.notes());
  }

  private static void requireNoHints(Path file, ConfigHints hints) {
    if (!hints.equals(ConfigHints.NONE)) {
      throw InvalidInputException.of(
          hints.layers() == null ? "imageSize" : "layers",
          "is for files without a configuration; " + file + " has one");
    }
  }

  /**
   * Reads a part of a file into a net that was built, and leaves the rest of the net as it is: the
   * features of a trained net for other classes, say.
   *
   * @param part whether the tensor of a name, such as features.0.weight, is read; the file must
   *     have all such tensors of the net, in its shapes
   * @return what was translated or left alone, a sentence each
   * @throws InvalidInputException when the file is damaged or the part does not fit the net; names
   *     and shapes are checked before the net is changed
   */
  public static List<String> read(Path file, Predicate<String> part, Vgg vgg) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(file)) {
      reader.verify();
      FileTensors tensors = new FileTensors(file, reader);
      ModelTensors.check(file, vgg.config(), tensors.tensors(), part);
      new ModelTensors(vgg).read(part, tensors::contains, tensors::read);
      return List.copyOf(tensors.notes());
    }
  }
}
