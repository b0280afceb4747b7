package org.vgg4j.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.tensor.InvalidInputException;

/** The settings that say what computes, as the engines take them. */
public final class EngineSettings {
  private EngineSettings() {}

  /**
   * Returns the options of an engine.
   *
   * @param given key to text; others have their defaults
   * @param cudaLibraries folders to look for CUDA's libraries in before all others
   * @throws InvalidInputException when a value cannot be used, or is for the GPU on another device
   */
  public static EngineOptions options(Map<String, String> given, List<Path> cudaLibraries) {
    return options(given, cudaLibraries, Map.of(), Map.of());
  }

  /**
   * Returns the options of the engine of a resumed run, with what it had where nothing was given.
   *
   * @param before the run's configuration
   * @param choices what the engine had chosen
   */
  static EngineOptions options(
      Map<String, String> given,
      List<Path> cudaLibraries,
      Map<String, ?> before,
      Map<String, String> choices) {
    for (Path folder : cudaLibraries) {
      if (!Files.isDirectory(folder)) {
        throw InvalidInputException.of("cudaLibs", folder + " is not a folder");
      }
    }
    Map<String, Object> now = new HashMap<>(before);
    now.putAll(given);
    String device =
        Objects.requireNonNullElse(
            DeviceSettings.DEVICE.find(now), DeviceSettings.DEVICE.flag().otherwise());
    boolean isOnHost = isOnHost(device);
    // What a run on a GPU had is nothing to another engine.
    Map<String, ?> ofGpu = isOnHost ? given : now;
    // Each engine has a default precision of its own.
    String engineBefore = DeviceSettings.DEVICE.find(before);
    boolean isOther =
        engineBefore != null && !Backends.engine(engineBefore).equals(Backends.engine(device));
    String precision = DeviceSettings.PRECISION.find(isOther ? given : now);
    boolean emulates = Boolean.TRUE.equals(DeviceSettings.EMULATE_BF16.find(isOther ? given : now));
    String activations = DeviceSettings.ACTIVATIONS.find(ofGpu);
    Boolean graph = DeviceSettings.GRAPH.find(ofGpu);
    Long limit = DeviceSettings.WORKSPACE_LIMIT.find(ofGpu);
    if (isOnHost) {
      refuse(activations != null, DeviceSettings.ACTIVATIONS.key(), device);
      refuse(graph != null, DeviceSettings.GRAPH.key(), device);
      refuse(limit != null, DeviceSettings.WORKSPACE_LIMIT.key(), device);
      refuse(!cudaLibraries.isEmpty(), "cudaLibs", device);
    }
    // What was chosen under other conditions is no choice under these.
    boolean isAsBefore =
        Stream.of(
                DeviceSettings.PRECISION,
                DeviceSettings.ACTIVATIONS,
                DeviceSettings.WORKSPACE_LIMIT,
                DeviceSettings.DETERMINISTIC)
            .allMatch(setting -> Objects.equals(setting.find(now), setting.find(before)));
    return new EngineOptions(
        device,
        Objects.requireNonNullElse(DeviceSettings.VARIANT.find(before), Backends.DEFAULT_VARIANT),
        cudaLibraries,
        limit,
        precision,
        emulates,
        activations,
        graph,
        Boolean.TRUE.equals(DeviceSettings.DETERMINISTIC.find(now)),
        DeviceSettings.THREADS.find(now),
        false,
        isAsBefore ? choices : Map.of());
  }

  /** Returns whether a device is the processor by its name; null is not. */
  static boolean isOnHost(String device) {
    return "cpu".equals(device) || "reference".equals(device);
  }

  /** Refuses a setting that only the GPU has. */
  static void refuse(boolean isGiven, String field, String device) {
    if (isGiven) {
      throw InvalidInputException.of(field, "is for the GPU: leave it out with --device " + device);
    }
  }
}
