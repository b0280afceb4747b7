package org.vgg4j.benchmarks;

import org.bytedeco.pytorch.LocalResponseNormOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** PyTorch's local response normalization, across channels; alpha is divided by the size. */
record LocalResponseNorm(long size, double alpha, double beta, double k) {
  Tensor apply(Tensor x) {
    LocalResponseNormOptions options = new LocalResponseNormOptions(size);
    options.alpha().put(alpha);
    options.beta().put(beta);
    options.k().put(k);
    return torch.local_response_norm(x, options);
  }

  String arguments() {
    return "%d, alpha=%s, beta=%s, k=%s".formatted(size, alpha, beta, k);
  }
}
