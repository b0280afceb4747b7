package org.vgg4j.backend.reference;

import java.util.Arrays;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Types;
import org.vgg4j.tensor.Usage;

/**
 * y[n,o] = b[o] + sum over i of w[o,i] x[n,i].
 *
 * <p>Shapes: x (N, ...) of I values per sample, w (O, I), b (O), y (N, O).
 *
 * <p>Source: PyTorch {@code torch.nn.Linear}.
 */
final class ReferenceLinear extends ReferenceWeighted {
  private final LinearSpec spec;
  private final int batch; // N
  private final int in; // I
  private final int out; // O

  ReferenceLinear(Types types, LinearSpec spec, Layout x, Layout w, Usage usage) {
    super("linear layer", types, spec, x, w, usage);
    this.spec = spec;
    batch = x.shape().dim(0);
    in = spec.inFeatures();
    out = spec.outFeatures();
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor b, Tensor y) {
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor weights = use("w", w, wLayout);
    ReferenceTensor bias = use("b", b, bLayout);
    ReferenceTensor output = use("y", y, yLayout);
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < out; o++) {
        double product =
            Rows.dot(
                input.values(),
                input.offset() + n * in,
                weights.values(),
                weights.offset() + o * in,
                in);
        output.values()[output.offset() + n * out + o] = product + bias.values()[bias.offset() + o];
      }
    }
    if (spec.relu()) {
      Rows.relu(output.values(), output.offset(), batch * out);
    }
    written(output);
  }

  @Override
  public void backwardData(Tensor w, Tensor dy, Tensor dx) {
    checkPlanned(usage.inputGradient(), "the gradient of its input");
    ReferenceTensor weights = use("w", w, wLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor result = use("dx", dx, xLayout);
    for (int n = 0; n < batch; n++) {
      int dxAt = result.offset() + n * in;
      Arrays.fill(result.values(), dxAt, dxAt + in, 0);
      for (int o = 0; o < out; o++) {
        double factor = slope.values()[slope.offset() + n * out + o];
        int wAt = weights.offset() + o * in;
        Rows.addScaled(factor, weights.values(), wAt, result.values(), dxAt, in);
      }
    }
    written(result);
  }

  @Override
  public void backwardWeights(Tensor x, Tensor dy, Tensor dw, Tensor db) {
    checkPlanned(usage.training(), "a backward");
    ReferenceTensor input = use("x", x, xLayout);
    ReferenceTensor slope = use("dy", dy, yLayout);
    ReferenceTensor weightSlope = use("dw", dw, dwLayout);
    ReferenceTensor biasSlope = use("db", db, bLayout);
    for (int o = 0; o < out; o++) {
      int dwAt = weightSlope.offset() + o * in;
      Arrays.fill(weightSlope.values(), dwAt, dwAt + in, 0);
      double sum = 0;
      for (int n = 0; n < batch; n++) {
        double factor = slope.values()[slope.offset() + n * out + o];
        int xAt = input.offset() + n * in;
        Rows.addScaled(factor, input.values(), xAt, weightSlope.values(), dwAt, in);
        sum += factor;
      }
      biasSlope.values()[biasSlope.offset() + o] = sum;
    }
    written(weightSlope, biasSlope);
  }
}
