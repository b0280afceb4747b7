package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.ReluPlan;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * y = max(x, 0); NaN stays NaN.
 *
 * <p>Source: PyTorch {@code torch.nn.ReLU}, whose gradient at 0 is 0, too.
 */
final class ReferenceRelu extends ReferencePlan implements ReluPlan {
  private static final String OPERATION = "ReLU";

  private final Usage usage;
  private final ReferenceLayout layout;
  private final int length;

  ReferenceRelu(Layout x, Usage usage) {
    super(OPERATION);
    this.usage = usage;
    layout = ReferenceLayout.computable(OPERATION, x);
    length = layout.shape().arrayLength();
  }

  @Override
  public void forward(Tensor x, Tensor y) {
    ReferenceTensor input = use("x", x, layout);
    ReferenceTensor output = use("y", y, layout);
    System.arraycopy(input.values(), input.offset(), output.values(), output.offset(), length);
    Rows.relu(output.values(), output.offset(), length);
  }

  @Override
  public void backward(Tensor y, Tensor dy, Tensor dx) {
    checkPlanned(usage.training(), "a backward");
    ReferenceTensor output = use("y", y, layout);
    ReferenceTensor slope = use("dy", dy, layout);
    ReferenceTensor result = use("dx", dx, layout);
    for (int i = 0; i < length; i++) {
      boolean open = output.values()[output.offset() + i] > 0;
      result.values()[result.offset() + i] = open ? slope.values()[slope.offset() + i] : 0;
    }
  }
}
