package org.vgg4j.backend.onednn;

import org.bytedeco.dnnl.memory;
import org.vgg4j.backend.onednn.OneDnnOptions.Activations;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;

/**
 * In which order convolutions keep images, by their number of channels. oneDNN prefers blocks of 16
 * channels where registers hold 16 floats; fewer channels are filled up with zeros, which take
 * memory and arithmetic.
 *
 * <p>Measured on two cores of an AMD EPYC with AVX-512, VGG16 at width 1/8, 224 pixels, batch 64
 * (2026-11-26): with blocks of 8 a step in single precision takes 0.71 times as long and 0.63 times
 * the memory. In bf16, where only blocks of 16 have fast norms, the filters' gradients of so few
 * channels take a quarter of the time with channels innermost.
 */
final class ActivationOrder {
  private static final int HALF_BLOCK = 8;
  private static final int BLOCK = 16;

  private ActivationOrder() {}

  /** Returns the order of images (N, C, H, W); any leaves it to oneDNN. */
  static memory.format_tag of(Shape shape, Activations asked, DType type) {
    if (asked == Activations.NHWC) {
      return memory.format_tag.acdb;
    }
    if (type != DType.F32 || !Dnnl.hasAvx512()) {
      return memory.format_tag.any;
    }
    if (shape.dim(1) % BLOCK == 0) {
      // What minimal filtering needs: in a net for inference oneDNN would take channels innermost.
      return memory.format_tag.aBcd16b;
    }
    boolean isNarrow = shape.dim(1) > 1 && shape.dim(1) <= HALF_BLOCK;
    return isNarrow ? memory.format_tag.aBcd8b : memory.format_tag.any;
  }

  /** Returns the order in which the gradient of filters (K, C, R, S) is to read images. */
  static memory.format_tag ofWeightsGradient(Shape w, Activations asked, DType type) {
    boolean isNarrow = Math.min(w.dim(0), w.dim(1)) < BLOCK;
    return asked == Activations.NHWC || (isNarrow && type == DType.BF16 && Dnnl.hasAvx512())
        ? memory.format_tag.acdb
        : memory.format_tag.any;
  }
}
