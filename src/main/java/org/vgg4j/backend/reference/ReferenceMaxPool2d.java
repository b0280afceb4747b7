package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MaxPool2dSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * The largest value of each window: the first of equals, or NaN if the window has one.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q); saved (N, C, P, Q), the position of each maximum in
 * its plane of H W values.
 *
 * <p>Source: PyTorch {@code torch.nn.MaxPool2d} ({@code aten/src/ATen/native/cpu/MaxPoolKernel.cpp}
 * takes a value when it is larger or NaN).
 */
final class ReferenceMaxPool2d extends ReferenceWindow {
  private final MaxPool2dSpec spec;
  private final int planes; // N C
  private final int height; // H
  private final int width; // W
  private final int outHeight; // P
  private final int outWidth; // Q

  ReferenceMaxPool2d(MaxPool2dSpec spec, Layout x, Usage usage) {
    super("max-pool", x, spec.y(x.shape()), DType.I32, usage);
    this.spec = spec;
    Shape y = yLayout.shape();
    planes = y.dim(0) * y.dim(1);
    height = x.shape().dim(2);
    width = x.shape().dim(3);
    outHeight = y.dim(2);
    outWidth = y.dim(3);
  }

  @Override
  public void forward(Tensor x, Tensor y, Tensor saved) {
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor output = use("y", y, yLayout);
    ReferenceTensor kept = kept(saved);
    double[] xs = input.values();
    int out = 0;
    for (int plane = 0; plane < planes; plane++) {
      int xAt = input.offset() + plane * height * width;
      for (int p = 0; p < outHeight; p++) {
        for (int q = 0; q < outWidth; q++) {
          int largest = largest(xs, xAt, p * spec.stride(), q * spec.stride());
          output.values()[output.offset() + out] = xs[xAt + largest];
          if (kept != null) {
            kept.integers()[kept.offset() + out] = largest;
          }
          out++;
        }
      }
    }
  }

  /** Returns the position in its plane of the maximum of the window that starts at (top, left). */
  private int largest(double[] x, int xAt, int top, int left) {
    int best = top * width + left;
    for (int h = top; h < top + spec.kernel(); h++) {
      for (int w = left; w < left + spec.kernel(); w++) {
        double value = x[xAt + h * width + w];
        if (value > x[xAt + best] || Double.isNaN(value)) {
          best = h * width + w;
        }
      }
    }
    return best;
  }

  @Override
  public void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx) {
    checkPlanned(usage.training(), "a backward");
    use("x", x, xLayout);
    use("y", y, yLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor kept = use("saved", saved, savedLayout);
    ReferenceTensor result = use("dx", dx, xLayout);
    double[] dxs = result.values();
    Arrays.fill(dxs, result.offset(), result.offset() + planes * height * width, 0);
    int windows = outHeight * outWidth;
    for (int plane = 0; plane < planes; plane++) {
      int dxAt = result.offset() + plane * height * width;
      for (int i = plane * windows; i < (plane + 1) * windows; i++) {
        int position = (int) kept.integers()[kept.offset() + i];
        dxs[dxAt + position] += slope.values()[slope.offset() + i];
      }
    }
    written(result);
  }
}
