package org.vgg4j.backend.cuda.libraries;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The folders that may hold CUDA's libraries, in order of preference. */
public final class LibraryPlaces {
  private static final long PATIENCE_SECONDS = 10;

  /** Subfolders of a named folder in which installations, wheels and environments keep them. */
  private static final List<String> BELOW =
      List.of("", "lib64", "lib", "lib/x64", "bin/x64", "bin", "targets/x86_64-linux/lib");

  private static final List<String> STANDARD =
      List.of(
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/usr/lib64",
          "/usr/lib/wsl/lib",
          "/usr/local/nvidia/lib64",
          "/usr/lib",
          "/usr/local/cuda/lib64",
          "/usr/local/cuda/targets/sbsa-linux/lib",
          "/opt/cuda/lib64");

  private static final String PYTHON =
      "import site, sysconfig; print('\\n'.join([sysconfig.get_paths()['purelib'],"
          + " sysconfig.get_paths()['platlib'], site.getusersitepackages()]))";

  private final Set<Path> folders = new LinkedHashSet<>();

  private LibraryPlaces() {}

  /**
   * Returns the folders that exist.
   *
   * @param asked the folders from {@code --cuda-libs}
   * @param environment reads an environment variable
   */
  public static List<Path> of(List<Path> asked, UnaryOperator<String> environment) {
    LibraryPlaces places = new LibraryPlaces();
    asked.forEach(places::named);
    places.variable(environment, "VGG4J_CUDA_LIBS");
    places.variable(environment, "CUDA_HOME");
    places.variable(environment, "CUDA_PATH");
    for (String folder : paths(environment.apply("LD_LIBRARY_PATH"))) {
      places.add(Path.of(folder));
    }
    places.linkerCache();
    STANDARD.forEach(folder -> places.add(Path.of(folder)));
    places.versionedToolkits();
    places.python();
    return List.copyOf(places.folders);
  }

  private static List<String> paths(String list) {
    return list == null || list.isEmpty() ? List.of() : List.of(list.split(File.pathSeparator));
  }

  private void variable(UnaryOperator<String> environment, String name) {
    paths(environment.apply(name)).forEach(folder -> named(Path.of(folder)));
  }

  /** A named folder holds the libraries itself, or is an installation or a virtual environment. */
  private void named(Path folder) {
    BELOW.forEach(below -> add(folder.resolve(below)));
    wheels(folder);
    try (DirectoryStream<Path> versions =
        Files.newDirectoryStream(folder.resolve("lib"), "python*")) {
      versions.forEach(version -> wheels(version.resolve("site-packages")));
    } catch (IOException e) {
      // No such folder: not a Python environment.
    }
  }

  private void add(Path folder) {
    if (Files.isDirectory(folder)) {
      folders.add(folder.toAbsolutePath().normalize());
    }
  }

  /** The nvidia/.../lib folders of NVIDIA's wheels. */
  private void wheels(Path sitePackages) {
    try (DirectoryStream<Path> packages =
        Files.newDirectoryStream(sitePackages.resolve("nvidia"))) {
      Set<Path> sorted = new TreeSet<>();
      packages.forEach(sorted::add);
      for (Path each : sorted) {
        add(each.resolve("lib"));
        add(each.resolve("bin"));
      }
    } catch (IOException e) {
      // No such folder: none of NVIDIA's wheels.
    }
  }

  /** The folders of CUDA's files in the dynamic linker's cache. */
  private void linkerCache() {
    for (String line : output("/sbin/ldconfig", "-p")) {
      int arrow = line.indexOf(" => ");
      String name = line.strip();
      boolean isOurs = CudaLibrary.all().stream().anyMatch(l -> name.startsWith(l.file()));
      // Lines for 32-bit libraries name no architecture.
      boolean is64Bit = name.contains("x86-64") || name.contains("AArch64");
      if (arrow > 0 && isOurs && is64Bit) {
        Path parent = Path.of(line.substring(arrow + " => ".length()).strip()).getParent();
        if (parent != null) {
          add(parent);
        }
      }
    }
  }

  private void versionedToolkits() {
    try (Stream<Path> local = Files.list(Path.of("/usr/local"))) {
      local
          .filter(path -> path.getFileName().toString().startsWith("cuda-13"))
          .sorted()
          .forEach(path -> add(path.resolve("lib64")));
    } catch (IOException e) {
      // No such folder: no toolkits there.
    }
  }

  /** The site-packages of the Python on the PATH, where PyTorch's users have cuDNN. */
  private void python() {
    List<String> sites = output("python3", "-c", PYTHON);
    if (sites.isEmpty()) {
      sites = output("python", "-c", PYTHON);
    }
    sites.forEach(site -> wheels(Path.of(site.strip())));
  }

  /** Returns the lines a program prints; none if it is missing, fails or takes too long. */
  private static List<String> output(String... command) {
    try {
      Path file = Files.createTempFile("vgg4j", ".out");
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectOutput(file.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          return List.of();
        }
        return process.exitValue() == 0
            ? new ArrayList<>(Files.readAllLines(file, StandardCharsets.UTF_8))
            : List.of();
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      return List.of(); // there is no such program
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
