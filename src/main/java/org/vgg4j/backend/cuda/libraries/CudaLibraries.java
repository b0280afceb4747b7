package org.vgg4j.backend.cuda.libraries;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.presets.javacpp;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.Versions;
import org.vgg4j.tensor.DeviceUnavailableException;

/**
 * The native libraries of this process. They are loaded by full path, each after its dependencies
 * and before any of JavaCPP's CUDA classes, so no environment variable has to be set.
 *
 * <p>A process loads them once. The outcome of the first attempt is kept: after a failure, later
 * attempts would report less.
 */
public final class CudaLibraries {
  private static final String LINK_PATH = "platform.linkpath";
  private static final String LOADS = "org.bytedeco.javacpp.loadLibraries";
  private static final String PHYSICAL_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  /** cuDNN 9.12, the first for CUDA 13. */
  private static final long OLDEST_CUDNN = 91_200;

  private static final long CUDA_MAJOR = 13;

  private static final List<Class<?>> ENGINE_BINDINGS =
      List.of(cudart.class, cublas.class, cudnn.class, nvrtc.class);

  private static Outcome outcome; // null before the first attempt
  private static Outcome planning; // as outcome, of loadForPlanning
  private static Outcome several; // as outcome, of loadNccl
  private static List<Path> folders = List.of(); // that the first attempt was asked to search

  /** The loaded files or the failure. */
  private record Outcome(Map<CudaLibrary, Path> files, DeviceUnavailableException failure) {
    Map<CudaLibrary, Path> filesOrFailure() {
      if (failure != null) {
        throw new DeviceUnavailableException(
            "cuda", failure.getMessage(), failure.summary(), failure);
      }
      return files;
    }
  }

  private CudaLibraries() {}

  /**
   * Loads the libraries unless already loaded, and returns each with its file, in loading order.
   *
   * @param asked folders to search before all others
   * @throws DeviceUnavailableException when a library is missing or does not load
   */
  public static synchronized Map<CudaLibrary, Path> load(List<Path> asked) {
    if (outcome == null) {
      folders = List.copyOf(asked);
      outcome = attempt(asked, true, ENGINE_BINDINGS);
    }
    return outcome.filesOrFailure();
  }

  /**
   * Loads what cuDNN needs to plan for a GPU that is only described, unless already loaded. No GPU
   * and no driver is needed; where there is no driver, plans that are compiled at run time are not
   * offered. Only {@code cudnn} of JavaCPP's classes may be used then.
   *
   * @param asked folders to search before all others
   * @throws DeviceUnavailableException when a library is missing or does not load
   */
  public static synchronized Map<CudaLibrary, Path> loadForPlanning(List<Path> asked) {
    if (outcome != null && outcome.failure == null) {
      return outcome.files;
    }
    if (planning == null) {
      planning = attempt(asked, false, List.of(cudnn.class));
    }
    return planning.filesOrFailure();
  }

  /**
   * Loads NCCL beside the others, which must be loaded, unless already loaded, and returns its
   * file. It is searched for where they were.
   *
   * @throws DeviceUnavailableException when it is missing or does not load
   */
  public static synchronized Path loadNccl() {
    ncclIfUsable();
    return several.filesOrFailure().values().iterator().next();
  }

  /** As {@link #loadNccl}, and returns it with its file, or nothing where it is not usable. */
  public static synchronized Map<CudaLibrary, Path> ncclIfUsable() {
    load(folders);
    if (several == null) {
      several = attemptNccl();
    }
    return several.failure == null ? several.files : Map.of();
  }

  private static Outcome attemptNccl() {
    List<Path> places = LibraryPlaces.of(folders, System::getenv);
    Map<CudaLibrary, Path> found = survey(places);
    found.keySet().removeIf(library -> !library.isForSeveralGpus());
    if (found.isEmpty()) {
      return new Outcome(
          null,
          missing(
              CudaLibrary.all().stream().filter(CudaLibrary::isForSeveralGpus).toList(), places));
    }
    try {
      found.values().forEach(file -> System.load(file.toString()));
      bind(found.values(), List.of(nccl.class));
      return new Outcome(found, null);
    } catch (LinkageError | RuntimeException e) {
      return new Outcome(null, unloadable(e, found));
    }
  }

  private static Outcome attempt(List<Path> asked, boolean withDriver, List<Class<?>> bindings) {
    List<Path> places = LibraryPlaces.of(asked, System::getenv);
    Map<CudaLibrary, Path> found = survey(places);
    found.keySet().removeIf(CudaLibrary::isForSeveralGpus);
    List<CudaLibrary> missing =
        CudaLibrary.all().stream()
            .filter(library -> library.required() && !found.containsKey(library))
            .filter(library -> withDriver || !library.isDriver())
            .toList();
    if (!missing.isEmpty()) {
      return new Outcome(null, missing(missing, places));
    }
    try {
      found.values().forEach(file -> System.load(file.toString()));
      if (withDriver || found.keySet().stream().anyMatch(CudaLibrary::isDriver)) {
        bind(found.values(), bindings);
      } else {
        bindAlone(cudnn.class);
      }
      requireCudnn(found);
      return new Outcome(found, null);
    } catch (DeviceUnavailableException e) {
      return new Outcome(null, e);
    } catch (LinkageError | IOException | RuntimeException e) {
      return new Outcome(null, unloadable(e, found));
    }
  }

