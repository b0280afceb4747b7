package org.vgg4j.backend.onednn;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.HostMemory;

/**
 * Options that change speed and rounding, never the mathematical result.
 *
 * @param activations the order of activations between layers
 * @param threads how many threads compute; null for those of OMP_NUM_THREADS, else one for each
 *     processor
 * @param memory tells how much memory there is, and what limits it
 */
public record OneDnnOptions(Activations activations, Integer threads, Supplier<HostMemory> memory) {
  /** The order of activations between layers. */
  public enum Activations {
    /** The order each oneDNN convolution prefers: blocks of channels on most CPUs. */
    PREFERRED,
    /** Channels innermost. */
    NHWC
  }

  /** The default, chosen without measuring. */
  public static final OneDnnOptions DEFAULT = new OneDnnOptions(Activations.PREFERRED, null);

  /** Creates options with the memory of this machine. */
  public OneDnnOptions(Activations activations, Integer threads) {
    this(activations, threads, () -> HostMemory.now(Pointer.availablePhysicalBytes()));
  }

  /** Returns the same with another reader of the memory's limits. */
  public OneDnnOptions withMemory(Supplier<HostMemory> other) {
    return new OneDnnOptions(activations, threads, other);
  }
}
