// The gradient of a bias: sums over rows, together with the ReLU's or the pooling's backward before it.
#include "common.cuh"

template <class T, int V>
__device__ __forceinline__ void biasBackward(
    const T* dy, const T* __restrict__ y, T* dz, float* __restrict__ partial, long long count,
    int channels, int parts) {
  struct Both {
    Raw<T, V> dy, y;
  };
  const PartOfRows rows(count, channels / V, parts);
  Floats<V> sums[1] = {};
  if (rows.first < rows.end) {
    streamed<2>(
        rows.firstAccess(), rows.endAccess(), rows.accessStep(),
        [=](long long i) {
          Both both = {loadRaw<T, V>(dy, i), {}};
          if (y) both.y = loadRaw<T, V>(y, i);
          return both;
        },
        [&](long long i, const Both& both) {
          Floats<V> g = floatsOf<T, V>(both.dy);
          if (y) {
            const Floats<V> mask = floatsOf<T, V>(both.y);
            UNROLLED for (int k = 0; k < V; k++) g.v[k] = mask.v[k] > 0.0f ? g.v[k] : 0.0f;
          }
          if (dz) store<T, V>(dz, i, g);
          UNROLLED for (int k = 0; k < V; k++) sums[0].v[k] += g.v[k];
        });
  }
  sumThreads(sums, rows, partial);
}

// g = dy where y > 0, or dy if y is null; dz = g unless it is null (it may be dy). partial (parts, channels):
// the sums of g. parts x groups blocks.
#define BIAS_BACKWARD(NAME, T)                                                              \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                           \
      const T* dy, const T* __restrict__ y, T* dz, float* __restrict__ partial,             \
      long long rows, int channels, int parts) {                                            \
    BY_CHANNELS(T, channels, biasBackward, dy, y, dz, partial, rows, channels, parts)       \
  }
BIAS_BACKWARD(vgg4j_bias_backward_f32, float)
BIAS_BACKWARD(vgg4j_bias_backward_bf16, unsigned short)

template <class T, int V>
__device__ __forceinline__ void biasBackwardPool(
    const T* __restrict__ dy, const unsigned char* __restrict__ winner, T* __restrict__ dz,
    float* __restrict__ partial, int batch, int height, int width, int channels, int parts) {
  const Windows windows(height, width, channels / V);
  const PartOfRows rows(
      (long long) batch * windows.all * windows.allAcross, windows.lanes, parts);
  Floats<V> sums[1] = {};
  if (rows.first < rows.end) {
    Walk at(rows.first, rows.rowStep, 1, windows.allAcross, windows.all);
    NOT_UNROLLED for (long long row = rows.first; row < rows.end; row += rows.rowStep) {
      const PooledGradient<T, V> gradient(dy, winner, windows, at, rows.lane);
      storeUnpooled(gradient, dz, windows, at, rows.lane);
      const Floats<V> g = gradient.flowing();
      UNROLLED for (int k = 0; k < V; k++) sums[0].v[k] += g.v[k];
      at.next();
    }
  }
  sumThreads(sums, rows, partial);
}

// dz (batch, height, width, channels) gets dy at the winners and 0 elsewhere; partial (parts, channels): the
// sums of dz. The parts are of all windows, the incomplete ones too. parts x groups blocks.
#define BIAS_BACKWARD_POOL(NAME, T)                                                        \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                          \
      const T* __restrict__ dy, const unsigned char* __restrict__ winner,                  \
      T* __restrict__ dz, float* __restrict__ partial, int batch, int height, int width,   \
      int channels, int parts) {                                                           \
    BY_CHANNELS(T, channels, biasBackwardPool, dy, winner, dz, partial, batch, height,     \
                width, channels, parts)                                                    \
  }
BIAS_BACKWARD_POOL(vgg4j_bias_backward_pool_f32, float)
BIAS_BACKWARD_POOL(vgg4j_bias_backward_pool_bf16, unsigned short)
