// Max pooling over 2x2 windows with stride 2 in blocks, with the scale, shift and ReLU before it. Each window
// keeps one byte: which of its pixels won (0 to 3, row-major), or NO_WINNER.
#include "common.cuh"

enum { NO_WINNER = 255 };  // all are <= 0 before a ReLU: no gradient flows

// The 2x2 windows of x (batch, height, width, channels), the incomplete ones at the edges too.
struct Windows {
  int height, width, lanes;
  int complete, completeAcross;  // in a column and in a row of the image
  int all, allAcross;

  __device__ __forceinline__ Windows(int h, int w, int laneCount)
      : height(h), width(w), lanes(laneCount), complete(h / 2), completeAcross(w / 2),
        all((h + 1) / 2), allAcross((w + 1) / 2) {}

  // Access of the window's first pixel.
  __device__ __forceinline__ long long pixel(const Walk& at, unsigned lane) const {
    return (((long long) at.image * height + 2 * at.row) * width + 2 * at.column) * lanes + lane;
  }

  // From the first pixel to pixel k of the window.
  __device__ __forceinline__ long long offset(int k) const {
    return ((long long) (k / 2) * width + k % 2) * lanes;
  }

  // Whether pixel k of a window exists.
  __device__ __forceinline__ bool has(const Walk& at, int k) const {
    return 2 * at.row + k / 2 < (unsigned) height && 2 * at.column + k % 2 < (unsigned) width;
  }

  __device__ __forceinline__ bool isComplete(const Walk& at) const {
    return at.row < (unsigned) complete && at.column < (unsigned) completeAcross;
  }

  // Access of the pooled tensor.
  __device__ __forceinline__ long long pooled(const Walk& at, unsigned lane) const {
    const long long row = (long long) at.image * complete + at.row;
    return (row * completeAcross + at.column) * lanes + lane;
  }
};

// NaN wins, then the first of the largest.
__device__ __forceinline__ bool wins(float x, float best) {
  return x > best || (x != x && best == best);
}

template <class T, int V>
__device__ __forceinline__ void normApplyPool(
    const T* __restrict__ x, T* __restrict__ y, unsigned char* __restrict__ winner,
    const float* __restrict__ scale, const float* __restrict__ shift, int batch, int height,
    int width, int channels, int hasRelu) {
  const Windows windows(height, width, channels / V);
  const long long count =
      (long long) batch * windows.complete * windows.completeAcross * windows.lanes;
  if (firstIndex() >= count) return;
  Walk at(firstIndex(), indexStride(), windows.lanes, windows.completeAcross, windows.complete);
  Floats<V> a = {}, b = {};
  if (scale) {
    a = loadFloats<V>(scale, at.lane);
    b = loadFloats<V>(shift, at.lane);
  }
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const long long pixel = windows.pixel(at, at.lane);
    Raw<T, V> raw[4];
    UNROLLED for (int k = 0; k < 4; k++) raw[k] = loadRaw<T, V>(x, pixel + windows.offset(k));
    Floats<V> best = {};
    unsigned won[V] = {};
    UNROLLED for (int k = 0; k < 4; k++) {
      Floats<V> v = floatsOf<T, V>(raw[k]);
      UNROLLED for (int j = 0; j < V; j++) {
        // Rounded as if it had been stored: what is equal then is equal here.
        if (scale) v.v[j] = rounded<T>(affine(v.v[j], a.v[j], b.v[j]));
        if (k == 0) {
          best.v[j] = v.v[j];
        } else if (wins(v.v[j], best.v[j])) {
          best.v[j] = v.v[j];
          won[j] = k;
        }
      }
    }
    if (hasRelu) {
      UNROLLED for (int j = 0; j < V; j++) {
        if (best.v[j] <= 0.0f) {
          best.v[j] = 0.0f;
          won[j] = NO_WINNER;
        }
      }
    }
    store<T, V>(y, i, best);
    if (winner) {
      Bytes<V> bytes = {};
      UNROLLED for (int j = 0; j < V; j++) bytes.put(j, won[j]);
      storeBytes<V>(winner, i, bytes);
    }
    at.next();
    if (at.laneStep != 0 && scale) {
      a = loadFloats<V>(scale, at.lane);
      b = loadFloats<V>(shift, at.lane);
    }
  }
}

