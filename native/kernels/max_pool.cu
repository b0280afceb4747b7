// Max pooling of (batch, height, width, channels) over windows of any size, without padding. In a window NaN
// wins, then the first of the largest.
#include "common.cuh"

// The winners of one window's lane: their values, and their places in the window, row-major.
template <class T, int V>
struct WindowWinners {
  Floats<V> best;
  int place[V];

  // `corner` is the access of the window's first pixel.
  __device__ __forceinline__ WindowWinners(
      const T* __restrict__ x, long long corner, int kernel, int width, int lanes) {
    best = load<T, V>(x, corner);
    UNROLLED for (int k = 0; k < V; k++) place[k] = 0;
    NOT_UNROLLED for (int r = 0; r < kernel; r++) {
      NOT_UNROLLED for (int s = 0; s < kernel; s++) {
        const Floats<V> v = load<T, V>(x, corner + ((long long) r * width + s) * lanes);
        UNROLLED for (int k = 0; k < V; k++) {
          const bool isBetter = wins(v.v[k], best.v[k]);
          best.v[k] = isBetter ? v.v[k] : best.v[k];
          place[k] = isBetter ? r * kernel + s : place[k];
        }
      }
    }
  }
};

template <class T, int V>
__device__ __forceinline__ void maxPool(
    const T* __restrict__ x, T* __restrict__ y, int batch, int height, int width, int channels,
    int kernel, int stride, int outHeight, int outWidth) {
  const int lanes = channels / V;
  const long long count = (long long) batch * outHeight * outWidth * lanes;
  Walk at(firstIndex(), indexStride(), lanes, outWidth, outHeight);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const long long row = (long long) at.image * height + (long long) at.row * stride;
    const long long corner = (row * width + (long long) at.column * stride) * lanes + at.lane;
    store<T, V>(y, i, WindowWinners<T, V>(x, corner, kernel, width, lanes).best);
    at.next();
  }
}

// y (batch, outHeight, outWidth, channels). Wide over y.
#define MAX_POOL(NAME, T)                                                                    \
  extern "C" __global__ void NAME(                                                           \
      const T* __restrict__ x, T* __restrict__ y, int batch, int height, int width,          \
      int channels, int kernel, int stride, int outHeight, int outWidth) {                   \
    BY_CHANNELS(T, channels, maxPool, x, y, batch, height, width, channels, kernel, stride,  \
                outHeight, outWidth)                                                         \
  }
MAX_POOL(vgg4j_max_pool_f32, float)
MAX_POOL(vgg4j_max_pool_bf16, unsigned short)

template <class T, int V>
__device__ __forceinline__ void maxPoolBackward(
    const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx, int batch, int height,
    int width, int channels, int kernel, int stride, int outHeight, int outWidth) {
  const int lanes = channels / V;
  const long long count = (long long) batch * height * width * lanes;
  Walk at(firstIndex(), indexStride(), lanes, width, height);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const int h = at.row, w = at.column;
    // The windows that contain this pixel.
    const int top = h < kernel ? 0 : (h - kernel) / stride + 1;
    const int left = w < kernel ? 0 : (w - kernel) / stride + 1;
    const int bottom = h / stride < outHeight ? h / stride : outHeight - 1;
    const int right = w / stride < outWidth ? w / stride : outWidth - 1;
    Floats<V> sum = {};
    NOT_UNROLLED for (int p = top; p <= bottom; p++) {
      NOT_UNROLLED for (int q = left; q <= right; q++) {
        const long long row = (long long) at.image * height + (long long) p * stride;
        const long long corner = (row * width + (long long) q * stride) * lanes + at.lane;
        const WindowWinners<T, V> winners(x, corner, kernel, width, lanes);
        const int place = (h - p * stride) * kernel + w - q * stride;
        const long long pooledRow = (long long) at.image * outHeight + p;
        const Floats<V> g = load<T, V>(dy, (pooledRow * outWidth + q) * lanes + at.lane);
        UNROLLED for (int k = 0; k < V; k++) {
          sum.v[k] += winners.place[k] == place ? g.v[k] : 0.0f;
        }
      }
    }
    store<T, V>(dx, i, sum);
    at.next();
  }
}

// dy as y, dx as x; each pixel looks for the windows that it won. Wide over dx.
#define MAX_POOL_BACKWARD(NAME, T)                                                           \
  extern "C" __global__ void NAME(                                                           \
      const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx, int batch,      \
      int height, int width, int channels, int kernel, int stride, int outHeight,            \
      int outWidth) {                                                                        \
    BY_CHANNELS(T, channels, maxPoolBackward, x, dy, dx, batch, height, width, channels,     \
                kernel, stride, outHeight, outWidth)                                         \
  }
MAX_POOL_BACKWARD(vgg4j_max_pool_backward_f32, float)
MAX_POOL_BACKWARD(vgg4j_max_pool_backward_bf16, unsigned short)
