// Convolutions on planes: tensors with the channels outermost.
#pragma once
#include <vector>

#include "cudnn_graph.h"

namespace standin {

// Values of (C, N, H, W), without gaps; a filter (K, C, R, S) is kept as (C, K, R, S).
struct Planes {
  long channels = 0, images = 0, height = 0, width = 0;
  std::vector<float> values;

  Planes() = default;
  Planes(long c, long n, long h, long w) : channels(c), images(n), height(h), width(w), values(c * n * h * w) {}
  // Of one channel.
  long pixels() const { return images * height * width; }
};

// How an engine computes: FIXED in one order, CHANGING in another one each time.
enum class Order { FIXED, CHANGING };

struct Scales {
  double alpha, beta;
};

// out = alpha result + beta out, where out has its shape already.
void convolveForward(
    const Planes& x, const Planes& w, const ConvolutionShape& shape, Scales scales, Planes& y);
void convolveData(
    const Planes& w, const Planes& dy, const ConvolutionShape& shape, Scales scales, Order order,
    Planes& dx);
void convolveFilter(
    const Planes& x, const Planes& dy, const ConvolutionShape& shape, Scales scales, Order order,
    Planes& dw);

}  // namespace standin
