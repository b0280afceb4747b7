package org.vgg4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.vgg4j.backend.Backends;
import org.vgg4j.backend.EngineOptions;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.InvalidInputException;
import picocli.CommandLine.Option;

/** The flags that say what computes. */
final class DeviceOptions {
  private static final String PRECISION = "precision";
  private static final String DETERMINISTIC = "deterministic";
  private static final String WORKSPACE_LIMIT = "workspaceLimit";

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "auto (cuda when usable, else cpu), cuda, cpu or reference; cuda:1 picks the second GPU.")
  private String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU engine; all processors by default.")
  private Integer threads;

  @Option(
      names = "--precision",
      paramLabel = "NAME",
      description = "Of the GPU's products: tf32 (its default, faster) or fp32 (strict).")
  private String precision;

  @Option(
      names = "--deterministic",
      description =
          "Equal runs end with equal bits on the GPU, too: fixed algorithms, and fp32 unless"
              + " --precision says otherwise. The CPU engine is so always.")
  private boolean deterministic;

  @Option(
      names = "--workspace-limit",
      paramLabel = "SIZE",
      description = "GPU memory that a convolution may work in, such as 512M (default: 1G).")
  private String workspaceLimit;

  @Option(
      names = "--cuda-libs",
      paramLabel = "DIR",
      description =
          "Folder to look for CUDA's and cuDNN's libraries in before all others; may be repeated.")
  private List<Path> cudaLibraries;

  /** Returns the device's name as it was given. */
  String device() {
    return device;
  }

  /** Returns the flags as the engines take them. */
  EngineOptions options() {
    for (Path folder : cudaLibraries == null ? List.<Path>of() : cudaLibraries) {
      if (!Files.isDirectory(folder)) {
        throw new InvalidInputException("--cuda-libs " + folder + " is no folder");
      }
    }
    return new EngineOptions(
        device,
        Backends.DEFAULT_VARIANT,
        cudaLibraries == null ? List.of() : cudaLibraries,
        workspaceLimit == null ? null : Bytes.parse("--workspace-limit", workspaceLimit),
        precision,
        deterministic,
        Map.of());
  }

  /**
   * Returns the flags as the engines take them, with what the run to be resumed had where no flag
   * says otherwise.
   *
   * @param choices what the engine had chosen
   * @param deviceGiven whether --device was given
   */
  EngineOptions options(Map<String, ?> before, Map<String, String> choices, boolean deviceGiven) {
    EngineOptions given = options();
    String name = deviceGiven ? device : Objects.toString(before.get("device"));
    boolean wasDeterministic = Boolean.TRUE.equals(before.get(DETERMINISTIC));
    boolean isDeterministic = deterministic || wasDeterministic;
    String oldPrecision = null;
    Long oldLimit = null;
    if (!isOnHost(name)) {
      oldPrecision = Objects.toString(before.get(PRECISION), null);
      oldLimit = before.get(WORKSPACE_LIMIT) instanceof Number limit ? limit.longValue() : null;
    }
    String newPrecision = precision == null ? oldPrecision : precision;
    Long newLimit = given.workspaceLimit() == null ? oldLimit : given.workspaceLimit();
    // What was chosen under other conditions is no choice under these.
    boolean isAsBefore =
        Objects.equals(newPrecision, oldPrecision)
            && Objects.equals(newLimit, oldLimit)
            && isDeterministic == wasDeterministic;
    return new EngineOptions(
        name,
        Objects.toString(before.get("variant")),
        given.cudaLibraries(),
        newLimit,
        newPrecision,
        isDeterministic,
        isAsBefore ? choices : Map.of());
  }

  /** Returns the device in effect as --device names it: cuda:1 where that was asked for. */
  static String name(EngineOptions options, Backend backend) {
    return options.device().startsWith(backend.name() + ":") ? options.device() : backend.name();
  }

  /** Writes down what {@link #options(Map, Map, boolean)} reads, as it was in effect. */
  static void describe(EngineOptions options, Backend backend, Map<String, Object> config) {
    boolean onHost = isOnHost(backend.name());
    config.put(PRECISION, onHost ? null : Backends.precision(options));
    config.put(DETERMINISTIC, options.deterministic());
    if (!onHost) {
      config.put(WORKSPACE_LIMIT, Backends.workspaceLimit(options));
    }
  }

  private static boolean isOnHost(String device) {
    return device.equals("cpu") || device.equals("reference");
  }

  /** Returns the flags that find CUDA's libraries again, each with a space before it. */
  String cudaLibraryFlags() {
    StringBuilder flags = new StringBuilder();
    if (cudaLibraries != null) {
      cudaLibraries.forEach(folder -> flags.append(" --cuda-libs ").append(folder));
    }
    return flags.toString();
  }

  /** Opens the engine in a variant. */
  Backends.Selection open(String variant) {
    return open(options().withVariant(variant));
  }

  /** Opens an engine. */
  Backends.Selection open(EngineOptions options) {
    checkThreads();
    checkGpuFlags(options.device());
    return Backends.open(options);
  }

  private void checkGpuFlags(String name) {
    String flag =
        workspaceLimit != null ? "--workspace-limit" : cudaLibraries != null ? "--cuda-libs" : null;
    if (flag != null && isOnHost(name)) {
      throw new InvalidInputException(flag + " is for the GPU: leave it out with --device " + name);
    }
  }

  /** oneDNN reads its threads from the environment at start, where ./vgg has put this flag. */
  private void checkThreads() {
    if (threads == null) {
      return;
    }
    if (threads < 1) {
      throw new InvalidInputException("--threads must be at least 1, not " + threads);
    }
    if (!threads.toString().equals(System.getenv("OMP_NUM_THREADS"))) {
      throw new InvalidInputException(
          "--threads "
              + threads
              + " takes effect only before Java starts: use ./vgg, or set OMP_NUM_THREADS="
              + threads);
    }
  }
}
