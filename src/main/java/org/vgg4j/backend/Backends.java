package org.vgg4j.backend;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.vgg4j.backend.cuda.Activations;
import org.vgg4j.backend.cuda.CudaBackend;
import org.vgg4j.backend.cuda.CudaOptions;
import org.vgg4j.backend.cuda.CudaReport;
import org.vgg4j.backend.cuda.DescribedGpu;
import org.vgg4j.backend.cuda.NcclOptions;
import org.vgg4j.backend.cuda.NcclRanks;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.backend.onednn.OneDnnReport;
import org.vgg4j.backend.onednn.OrderTuning;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Choice;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.EngineReport;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Precision;
import org.vgg4j.tensor.UserFolders;

/** Opens engines by name. No other class knows all of them. */
public final class Backends {
  /** The names that {@link #open} accepts. */
  public static final List<String> NAMES = List.of("auto", "cuda", "cpu", "reference");

  /** The variant that every engine uses unless another is chosen. */
  public static final String DEFAULT_VARIANT = "default";

  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);

  /** Whether this process has logged why auto chose the CPU. */
  private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

  private Backends() {}

  /**
   * Returns how ranks add up what lies in an engine's memory: as they do anyway, or through NCCL
   * where that is a GPU's and they cannot reach it.
   *
   * @param host the ranks, each of which calls this
   * @param cudaLibraries folders to search for NCCL before all others
   * @return {@code host}, or another that the caller closes before the engine
   * @throws DeviceUnavailableException when NCCL is missing
   */
  public static Collective ranks(Backend engine, Collective host, List<Path> cudaLibraries) {
    if (!(engine instanceof CudaBackend) || host.world() == 1 || host.reachesDevices()) {
      return host;
    }
    NcclOptions options = NcclOptions.DEFAULT;
    byte[] own = host.rank() == 0 ? NcclRanks.newId(cudaLibraries, options) : new byte[0];
    byte[] id = host.broadcast(own);
    return new DeviceRanks(host, NcclRanks.join(engine, id, host.rank(), host.world(), options));
  }

  /**
   * An engine and why it was chosen.
   *
   * @param backend the open engine; the caller closes it
   * @param reason a short explanation for the user
   */
  public record Selection(Backend backend, String reason) {}

  /**
   * Opens an engine with default options.
   *
   * @param device auto (cuda if usable, else cpu, with the reason logged once per process), cuda,
   *     cpu or reference; cuda:1 is the second GPU; a device chosen by name never falls back to
   *     another
   * @throws DeviceUnavailableException when the device is not available
   * @throws InvalidInputException when the name is unknown
   */
  public static Selection open(String device) {
    return open(EngineOptions.of(device));
  }

  /** Opens an engine as {@link #open(String)} does, in one of its {@link #variants}. */
  public static Selection open(String device, String variant) {
    return open(EngineOptions.builder(device).variant(variant).build());
  }

  /**
   * Opens an engine.
   *
   * @throws DeviceUnavailableException when the device is not available
   * @throws InvalidInputException when an option does not apply to the device
   */
  public static Selection open(EngineOptions options) {
    String device = options.device();
    if (!variants(device).contains(options.variant())) {
      throw InvalidInputException.of(
          "device", device + " has no variant " + options.variant() + ", only " + variants(device));
    }
    return switch (engine(device)) {
      case "auto" -> automatic(options);
      case "cpu" -> new Selection(cpu(options), "asked for");
      case "reference" -> new Selection(reference(options), "asked for");
      default -> new Selection(cuda(options), "asked for");
    };
  }

  private static Selection automatic(EngineOptions options) {
    CudaOptions cuda = cudaOptions(options);
    if (!variants("cuda").contains(options.variant())) {
      return new Selection(cpu(options), "auto: only the CPU engine has this variant");
    }
    try {
      return new Selection(new CudaBackend(cuda), "auto: an NVIDIA GPU is usable");
    } catch (DeviceUnavailableException e) {
      // A machine without a GPU deserves no warning.
      String cause = e.summary().replaceFirst("^--device cuda: ", "");
      return fallback(options, Level.INFO, "no usable NVIDIA GPU", cause, e);
    } catch (OutOfDeviceMemoryException e) {
      String reason = "the NVIDIA GPU has no memory left";
      return fallback(options, Level.WARN, reason, e.getMessage(), e);
    }
  }

  /** Opens the CPU engine instead of the GPU engine and logs why, once per process. */
  private static Selection fallback(
      EngineOptions options, Level level, String reason, String cause, RuntimeException e) {
    if (FALLBACK_LOGGED.compareAndSet(false, true)) {
      LOG.atLevel(level).log("Using the CPU: {} ({}); run ./vgg doctor for details", reason, cause);
      LOG.debug("Why the GPU engine did not open", e);
    }
    // Options for the GPU alone must not make the fallback fail.
    return new Selection(cpu(cpuOptions(options)), "auto: " + reason);
  }

  /**
   * Returns the variants of an engine, the default first. They compute the same functions and
   * differ only in speed and rounding.
   *
   * @throws InvalidInputException when the name is not in {@link #NAMES}
   */
  public static List<String> variants(String device) {
    return switch (Choice.require("device", NAMES, engine(device))) {
      case "auto", "cpu" -> List.of(DEFAULT_VARIANT, "nhwc", "direct");
      case "reference", "cuda" -> List.of(DEFAULT_VARIANT);
      default -> throw new IllegalStateException(device);
    };
  }

  /** Returns whether an engine times layers when its options ask for it. */
  public static boolean canTimeLayers(String engine) {
    return engine.equals("cpu");
  }

  /**
   * Returns the engine in a device name: cuda for cuda:1.
   *
   * @throws InvalidInputException when the part after the colon is not a number or the engine takes
   *     none
   */
  public static String engine(String device) {
    return DeviceName.of(device).engine();
  }

  /** Returns a report from each engine except the reference. */
  public static List<EngineReport> reports(EngineOptions options) {
    variants(options.device());
    return List.of(CudaReport.of(cudaOptions(options)), OneDnnReport.of(cpuOptions(options)));
  }

  /** Returns the names of the GPUs that {@link #described} knows. */
  public static List<String> describedGpus() {
    return DescribedGpu.names();
  }

  /**
   * Describes a GPU that need not be here, for plans of what a training takes on it.
   *
   * @param gpu one of {@link #describedGpus}
   * @param options of the GPU engine; its device is ignored
   * @return the description, which the caller closes
   * @throws InvalidInputException when there is no such GPU, or an option does not apply to it
   */
  public static DescribedDevice described(String gpu, EngineOptions options) {
    return DescribedGpu.of(gpu, cudaOptions(options));
  }

  private static Backend cuda(EngineOptions options) {
    return new CudaBackend(cudaOptions(options));
  }

  /** Returns what the GPU engine does with batch norms' outputs: auto, keep or recompute. */
  public static String activations(EngineOptions options) {
    return cudaOptions(options).activations().text();
  }

  /** Returns whether the GPU engine runs a training step as one CUDA graph. */
  public static boolean graph(EngineOptions options) {
    return cudaOptions(options).graph();
  }

  /**
   * Returns the precision that an engine computes in: fp32, tf32 or bf16; null for the reference,
   * which has only one.
   *
   * @param engine its name
   */
  public static String precision(String engine, EngineOptions options) {
    return switch (engine) {
      case "cuda" -> cudaOptions(options).precision().text();
      case "cpu" -> cpuOptions(options).precision().text();
      default -> null;
    };
  }

  private static CudaOptions cudaOptions(EngineOptions options) {
    CudaOptions defaults = CudaOptions.DEFAULT;
    Precision precision =
        options.precision() != null
            ? Precision.of(options.precision())
            : options.deterministic() ? Precision.FP32 : defaults.precision();
    return new CudaOptions(
        DeviceName.of(options.device()).number(),
        options.cudaLibraries(),
        options.workspaceLimit(),
        precision,
        options.deterministic(),
        options.choices(),
        options.activations() == null
            ? defaults.activations()
            : Activations.of(options.activations()),
        options.graph() == null ? defaults.graph() : options.graph(),
        defaults.readInterval(),
        defaults.cache());
  }

  private static Backend reference(EngineOptions options) {
    if (options.precision() != null && Precision.of(options.precision()) != Precision.FP32) {
      throw InvalidInputException.of(
          "precision",
          options.precision() + " is for the other engines: the reference computes in double");
    }
    return new ReferenceBackend();
  }

  private static Backend cpu(EngineOptions options) {
    return cpu(cpuOptions(options));
  }

  /** What was asked of a GPU that is not there is granted where the CPU has it. */
  private static Precision cpuPrecision(EngineOptions options) {
    Precision asked =
        options.precision() == null ? Precision.FP32 : Precision.of(options.precision());
    if (engine(options.device()).equals("cpu")) {
      return asked;
    }
    boolean has = asked == Precision.BF16 && (options.emulateBf16() || OneDnnReport.hasBf16());
    return has ? asked : Precision.FP32;
  }

  private static OneDnnOptions cpuOptions(EngineOptions options) {
    OneDnnOptions variant =
        switch (options.variant()) {
          case "nhwc" -> OneDnnOptions.DEFAULT.withActivations(OneDnnOptions.Activations.NHWC);
          case "direct" ->
              OneDnnOptions.DEFAULT.withConvolutions(OneDnnOptions.Convolutions.DIRECT);
          default -> OneDnnOptions.DEFAULT;
        };
    return variant
        .withPrecision(cpuPrecision(options))
        .withEmulation(options.emulateBf16())
        .withThreads(options.threads())
        .withOrders(
            new OrderTuning(options.choices(), options.timesLayers(), UserFolders.ownCache()));
  }

  private static Backend cpu(OneDnnOptions options) {
    try {
      return new OneDnnBackend(options);
    } catch (LinkageError e) {
      throw new DeviceUnavailableException("cpu", OneDnnReport.failure(e), e);
    }
  }
}