// x (batch, height, width, channels); y and winner (batch, height / 2, width / 2, channels). scale null: no
// affine; winner may be null. Wide over y.
#define NORM_APPLY_POOL(NAME, T)                                                          \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                 \
      const T* __restrict__ x, T* __restrict__ y, unsigned char* __restrict__ winner,     \
      const float* __restrict__ scale, const float* __restrict__ shift, int batch,        \
      int height, int width, int channels, int hasRelu) {                                 \
    BY_CHANNELS(T, channels, normApplyPool, x, y, winner, scale, shift, batch, height,    \
                width, channels, hasRelu)                                                 \
  }
NORM_APPLY_POOL(vgg4j_norm_apply_pool_f32, float)
NORM_APPLY_POOL(vgg4j_norm_apply_pool_bf16, unsigned short)

// The pooled gradient of one window's lane, and its winners; zeros for an incomplete window.
template <class T, int V>
struct PooledGradient {
  Raw<T, V> dy;
  Bytes<V> winner;

  __device__ __forceinline__ PooledGradient(
      const T* pooled, const unsigned char* winners, const Windows& windows, const Walk& at,
      unsigned lane)
      : dy(), winner() {
    if (!windows.isComplete(at)) return;
    const long long i = windows.pooled(at, lane);
    dy = loadRaw<T, V>(pooled, i);
    winner = loadBytes<V>(winners, i);
  }

  // Of all lanes at pixel k.
  __device__ __forceinline__ Floats<V> at(int k) const {
    Floats<V> g = floatsOf<T, V>(dy);
    UNROLLED for (int j = 0; j < V; j++) g.v[j] = winner.at(j) == (unsigned) k ? g.v[j] : 0.0f;
    return g;
  }

  // What flows on to any pixel.
  __device__ __forceinline__ Floats<V> flowing() const {
    Floats<V> g = floatsOf<T, V>(dy);
    UNROLLED for (int j = 0; j < V; j++) g.v[j] = winner.at(j) == NO_WINNER ? 0.0f : g.v[j];
    return g;
  }
};

template <class T, int V>
__device__ __forceinline__ void storeUnpooled(
    const PooledGradient<T, V>& gradient, T* dx, const Windows& windows, const Walk& at,
    unsigned lane) {
  const long long pixel = windows.pixel(at, lane);
  UNROLLED for (int k = 0; k < 4; k++) {
    if (windows.has(at, k)) store<T, V>(dx, pixel + windows.offset(k), gradient.at(k));
  }
}

template <class T, int V>
__device__ __forceinline__ void unpool(
    const T* __restrict__ dy, const unsigned char* __restrict__ winner, T* __restrict__ dx,
    int batch, int height, int width, int channels) {
  const Windows windows(height, width, channels / V);
  const long long count = (long long) batch * windows.all * windows.allAcross * windows.lanes;
  Walk at(firstIndex(), indexStride(), windows.lanes, windows.allAcross, windows.all);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const PooledGradient<T, V> gradient(dy, winner, windows, at, at.lane);
    storeUnpooled(gradient, dx, windows, at, at.lane);
    at.next();
  }
}

// dx (batch, height, width, channels) gets dy at the winners and 0 elsewhere. Wide over a quarter of dx.
#define UNPOOL(NAME, T)                                                                    \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                  \
      const T* __restrict__ dy, const unsigned char* __restrict__ winner,                  \
      T* __restrict__ dx, int batch, int height, int width, int channels) {                \
    BY_CHANNELS(T, channels, unpool, dy, winner, dx, batch, height, width, channels)       \
  }
UNPOOL(vgg4j_unpool_f32, float)
UNPOOL(vgg4j_unpool_bf16, unsigned short)
