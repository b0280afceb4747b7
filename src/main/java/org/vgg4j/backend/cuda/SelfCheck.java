package org.vgg4j.backend.cuda;

import java.util.Arrays;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Conv2dSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.LinearSpec;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;
import org.vgg4j.tensor.WeightedPlan;

/** A convolution with bias and ReLU and a linear layer over small integers. */
final class SelfCheck {
  /** The fastest plan may transform its inputs, which costs precision. */
  private static final float TOLERANCE = 1e-3f;

  private SelfCheck() {}

  /**
   * Runs the check, which calls cuDNN, cublasLt and a custom kernel once each.
   *
   * @throws IllegalStateException when a result is wrong
   */
  static void run(CudaBackend backend) {
    try (Closing closing = new Closing()) {
      Layout image = CudaLayout.channelsLast(Shape.of(1, 1, 2, 2), backend.types().activation());
      WeightedPlan conv =
          closing.own(
              backend.conv2d(new Conv2dSpec(1, 1, 3, 1, true, true), image, null, Usage.INFERENCE));
      WeightedPlan linear =
          closing.own(backend.linear(new LinearSpec(4, 1, false), conv.y(), null, Usage.INFERENCE));
      Tensor x = tensor(backend, closing, image, 1, 2, 3, 4);
      Tensor w = tensor(backend, closing, conv.w(), 0, 0, 0, 0, 1, 1, 0, 0, 0);
      Tensor b = tensor(backend, closing, CudaLayout.floats(Shape.of(1)), -3);
      Tensor y = tensor(backend, closing, conv.y(), 0, 0, 0, 0);
      conv.forward(x, w, b, y);
      check("convolution", y, 0, 0, 4, 1);
      Tensor rows = tensor(backend, closing, linear.w(), 1, 2, 3, 4);
      Tensor z = tensor(backend, closing, linear.y(), 0);
      linear.forward(y, rows, b, z);
      check("linear layer", z, 13);
    }
  }

  private static Tensor tensor(
      CudaBackend backend, Closing closing, Layout layout, float... values) {
    Arena arena = closing.own(backend.allocate(Arena.align(layout.bytes()), "self-check"));
    Tensor tensor = arena.tensor(0, layout);
    tensor.upload(values);
    return tensor;
  }

  private static void check(String what, Tensor result, float... expected) {
    float[] values = new float[expected.length];
    result.download(values);
    boolean right = true;
    for (int i = 0; i < values.length; i++) {
      right &= Math.abs(values[i] - expected[i]) <= TOLERANCE;
    }
    if (!right) {
      throw new IllegalStateException(
          "the GPU computes wrong results: a "
              + what
              + " gave "
              + Arrays.toString(values)
              + ", not "
              + Arrays.toString(expected));
    }
  }
}