  /**
   * Returns where each library would be loaded from, without those not found. The parts of cuDNN
   * are only searched beside cuDNN itself: parts of different versions do not work together.
   */
  public static Map<CudaLibrary, Path> survey(List<Path> places) {
    Map<CudaLibrary, Path> found = new LinkedHashMap<>();
    List<Path> besideCudnn = places;
    for (CudaLibrary library : CudaLibrary.all()) {
      boolean isCudnn = library.part() == CudaLibrary.Part.CUDNN;
      Path file = find(library, isCudnn ? besideCudnn : places);
      if (file != null) {
        found.put(library, file);
        besideCudnn = isCudnn ? List.of(file.getParent()) : besideCudnn;
      }
    }
    return found;
  }

  private static Path find(CudaLibrary library, List<Path> places) {
    for (Path place : places) {
      try (DirectoryStream<Path> all =
          Files.newDirectoryStream(place, path -> library.isFile(path.getFileName().toString()))) {
        Set<Path> sorted = new TreeSet<>();
        all.forEach(sorted::add);
        if (!sorted.isEmpty()) {
          return sorted.iterator().next();
        }
      } catch (IOException e) {
        // A folder that cannot be listed is skipped.
      }
    }
    return null;
  }

  /** Loads JavaCPP's own libraries, which find CUDA's already in the process. */
  private static void bind(Iterable<Path> files, List<Class<?>> bindings) {
    if (System.getProperty(PHYSICAL_LIMIT) == null) {
      // JavaCPP's limit counts the whole process, pinned memory included.
      System.setProperty(PHYSICAL_LIMIT, "0");
    }
    Set<String> folders = new LinkedHashSet<>();
    files.forEach(file -> folders.add(file.getParent().toString()));
    // JavaCPP reads the system properties once, perhaps earlier, so set its own copy.
    Properties properties = Loader.loadProperties();
    String before = properties.getProperty(LINK_PATH, "");
    String own = String.join(File.pathSeparator, folders);
    properties.setProperty(LINK_PATH, before.isEmpty() ? own : own + File.pathSeparator + before);
    bindings.forEach(Loader::load);
  }

  /**
   * Loads JavaCPP's library for one of CUDA's without that for CUDA's runtime, which needs a
   * driver: initializing the class would load both.
   */
  static void bindAlone(Class<?> bindings) throws IOException {
    Loader.load(javacpp.class);
    String file = System.mapLibraryName("jni" + bindings.getSimpleName());
    String name = "/org/bytedeco/cuda/" + Loader.getPlatform() + "/" + file;
    // Before the class is initialized: its constants call functions of the library.
    System.load(Loader.cacheResource(bindings, name).getPath());
    String before = System.getProperty(LOADS);
    System.setProperty(LOADS, "false");
    try {
      Class.forName(bindings.getName());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    } finally {
      if (before == null) {
        System.clearProperty(LOADS);
      } else {
        System.setProperty(LOADS, before);
      }
    }
  }

  /** A cuDNN for another CUDA may load without error and fail at its first convolution. */
  private static void requireCudnn(Map<CudaLibrary, Path> found) {
    String problem = cudnnProblem(CudnnCalls.cudnnGetVersion(), CudnnCalls.cudnnGetCudartVersion());
    if (problem != null) {
      Path file =
          found.entrySet().stream()
              .filter(entry -> entry.getKey().part() == CudaLibrary.Part.CUDNN)
              .map(Map.Entry::getValue)
              .findFirst()
              .orElseThrow();
      throw new DeviceUnavailableException(
          "cuda",
          file
              + " is "
              + problem
              + "; install "
              + CudaLibrary.Part.CUDNN.install()
              + ", 9.12 or newer, or name its folder with"
              + " cudaLibraries");
    }
  }

  /** Returns what is wrong with this cuDNN, built for this CUDA; null if nothing is. */
  static String cudnnProblem(long version, long cudaVersion) {
    if (version < OLDEST_CUDNN) {
      return "cuDNN " + Versions.library(version);
    }
    if (cudaVersion / 1000 != CUDA_MAJOR) {
      return "cuDNN %s for CUDA %s"
          .formatted(Versions.library(version), Versions.cuda((int) cudaVersion));
    }
    return null;
  }

  private static DeviceUnavailableException missing(List<CudaLibrary> missing, List<Path> places) {
    List<String> names =
        missing.stream()
            .filter(library -> !isPartOfOneMissing(library, missing))
            .map(library -> library.name() + " (" + library.file() + ")")
            .toList();
    int more = names.size() - 1;
    String remedy = "; install " + install(missing);
    return new DeviceUnavailableException(
        "cuda",
        "not found: "
            + String.join(", ", names)
            + remedy
            + ", or name their folders with cudaLibraries (looked in "
            + places.stream().map(Path::toString).collect(Collectors.joining(", "))
            + ")",
        "not found: " + names.get(0) + (more > 0 ? " and " + more + " more" : "") + remedy,
        null);
  }

  /** If all of cuDNN is missing, lists it once. */
  private static boolean isPartOfOneMissing(CudaLibrary library, List<CudaLibrary> missing) {
    return missing.stream().anyMatch(other -> library.name().startsWith(other.name() + " "));
  }

  /** Returns what to install to get these libraries. */
  static String install(List<CudaLibrary> missing) {
    return missing.stream()
        .map(library -> library.part().install())
        .distinct()
        .collect(Collectors.joining(", and "));
  }

  private static DeviceUnavailableException unloadable(
      Throwable cause, Map<CudaLibrary, Path> found) {
    List<String> files = new ArrayList<>();
    found.forEach((library, file) -> files.add(file.toString()));
    String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new DeviceUnavailableException(
        "cuda",
        "CUDA's libraries failed to load ("
            + reason
            + "); found "
            + String.join(", ", files)
            + "; they must come from one installation of CUDA 13 and cuDNN 9, with driver 580 or"
            + " newer; name its folders with cudaLibraries",
        cause);
  }
}
