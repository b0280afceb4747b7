package org.vgg4j.backend.onednn;

/**
 * Options that change speed and rounding, never the mathematical result.
 *
 * @param activations the order of activations between layers
 */
public record OneDnnOptions(Activations activations) {
  /** The order of activations between layers. */
  public enum Activations {
    /** The order each oneDNN convolution prefers: blocks of channels on most CPUs. */
    PREFERRED,
    /** Channels innermost. */
    NHWC
  }

  /** The default, chosen without measuring. */
  public static final OneDnnOptions DEFAULT = new OneDnnOptions(Activations.PREFERRED);
}
