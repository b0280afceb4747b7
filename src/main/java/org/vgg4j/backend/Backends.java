package org.vgg4j.backend;

import java.util.List;
import org.vgg4j.backend.onednn.OneDnnBackend;
import org.vgg4j.backend.onednn.OneDnnOptions;
import org.vgg4j.backend.reference.ReferenceBackend;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;

/** The engines by name; the only class that names them all. */
public final class Backends {
  /** The names that {@link #open} takes. */
  public static final String NAMES = "auto, cuda, cpu, reference";

  /** The variant of every engine that is taken when nothing was measured. */
  public static final String DEFAULT_VARIANT = "default";

  private Backends() {}

  /**
   * An engine and why it was taken.
   *
   * @param backend the open engine, which the caller closes
   * @param reason one clause for a person
   */
  public record Selection(Backend backend, String reason) {}

  /**
   * Opens an engine with the choices it makes without measuring.
   *
   * @param device auto (cuda when usable, else cpu), cuda, cpu or reference; a device that was
   *     named never falls back to another
   * @throws DeviceUnavailableException when the device is not there
   * @throws InvalidInputException when the name is none of them
   */
  public static Selection open(String device) {
    return open(device, DEFAULT_VARIANT);
  }

  /** Opens an engine as {@link #open(String)} does, in one of its {@link #variants}. */
  public static Selection open(String device, String variant) {
    if (!variants(device).contains(variant)) {
      throw new InvalidInputException(
          "--device " + device + " has no variant " + variant + ", only " + variants(device));
    }
    return switch (device) {
      case "auto" -> new Selection(cpu(variant), "auto: this version has no CUDA engine yet");
      case "cpu" -> new Selection(cpu(variant), "asked for");
      case "reference" -> new Selection(new ReferenceBackend(), "asked for");
      default ->
          throw new DeviceUnavailableException(
              "--device cuda: this version of vgg4j has no CUDA engine yet; use --device cpu");
    };
  }

  /**
   * Returns the variants of an engine, the default first: they compute the same and differ in speed
   * and rounding.
   *
   * @throws InvalidInputException when the name is none of {@link #NAMES}
   */
  public static List<String> variants(String device) {
    return switch (device) {
      case "auto", "cpu" -> List.of(DEFAULT_VARIANT, "nhwc");
      case "reference", "cuda" -> List.of(DEFAULT_VARIANT);
      default -> throw new InvalidInputException("--device " + device + " is none of " + NAMES);
    };
  }

  private static Backend cpu(String variant) {
    OneDnnOptions.Activations activations =
        variant.equals(DEFAULT_VARIANT)
            ? OneDnnOptions.Activations.PREFERRED
            : OneDnnOptions.Activations.NHWC;
    try {
      return new OneDnnBackend(new OneDnnOptions(activations));
    } catch (LinkageError e) {
      throw new DeviceUnavailableException(
          "--device cpu: oneDNN's native libraries do not load on this machine ("
              + e.getMessage()
              + "); build with the Maven profile of this platform, or use --device reference",
          e);
    }
  }
}
