// Adaptive average pooling of (batch, height, width, channels): output p is the mean of the inputs from p H / P,
// rounded down, to (p + 1) H / P, rounded up.
#include "common.cuh"

// The window of index `i` of `out` over `in` values. With the roles changed: the outputs that read input `i`.
__device__ __forceinline__ int windowBegin(int i, int in, int out) {
  return (int) quotient((long long) i * in, out);
}

__device__ __forceinline__ int windowEnd(int i, int in, int out) {
  return (int) quotient((i + 1LL) * in + out - 1, out);
}

template <class T, int V>
__device__ __forceinline__ void averagePool(
    const T* __restrict__ x, T* __restrict__ y, long long count, int height, int width,
    int outHeight, int outWidth, int channels) {
  const int lanes = channels / V;
  Walk at(firstIndex(), indexStride(), lanes, outWidth, outHeight);
  NOT_UNROLLED for (long long i = firstIndex(); i < count / V; i += indexStride()) {
    const int top = windowBegin(at.row, height, outHeight);
    const int bottom = windowEnd(at.row, height, outHeight);
    const int left = windowBegin(at.column, width, outWidth);
    const int right = windowEnd(at.column, width, outWidth);
    Floats<V> sum = {};
    NOT_UNROLLED for (int h = top; h < bottom; h++) {
      const long long row = ((long long) at.image * height + h) * width;
      NOT_UNROLLED for (int w = left; w < right; w++) {
        const Floats<V> v = load<T, V>(x, (row + w) * lanes + at.lane);
        UNROLLED for (int k = 0; k < V; k++) sum.v[k] += v.v[k];
      }
    }
    const float size = (float) (bottom - top) * (float) (right - left);
    UNROLLED for (int k = 0; k < V; k++) sum.v[k] /= size;
    store<T, V>(y, i, sum);
    at.next();
  }
}

// y (batch, outHeight, outWidth, channels); count elements of y.
#define ADAPTIVE_AVG_POOL(NAME, T)                                                         \
  extern "C" __global__ void NAME(                                                         \
      const T* __restrict__ x, T* __restrict__ y, long long count, int height, int width,  \
      int outHeight, int outWidth, int channels) {                                         \
    BY_CHANNELS(T, channels, averagePool, x, y, count, height, width, outHeight, outWidth, \
                channels)                                                                  \
  }
ADAPTIVE_AVG_POOL(vgg4j_adaptive_avg_pool_f32, float)
ADAPTIVE_AVG_POOL(vgg4j_adaptive_avg_pool_bf16, unsigned short)

template <class T, int V>
__device__ __forceinline__ void averagePoolBackward(
    const T* __restrict__ dy, T* __restrict__ dx, long long count, int height, int width,
    int outHeight, int outWidth, int channels) {
  const int lanes = channels / V;
  Walk at(firstIndex(), indexStride(), lanes, width, height);
  NOT_UNROLLED for (long long i = firstIndex(); i < count / V; i += indexStride()) {
    const int top = windowBegin(at.row, outHeight, height);
    const int bottom = windowEnd(at.row, outHeight, height);
    const int left = windowBegin(at.column, outWidth, width);
    const int right = windowEnd(at.column, outWidth, width);
    Floats<V> sum = {};
    NOT_UNROLLED for (int p = top; p < bottom; p++) {
      const int rows = windowEnd(p, height, outHeight) - windowBegin(p, height, outHeight);
      const long long row = ((long long) at.image * outHeight + p) * outWidth;
      NOT_UNROLLED for (int q = left; q < right; q++) {
        const int columns = windowEnd(q, width, outWidth) - windowBegin(q, width, outWidth);
        const Floats<V> g = load<T, V>(dy, (row + q) * lanes + at.lane);
        const float size = (float) rows * (float) columns;
        UNROLLED for (int k = 0; k < V; k++) sum.v[k] += g.v[k] / size;
      }
    }
    store<T, V>(dx, i, sum);
    at.next();
  }
}

// dy as y, dx as x; count elements of dx, each of which sums its shares in a fixed order.
#define ADAPTIVE_AVG_POOL_BACKWARD(NAME, T)                                                 \
  extern "C" __global__ void NAME(                                                          \
      const T* __restrict__ dy, T* __restrict__ dx, long long count, int height, int width, \
      int outHeight, int outWidth, int channels) {                                          \
    BY_CHANNELS(T, channels, averagePoolBackward, dy, dx, count, height, width, outHeight,  \
                outWidth, channels)                                                         \
  }
ADAPTIVE_AVG_POOL_BACKWARD(vgg4j_adaptive_avg_pool_backward_f32, float)
ADAPTIVE_AVG_POOL_BACKWARD(vgg4j_adaptive_avg_pool_backward_bf16, unsigned short)
