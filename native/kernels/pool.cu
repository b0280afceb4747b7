// Adaptive average pooling: output p is the mean of the inputs from p H / P, rounded down, to (p + 1) H / P, rounded up.
#include "common.cuh"

// The window of index `i` of `out` over `in` values. With the roles changed: the outputs that read input `i`.
__device__ __forceinline__ int windowBegin(int i, int in, int out) {
  return (int) ((long long) i * in / out);
}

__device__ __forceinline__ int windowEnd(int i, int in, int out) {
  return (int) (((i + 1LL) * in + out - 1) / out);
}

// x (.., height, width), y (.., outHeight, outWidth); count elements of y.
extern "C" __global__ void vgg4j_adaptive_avg_pool(const float* x, float* y, long long count,
    int height, int width, int outHeight, int outWidth) {
  for (long long i = firstIndex(); i < count; i += indexStride()) {
    const int q = (int) (i % outWidth), p = (int) (i / outWidth % outHeight);
    const float* plane = x + i / outWidth / outHeight * height * width;
    const int top = windowBegin(p, height, outHeight), bottom = windowEnd(p, height, outHeight);
    const int left = windowBegin(q, width, outWidth), right = windowEnd(q, width, outWidth);
    float sum = 0.0f;
    for (int h = top; h < bottom; h++) {
      for (int w = left; w < right; w++) sum += plane[h * width + w];
    }
    y[i] = sum / (float) ((bottom - top) * (right - left));
  }
}

// dy as y, dx as x; count elements of dx, each of which sums its shares in a fixed order.
extern "C" __global__ void vgg4j_adaptive_avg_pool_backward(const float* dy, float* dx,
    long long count, int height, int width, int outHeight, int outWidth) {
  for (long long i = firstIndex(); i < count; i += indexStride()) {
    const int w = (int) (i % width), h = (int) (i / width % height);
    const float* plane = dy + i / width / height * outHeight * outWidth;
    const int top = windowBegin(h, outHeight, height), bottom = windowEnd(h, outHeight, height);
    const int left = windowBegin(w, outWidth, width), right = windowEnd(w, outWidth, width);
    float sum = 0.0f;
    for (int p = top; p < bottom; p++) {
      const int rows = windowEnd(p, height, outHeight) - windowBegin(p, height, outHeight);
      for (int q = left; q < right; q++) {
        const int columns = windowEnd(q, width, outWidth) - windowBegin(q, width, outWidth);
        sum += plane[p * outWidth + q] / (float) (rows * columns);
      }
    }
    dx[i] = sum;
  }
}
