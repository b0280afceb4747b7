package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;

/**
 * y[n,k,p,q] = b[k] + sum over c, r, s of w[k,c,r,s] x[n,c,p+r-pad,q+s-pad].
 *
 * <p>Shapes: x (N, C, H, W), w (K, C, R, S), b (K), y (N, K, P, Q). Every loop runs over pairs of
 * rows: for one weight (r, s), output row p meets input row p + r - pad where both exist.
 *
 * <p>Source: PyTorch {@code torch.nn.functional.conv2d} and {@code torch.nn.grad}'s {@code
 * conv2d_input} and {@code conv2d_weight}.
 */
final class ReferenceConv2d extends ReferenceWeighted {
  private final Conv2dSpec spec;
  private final int batch; // N
  private final int inChannels; // C
  private final int outChannels; // K
  private final int kernel; // R = S
  private final int height; // H
  private final int width; // W
  private final int outHeight; // P
  private final int outWidth; // Q

  ReferenceConv2d(Types types, Conv2dSpec spec, Layout x, Layout w, Usage usage) {
    super("convolution", types, spec, x, w, usage);
    this.spec = spec;
    Shape y = yLayout.shape();
    batch = y.dim(0);
    inChannels = spec.inChannels();
    outChannels = spec.outChannels();
    kernel = spec.kernel();
    height = x.shape().dim(2);
    width = x.shape().dim(3);
    outHeight = y.dim(2);
    outWidth = y.dim(3);
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor b, Tensor y) {
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor weights = use("w", w, wLayout);
    ReferenceTensor output = use("y", y, yLayout);
    ReferenceTensor bias = null;
    if (spec.bias()) {
      bias = use("b", b, bLayout);
    } else {
      checkAbsent("b", b);
    }
    double[] ys = output.values();
    int plane = outHeight * outWidth;
    for (int n = 0; n < batch; n++) {
      for (int k = 0; k < outChannels; k++) {
        int yAt = yAt(output, n, k);
        double start = bias == null ? 0 : bias.values()[bias.offset() + k];
        Arrays.fill(ys, yAt, yAt + plane, start);
        for (int c = 0; c < inChannels; c++) {
          addPlane(input.values(), xAt(input, n, c), weights.values(), wAt(weights, k, c), ys, yAt);
        }
        if (spec.relu()) {
          Rows.relu(ys, yAt, plane);
        }
      }
    }
    written(output);
  }

  @Override
  public void backwardData(Tensor w, Tensor dy, Tensor dx) {
    checkPlanned(usage.inputGradient(), "the gradient of its input");
    ReferenceTensor weights = use("w", w, wLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor result = use("dx", dx, xLayout);
    double[] dxs = result.values();
    int plane = height * width;
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < inChannels; c++) {
        int dxAt = xAt(result, n, c);
        Arrays.fill(dxs, dxAt, dxAt + plane, 0);
        for (int k = 0; k < outChannels; k++) {
          addPlaneBack(
              slope.values(), yAt(slope, n, k), weights.values(), wAt(weights, k, c), dxs, dxAt);
        }
      }
    }
    written(result);
  }

  @Override
  public void backwardWeights(Tensor x, Tensor dy, Tensor dw, Tensor db) {
    checkPlanned(usage.training(), "a backward");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor result = use("dw", dw, dwLayout);
    if (!spec.bias()) {
      checkAbsent("db", db);
    }
    if (db != null) {
      sumPlanes(slope, use("db", db, bLayout));
    }
    double[] dws = result.values();
    for (int k = 0; k < outChannels; k++) {
      for (int c = 0; c < inChannels; c++) {
        int dwAt = wAt(result, k, c);
        Arrays.fill(dws, dwAt, dwAt + kernel * kernel, 0);
        for (int n = 0; n < batch; n++) {
          addFilter(input.values(), xAt(input, n, c), slope.values(), yAt(slope, n, k), dws, dwAt);
        }
      }
    }
    written(result);
  }

  private void sumPlanes(ReferenceTensor slope, ReferenceTensor result) {
    for (int k = 0; k < outChannels; k++) {
      double sum = 0;
      for (int n = 0; n < batch; n++) {
        sum += Rows.sum(slope.values(), yAt(slope, n, k), outHeight * outWidth);
      }
      result.values()[result.offset() + k] = sum;
    }
    written(result);
  }

  /** y (P, Q) += x (H, W) under the filter w (R, S). */
  private void addPlane(double[] x, int xAt, double[] w, int wAt, double[] y, int yAt) {
    for (int r = 0; r < kernel; r++) {
      for (int s = 0; s < kernel; s++) {
        double weight = w[wAt + r * kernel + s];
        int q = first(s);
        int length = end(s, outWidth, width) - q;
        int shift = xAt + (r - spec.padding()) * width + s - spec.padding() + q;
        for (int p = first(r); p < end(r, outHeight, height); p++) {
          Rows.addScaled(weight, x, shift + p * width, y, yAt + p * outWidth + q, length);
        }
      }
    }
  }

  /** dx (H, W) += dy (P, Q) spread by the filter w (R, S). */
  private void addPlaneBack(double[] dy, int dyAt, double[] w, int wAt, double[] dx, int dxAt) {
    for (int r = 0; r < kernel; r++) {
      for (int s = 0; s < kernel; s++) {
        double weight = w[wAt + r * kernel + s];
        int q = first(s);
        int length = end(s, outWidth, width) - q;
        int shift = dxAt + (r - spec.padding()) * width + s - spec.padding() + q;
        for (int p = first(r); p < end(r, outHeight, height); p++) {
          Rows.addScaled(weight, dy, dyAt + p * outWidth + q, dx, shift + p * width, length);
        }
      }
    }
  }

  /** dw (R, S) += the correlation of x (H, W) with dy (P, Q). */
  private void addFilter(double[] x, int xAt, double[] dy, int dyAt, double[] dw, int dwAt) {
    for (int r = 0; r < kernel; r++) {
      for (int s = 0; s < kernel; s++) {
        int q = first(s);
        int length = end(s, outWidth, width) - q;
        int shift = xAt + (r - spec.padding()) * width + s - spec.padding() + q;
        double sum = 0;
        for (int p = first(r); p < end(r, outHeight, height); p++) {
          sum += Rows.dot(x, shift + p * width, dy, dyAt + p * outWidth + q, length);
        }
        dw[dwAt + r * kernel + s] += sum;
      }
    }
  }

  /** Returns the first output position whose input under filter position {@code tap} exists. */
  private int first(int tap) {
    return Math.max(0, spec.padding() - tap);
  }

  /** Returns the position after the last one. */
  private int end(int tap, int outExtent, int extent) {
    return Math.min(outExtent, extent + spec.padding() - tap);
  }

  private int xAt(ReferenceTensor x, int n, int c) {
    return x.offset() + (n * inChannels + c) * height * width;
  }

  private int yAt(ReferenceTensor y, int n, int k) {
    return y.offset() + (n * outChannels + k) * outHeight * outWidth;
  }

  private int wAt(ReferenceTensor w, int k, int c) {
    return w.offset() + (k * inChannels + c) * kernel * kernel;
  }
}
