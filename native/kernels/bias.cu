// The bias of linear layers (inner = 1) and of convolutions (inner = H W), and its gradient.
#include "common.cuh"

// y (outer, channels, inner) += b (channels), then max(., 0) if relu is not 0.
extern "C" __global__ void vgg4j_bias(
    float* __restrict__ y, const float* __restrict__ b, long long count, int channels, int inner,
    int relu) {
  for (long long i = firstIndex(); i < count; i += indexStride()) {
    // 64-bit divisions are slow, and only the largest tensors need them.
    const long long row = i <= 0xffffffffll ? (unsigned) i / (unsigned) inner : i / inner;
    const int channel =
        row <= 0xffffffffll ? (int) ((unsigned) row % (unsigned) channels) : (int) (row % channels);
    const float value = y[i] + b[channel];
    y[i] = relu && value <= 0.0f ? 0.0f : value;
  }
}

// db (columns) = dy (rows, columns) summed over the rows, in row order.
extern "C" __global__ void vgg4j_column_sum(
    const float* __restrict__ dy, float* __restrict__ db, int rows, int columns) {
  for (long long c = firstIndex(); c < columns; c += indexStride()) {
    float sum = 0.0f;
    for (long long row = 0; row < rows; row++) sum += dy[row * columns + c];
    db[c] = sum;
  }
}
