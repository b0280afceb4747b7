package org.vgg4j.backend.onednn;

/**
 * Choices that change speed and rounding, never the meaning.
 *
 * @param activations the order of activations between layers
 */
public record OneDnnOptions(Activations activations) {
  /** The order of activations between layers. */
  public enum Activations {
    /** What each convolution of oneDNN prefers: blocks of channels on most CPUs. */
    PREFERRED,
    /** Channels innermost. */
    NHWC
  }

  /** The choice made without measuring. */
  public static final OneDnnOptions DEFAULT = new OneDnnOptions(Activations.PREFERRED);
}
