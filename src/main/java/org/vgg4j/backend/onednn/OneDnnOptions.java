package org.vgg4j.backend.onednn;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.HostMemory;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;

/**
 * Options that change speed and rounding, never the mathematical result.
 *
 * @param activations the order of activations between layers
 * @param convolutions how convolutions are computed
 * @param precision fp32 or bf16
 * @param emulates whether bf16 may be computed without the processor's instructions for it, which
 *     is slower than single precision
 * @param threads how many threads compute; null for those of OMP_NUM_THREADS, else one for each
 *     processor
 * @param memory tells how much memory there is, and what limits it
 * @param orders what is known of the orders of activations of single layers
 */
public record OneDnnOptions(
    Activations activations,
    Convolutions convolutions,
    Precision precision,
    boolean emulates,
    Integer threads,
    Supplier<HostMemory> memory,
    OrderTuning orders) {
  /** The order of activations between layers. */
  public enum Activations {
    /** The order each oneDNN convolution prefers: blocks of channels on most CPUs. */
    PREFERRED,
    /** Channels innermost. */
    NHWC
  }

  /** How convolutions are computed. */
  public enum Convolutions {
    /** In the way that takes less time by its count of products and of what is moved. */
    PREFERRED,
    /** Product by product. */
    DIRECT,
    /**
     * By Winograd's minimal filtering F(4, 3) down the columns, wherever the engine can do that.
     */
    WINOGRAD_1D,
    /** By Winograd's minimal filtering F(4x4, 3x3), wherever the engine can do that. */
    WINOGRAD_2D,
    /**
     * By Winograd's minimal filtering F(6x6, 3x3), wherever the engine can do that. Its rounding
     * errors are about twice those of F(4x4, 3x3), far below those of bf16; in single precision the
     * engine never chooses it by itself.
     */
    WINOGRAD_6X6,
    /** Product by product, in loops of our own for few channels, wherever these can do that. */
    NARROW;

    /** Returns the text that is stored. */
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** Returns what has a text; null when nothing does. */
    static Convolutions of(String text) {
      return Arrays.stream(values())
          .filter(way -> way.text().equals(text))
          .findFirst()
          .orElse(null);
    }
  }

  /** The default, chosen without measuring. */
  public static final OneDnnOptions DEFAULT =
      new OneDnnOptions(
          Activations.PREFERRED,
          Convolutions.PREFERRED,
          Precision.FP32,
          false,
          null,
          () -> HostMemory.now(Pointer.availablePhysicalBytes()),
          OrderTuning.NONE);

  /** Checks that the engine knows the precision. */
  public OneDnnOptions {
    if (precision == Precision.TF32) {
      throw InvalidInputException.of(
          "precision", "tf32 is for the GPU: the CPU engine computes in fp32 or bf16");
    }
  }

  /** Returns the same with another order of activations. */
  public OneDnnOptions withActivations(Activations other) {
    return new OneDnnOptions(other, convolutions, precision, emulates, threads, memory, orders);
  }

  /** Returns the same with convolutions computed in another way. */
  public OneDnnOptions withConvolutions(Convolutions other) {
    return new OneDnnOptions(activations, other, precision, emulates, threads, memory, orders);
  }

  /** Returns the same with another precision. */
  public OneDnnOptions withPrecision(Precision other) {
    return new OneDnnOptions(activations, convolutions, other, emulates, threads, memory, orders);
  }

  /** Returns the same with or without emulation. */
  public OneDnnOptions withEmulation(boolean other) {
    return new OneDnnOptions(activations, convolutions, precision, other, threads, memory, orders);
  }

  /** Returns the same with another number of threads. */
  public OneDnnOptions withThreads(Integer other) {
    return new OneDnnOptions(activations, convolutions, precision, emulates, other, memory, orders);
  }

  /** Returns the same with another reader of the memory's limits. */
  public OneDnnOptions withMemory(Supplier<HostMemory> other) {
    return new OneDnnOptions(
        activations, convolutions, precision, emulates, threads, other, orders);
  }

  /** Returns the same with other knowledge of single layers. */
  public OneDnnOptions withOrders(OrderTuning other) {
    return new OneDnnOptions(
        activations, convolutions, precision, emulates, threads, memory, other);
  }
}
