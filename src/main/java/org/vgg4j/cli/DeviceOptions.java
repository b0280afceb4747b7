package org.vgg4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.run.EngineSettings;
import org.vgg4j.run.Settings;
import org.vgg4j.tensor.Backend;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The flags that say what computes. */
final class DeviceOptions {
  @Mixin private final CommandSpec flags = SettingFlags.of(Settings.ofEngine());

  @Option(
      names = "--cuda-libs",
      paramLabel = "DIR",
      description =
          "Folder to look for CUDA's and cuDNN's libraries in before all others; may be repeated.")
  private final List<Path> cudaLibraries = new ArrayList<>();

  List<Path> cudaLibraries() {
    return cudaLibraries;
  }

  /** Returns the flags that find CUDA's libraries again, each with a space before it. */
  String cudaLibraryFlags() {
    StringBuilder text = new StringBuilder();
    cudaLibraries.forEach(folder -> text.append(" --cuda-libs ").append(folder));
    return text.toString();
  }

  /** Returns the flags as the engines take them. */
  EngineOptions options() {
    return EngineSettings.options(SettingFlags.given(flags), cudaLibraries);
  }

  /** Opens the engine. */
  Backend open() {
    return Backends.open(options()).backend();
  }
}
