package org.vgg4j.benchmarks;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Makes tensors from libtorch's random numbers; seed them with manual_seed.
 *
 * @param images the layout in memory of tensors of rank 4
 */
record Values(ScalarType type, MemoryFormat images) {
  /** Returns uniform values in [low, high). */
  Tensor uniform(double low, double high, long... shape) {
    Tensor unit = torch.rand(shape, new TensorOptions(type));
    Tensor scaled = unit.mul_(new Scalar(high - low)).add_(new Scalar(low));
    return shape.length == 4 ? scaled.contiguous(images) : scaled;
  }

  /** Returns uniform labels below a number of classes. */
  static Tensor labels(int classes, int batch) {
    TensorOptions options = new TensorOptions(ScalarType.Long);
    return torch.randint(classes, new long[] {batch}, options);
  }

  /** Returns a tensor's values times 1 + e, each e uniform in [-relative, relative). */
  Tensor perturbed(Tensor tensor, double relative) {
    return tensor.detach().mul(uniform(1 - relative, 1 + relative, tensor.shape()));
  }
}
