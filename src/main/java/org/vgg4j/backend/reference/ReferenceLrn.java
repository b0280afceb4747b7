package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LrnSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * y[c] = x[c] d[c]^-beta with d[c] = k + alpha / size * sum of x[j]^2 over the channels j that lie
 * within (size - 1) / 2 of c.
 *
 * <p>Shapes: x, y and saved, which holds d, (N, C, H, W).
 *
 * <p>Source: Krizhevsky, Sutskever and Hinton, 2012, section 3.3; PyTorch {@code
 * torch.nn.LocalResponseNorm}, whose zero padding leaves the missing channels out of the sum and
 * divides by the full size.
 */
final class ReferenceLrn extends ReferenceWindow {
  private static final String OPERATION = "local response norm";

  private final LrnSpec spec;
  private final int batch; // N
  private final int channels; // C
  private final int plane; // H W
  private final double share; // alpha / size

  ReferenceLrn(LrnSpec spec, Layout x, Usage usage) {
    super(OPERATION, x, x.shape(), DType.F64, usage);
    this.spec = spec;
    Shape shape = x.shape();
    if (shape.rank() != 4) {
      throw new IllegalArgumentException(
          OPERATION + " takes (N, C, H, W), not a tensor of shape " + shape);
    }
    batch = shape.dim(0);
    channels = shape.dim(1);
    plane = shape.dim(2) * shape.dim(3);
    share = spec.alpha() / spec.size();
  }

  @Override
  public void forward(Tensor x, Tensor y, Tensor saved) {
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor output = use("y", y, yLayout);
    ReferenceTensor kept = kept(saved);
    ReferenceTensor divisor = kept == null ? output : kept; // inference keeps d nowhere else
    double[] xs = input.values();
    double[] ds = divisor.values();
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < channels; c++) {
        int dAt = at(divisor, n, c);
        Arrays.fill(ds, dAt, dAt + plane, spec.k());
        for (int j = first(c); j <= last(c); j++) {
          int xAt = at(input, n, j);
          for (int i = 0; i < plane; i++) {
            ds[dAt + i] += share * xs[xAt + i] * xs[xAt + i];
          }
        }
        int xAt = at(input, n, c);
        int yAt = at(output, n, c);
        for (int i = 0; i < plane; i++) {
          output.values()[yAt + i] = xs[xAt + i] * Math.pow(ds[dAt + i], -spec.beta());
        }
      }
    }
    written(output);
  }

  /**
   * dx[c] = dy[c] d[c]^-beta - 2 beta alpha / size * x[c] * sum of dy[j] y[j] / d[j] over the
   * channels j whose sums include x[c].
   */
  @Override
  public void backward(Tensor x, Tensor y, Tensor dy, Tensor saved, Tensor dx) {
    checkPlanned(usage.training(), "a backward");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor output = use("y", y, yLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor divisor = use("saved", saved, savedLayout);
    ReferenceTensor result = use("dx", dx, xLayout);
    double[] ds = divisor.values();
    double[] dys = slope.values();
    double[] dxs = result.values();
    for (int n = 0; n < batch; n++) {
      for (int c = 0; c < channels; c++) {
        int dxAt = at(result, n, c);
        Arrays.fill(dxs, dxAt, dxAt + plane, 0);
        for (int j = first(c); j <= last(c); j++) {
          int yAt = at(output, n, j);
          int dyAt = at(slope, n, j);
          int dAt = at(divisor, n, j);
          for (int i = 0; i < plane; i++) {
            dxs[dxAt + i] += dys[dyAt + i] * output.values()[yAt + i] / ds[dAt + i];
          }
        }
        int xAt = at(input, n, c);
        int dyAt = at(slope, n, c);
        int dAt = at(divisor, n, c);
        for (int i = 0; i < plane; i++) {
          dxs[dxAt + i] =
              dys[dyAt + i] * Math.pow(ds[dAt + i], -spec.beta())
                  - 2 * spec.beta() * share * input.values()[xAt + i] * dxs[dxAt + i];
        }
      }
    }
    written(result);
  }

  private int first(int c) {
    return Math.max(0, c - spec.size() / 2);
  }

  private int last(int c) {
    return Math.min(channels - 1, c + spec.size() / 2);
  }

  private int at(ReferenceTensor tensor, int n, int c) {
    return tensor.offset() + (n * channels + c) * plane;
  }
}
