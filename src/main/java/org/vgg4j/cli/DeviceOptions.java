package org.vgg4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.run.Setting;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The flags that say what computes. */
final class DeviceOptions {
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofEngine());

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU engine (default: all processors).")
  private Integer threads;

  @Option(
      names = "--cuda-libs",
      paramLabel = "DIR",
      description =
          "Folder to look for CUDA's and cuDNN's libraries in before all others; may be repeated.")
  private final List<Path> cudaLibraries = new ArrayList<>();

  /** Returns the device's name as it was given. */
  String device() {
    return Objects.requireNonNullElse(
        value(Settings.DEVICE, Map.of()), Settings.DEVICE.flag().otherwise());
  }

  /** Returns the flags as the engines take them. */
  EngineOptions options() {
    return options(Map.of(), Map.of());
  }

  /**
   * Returns the flags as the engines take them, with what the run to be resumed had where no flag
   * says otherwise.
   *
   * @param before the run's configuration
   * @param choices what the engine had chosen
   */
  EngineOptions options(Map<String, ?> before, Map<String, String> choices) {
    for (Path folder : cudaLibraries) {
      if (!Files.isDirectory(folder)) {
        throw InvalidInputException.of("cudaLibs", folder + " is not a folder");
      }
    }
    String name = Objects.requireNonNullElse(value(Settings.DEVICE, before), device());
    // What a run on a GPU had is nothing to another engine.
    Map<String, ?> kept = isOnHost(name) ? Map.of() : before;
    String precision = value(Settings.PRECISION, kept);
    Long limit = value(Settings.WORKSPACE_LIMIT, kept);
    boolean deterministic = Boolean.TRUE.equals(value(Settings.DETERMINISTIC, before));
    boolean wasDeterministic = Boolean.TRUE.equals(Settings.DETERMINISTIC.find(before));
    // What was chosen under other conditions is no choice under these.
    boolean isAsBefore =
        Objects.equals(precision, Settings.PRECISION.find(kept))
            && Objects.equals(limit, Settings.WORKSPACE_LIMIT.find(kept))
            && deterministic == wasDeterministic;
    return new EngineOptions(
        name,
        Objects.requireNonNullElse(Settings.VARIANT.find(before), Backends.DEFAULT_VARIANT),
        cudaLibraries,
        limit,
        precision,
        deterministic,
        isAsBefore ? choices : Map.of());
  }

  private <T> T value(Setting<?, T> setting, Map<String, ?> otherwise) {
    T given = SettingFlags.value(flags, setting);
    return given == null ? setting.find(otherwise) : given;
  }

  /** Returns the flags that find CUDA's libraries again, each with a space before it. */
  String cudaLibraryFlags() {
    StringBuilder text = new StringBuilder();
    cudaLibraries.forEach(folder -> text.append(" --cuda-libs ").append(folder));
    return text.toString();
  }

  /** Opens the engine in a variant. */
  Backends.Selection open(String variant) {
    return open(options().withVariant(variant));
  }

  /** Opens an engine. */
  Backends.Selection open(EngineOptions options) {
    checkThreads();
    if (isOnHost(options.device())) {
      refuse(SettingFlags.text(flags, Settings.WORKSPACE_LIMIT) != null, "workspaceLimit", options);
      refuse(!cudaLibraries.isEmpty(), "cudaLibs", options);
    }
    return Backends.open(options);
  }

  private static boolean isOnHost(String device) {
    return device.equals("cpu") || device.equals("reference");
  }

  private static void refuse(boolean given, String field, EngineOptions options) {
    if (given) {
      throw InvalidInputException.of(
          field, "is for the GPU: leave it out with --device " + options.device());
    }
  }

  /** oneDNN reads its threads from the environment at start, where ./vgg has put this flag. */
  private void checkThreads() {
    if (threads == null) {
      return;
    }
    InvalidInputException.requireAtLeast(1, "threads", threads);
    if (!threads.toString().equals(System.getenv("OMP_NUM_THREADS"))) {
      throw InvalidInputException.of(
          "threads",
          threads
              + " takes effect only before Java starts: use ./vgg, or set OMP_NUM_THREADS="
              + threads);
    }
  }
}
