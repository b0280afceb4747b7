package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.AdaptiveAvgPool2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * The mean of each window.
 *
 * <p>Shapes: x (N, C, H, W), y (N, C, P, Q).
 *
 * <p>Source: PyTorch {@code torch.nn.AdaptiveAvgPool2d}.
 */
final class ReferenceAdaptiveAvgPool2d extends ReferenceWindow {
  private final int planes; // N C
  private final int height; // H
  private final int width; // W
  private final int outHeight; // P
  private final int outWidth; // Q

  ReferenceAdaptiveAvgPool2d(AdaptiveAvgPool2dSpec spec, Layout x, Usage usage) {
    super("adaptive average pool", x, spec.y(x.shape()), null, usage);
    planes = x.shape().dim(0) * x.shape().dim(1);
    height = x.shape().dim(2);
    width = x.shape().dim(3);
    outHeight = spec.height();
    outWidth = spec.width();
  }

  /** One window: it begins at (top, left), ends before (bottom, right), and makes output at. */
  private interface Window {
    void visit(int at, int top, int bottom, int left, int right);
  }

  private void forEachWindow(Window window) {
    int at = 0;
    for (int p = 0; p < outHeight; p++) {
      int top = AdaptiveAvgPool2dSpec.begin(p, height, outHeight);
      int bottom = AdaptiveAvgPool2dSpec.end(p, height, outHeight);
      for (int q = 0; q < outWidth; q++) {
        int left = AdaptiveAvgPool2dSpec.begin(q, width, outWidth);
        window.visit(at++, top, bottom, left, AdaptiveAvgPool2dSpec.end(q, width, outWidth));
      }
    }
  }

  @Override
  public void forward(Tensor x, Tensor y, Tensor saved) {
    checkAbsent("saved", saved);
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor output = use("y", y, yLayout);
    for (int plane = 0; plane < planes; plane++) {
      int from = input.offset() + plane * height * width;
      int into = output.offset() + plane * outHeight * outWidth;
      forEachWindow(
          (at, top, bottom, left, right) -> {
            double sum = 0;
            for (int h = top; h < bottom; h++) {
              for (int w = left; w < right; w++) {
                sum += input.values()[from + h * width + w];
              }
            }
            output.values()[into + at] = sum / ((bottom - top) * (right - left));
          });
    }
    written(output);
  }

  @Override
  public void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx) {
    checkPlanned(usage.training(), "a backward");
    checkAbsent("saved", saved);
    use("x", x, xLayout);
    use("y", y, yLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor result = use("dx", dx, xLayout);
    double[] dxs = result.values();
    Arrays.fill(dxs, result.offset(), result.offset() + planes * height * width, 0);
    for (int plane = 0; plane < planes; plane++) {
      int from = slope.offset() + plane * outHeight * outWidth;
      int into = result.offset() + plane * height * width;
      forEachWindow(
          (at, top, bottom, left, right) -> {
            double share = slope.values()[from + at] / ((bottom - top) * (right - left));
            for (int h = top; h < bottom; h++) {
              for (int w = left; w < right; w++) {
                dxs[into + h * width + w] += share;
              }
            }
          });
    }
    written(result);
  }
}
