// Batch normalization, backward, together with the ReLU's or the pooling's backward before it.
// dx = scale (g - mean(g) - (x - mean) invStd mean(g xhat)), xhat = (x - mean) invStd.
#include "common.cuh"

// Whether the ReLU let scale x + shift through: it is above 0 as T stores it.
template <class T>
__device__ __forceinline__ bool passes(float x, float scale, float shift) {
  // Half of bf16's smallest number, and what is below it, is rounded to 0.
  return affine(x, scale, shift) > (sizeof(T) == 2 ? 0x1p-134f : 0.0f);
}

// In place of a tensor that is not wanted.
struct Nowhere {};

template <class T, int V>
__device__ __forceinline__ void storeInto(T* y, long long i, const Floats<V>& x) {
  store<T, V>(y, i, x);
}
template <class T, int V>
__device__ __forceinline__ void storeInto(Nowhere, long long, const Floats<V>&) {}

// Y is T* or Nowhere.
template <class T, int V, class Y>
__device__ __forceinline__ void normBackwardSums(
    const T* __restrict__ dy, const T* __restrict__ x, Y y, const float* __restrict__ mean,
    const float* __restrict__ invStd, const float* __restrict__ scale,
    const float* __restrict__ shift, int hasRelu, float* __restrict__ partial, long long count,
    int channels, int parts) {
  struct Both {
    Raw<T, V> dy, x;
  };
  const PartOfRows rows(count, channels / V, parts);
  Floats<V> sums[2] = {};
  if (rows.first < rows.end) {
    const Floats<V> centre = loadFloats<V>(mean, rows.lane);
    const Floats<V> a = loadFloats<V>(scale, rows.lane), b = loadFloats<V>(shift, rows.lane);
    streamed<2>(
        rows.firstAccess(), rows.endAccess(), rows.accessStep(),
        [=](long long i) { return Both{loadRaw<T, V>(dy, i), loadRaw<T, V>(x, i)}; },
        [&](long long i, const Both& both) {
          const Floats<V> slope = floatsOf<T, V>(both.dy), v = floatsOf<T, V>(both.x);
          Floats<V> on;
          UNROLLED for (int k = 0; k < V; k++) {
            const bool isOn = !hasRelu || passes<T>(v.v[k], a.v[k], b.v[k]);
            const float g = isOn ? slope.v[k] : 0.0f;
            sums[0].v[k] += g;
            // Said and not left to the compiler, which would fuse in one kernel and not in the other.
            sums[1].v[k] = fmaf(g, v.v[k] - centre.v[k], sums[1].v[k]);
            on.v[k] = relu(affine(v.v[k], a.v[k], b.v[k]));
          }
          storeInto<T, V>(y, i, on);
        });
    const Floats<V> inverse = loadFloats<V>(invStd, rows.lane);
    UNROLLED for (int k = 0; k < V; k++) sums[1].v[k] *= inverse.v[k];
  }
  sumThreads(sums, rows, partial);
}

// g = dy, or dy where the ReLU let it through. partial (parts, 2, channels): the sums of g and of g xhat.
#define NORM_BACKWARD_SUMS(NAME, T)                                                         \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                           \
      const T* __restrict__ dy, const T* __restrict__ x, const float* __restrict__ mean,    \
      const float* __restrict__ invStd, const float* __restrict__ scale,                    \
      const float* __restrict__ shift, int hasRelu, float* __restrict__ partial,            \
      long long rows, int channels, int parts) {                                            \
    BY_CHANNELS(T, channels, normBackwardSums, dy, x, Nowhere(), mean, invStd, scale,       \
                shift, hasRelu, partial, rows, channels, parts)                             \
  }
NORM_BACKWARD_SUMS(vgg4j_norm_backward_sums_f32, float)
NORM_BACKWARD_SUMS(vgg4j_norm_backward_sums_bf16, unsigned short)

// The same sums, with a ReLU, and y = max(0, scale x + shift) from one reading of x.
#define NORM_APPLY_SUMS(NAME, T)                                                            \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                           \
      const T* __restrict__ dy, const T* __restrict__ x, T* __restrict__ y,                 \
      const float* __restrict__ mean, const float* __restrict__ invStd,                     \
      const float* __restrict__ scale, const float* __restrict__ shift,                     \
      float* __restrict__ partial, long long rows, int channels, int parts) {               \
    BY_CHANNELS(T, channels, normBackwardSums, dy, x, y, mean, invStd, scale, shift, 1,     \
                partial, rows, channels, parts)                                             \
  }
NORM_APPLY_SUMS(vgg4j_norm_apply_sums_f32, float)
NORM_APPLY_SUMS(vgg4j_norm_apply_sums_bf16, unsigned short)

// totals (2, channels) = partial (parts, 2, channels) summed over the parts.
extern "C" __global__ void __launch_bounds__(SUM_THREADS) vgg4j_norm_backward_totals(
    const float* __restrict__ partial, int parts, int channels, double* __restrict__ totals) {
  double sums[2];
  const int c = sumParts(partial, parts, channels, sums);
  if (c < 0) return;
  totals[c] = sums[0];
  totals[channels + c] = sums[1];
}

template <class T, int V>
__device__ __forceinline__ void normBackwardPoolSums(
    const T* __restrict__ dy, const unsigned char* __restrict__ winner, const T* __restrict__ x,
    const float* __restrict__ mean, const float* __restrict__ invStd,
    float* __restrict__ partial, int batch, int height, int width, int channels, int parts) {
  const Windows windows(height, width, channels / V);
  const PartOfRows rows(
      (long long) batch * windows.complete * windows.completeAcross, windows.lanes, parts);
  Floats<V> sums[2] = {};
  if (rows.first < rows.end) {
    const Floats<V> centre = loadFloats<V>(mean, rows.lane);
    Walk at(rows.first, rows.rowStep, 1, windows.completeAcross, windows.complete);
    NOT_UNROLLED for (long long row = rows.first; row < rows.end; row += rows.rowStep) {
      const long long pixel = windows.pixel(at, rows.lane);
      Raw<T, V> raw[4];
      UNROLLED for (int k = 0; k < 4; k++) raw[k] = loadRaw<T, V>(x, pixel + windows.offset(k));
      const PooledGradient<T, V> gradient(dy, winner, windows, at, rows.lane);
      // Chosen, not multiplied by 0 and 1: what did not win may be infinite.
      Floats<V> chosen = centre;
      UNROLLED for (int k = 0; k < 4; k++) {
        const Floats<V> v = floatsOf<T, V>(raw[k]);
        UNROLLED for (int j = 0; j < V; j++) {
          chosen.v[j] = gradient.winner.at(j) == (unsigned) k ? v.v[j] : chosen.v[j];
        }
      }
      const Floats<V> g = gradient.flowing();
      UNROLLED for (int j = 0; j < V; j++) {
        sums[0].v[j] += g.v[j];
        sums[1].v[j] += g.v[j] * (chosen.v[j] - centre.v[j]);
      }
      at.next();
    }
    const Floats<V> inverse = loadFloats<V>(invStd, rows.lane);
    UNROLLED for (int k = 0; k < V; k++) sums[1].v[k] *= inverse.v[k];
  }
  sumThreads(sums, rows, partial);
}

// dy and winner (batch, height / 2, width / 2, channels), x (batch, height, width, channels); the parts are of
// the complete windows. partial as above.
#define NORM_BACKWARD_POOL_SUMS(NAME, T)                                                    \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                           \
      const T* __restrict__ dy, const unsigned char* __restrict__ winner,                   \
      const T* __restrict__ x, const float* __restrict__ mean,                              \
      const float* __restrict__ invStd, float* __restrict__ partial, int batch, int height, \
      int width, int channels, int parts) {                                                 \
    BY_CHANNELS(T, channels, normBackwardPoolSums, dy, winner, x, mean, invStd, partial,    \
                batch, height, width, channels, parts)                                      \
  }
NORM_BACKWARD_POOL_SUMS(vgg4j_norm_backward_pool_sums_f32, float)
NORM_BACKWARD_POOL_SUMS(vgg4j_norm_backward_pool_sums_bf16, unsigned short)

// dbeta, dgamma and the bias's gradient db (may be null), and what the gradient of x takes off:
// m1 = dbeta / rows and m2 = dgamma invStd / rows, both 0 with frozen statistics. From the totals where they
// are known, else (null) from the parts, with the same bits. ceil(channels / 8) x 256.
extern "C" __global__ void __launch_bounds__(SUM_THREADS) vgg4j_norm_backward_finish(
    const float* __restrict__ partial, const double* __restrict__ totals, int parts,
    long long rows, int channels, const float* __restrict__ invStd, const float* __restrict__ scale,
    int frozen, float* __restrict__ dgamma, float* __restrict__ dbeta, float* __restrict__ db,
    float* __restrict__ m1, float* __restrict__ m2) {
  double sums[2];
  const int c = totals ? finishedChannel(channels) : sumParts(partial, parts, channels, sums);
  if (c < 0) return;
  if (totals) {
    sums[0] = totals[c];
    sums[1] = totals[channels + c];
  }
  dbeta[c] = (float) sums[0];
  dgamma[c] = (float) sums[1];
  m1[c] = frozen ? 0.0f : (float) (sums[0] / rows);
  m2[c] = frozen ? 0.0f : (float) (sums[1] / rows * invStd[c]);
  // The mean over the batch takes any bias off again.
  if (db) db[c] = frozen ? (float) (scale[c] * sums[0]) : 0.0f;
}

__device__ __forceinline__ float throughNorm(
    float g, float x, float mean, float scale, float m1, float m2) {
  return scale * (g - m1 - (x - mean) * m2);
}

template <class T, int V>
__device__ __forceinline__ void normBackward(
    const T* dy, const T* __restrict__ x, T* dx, const float* __restrict__ mean,
    const float* __restrict__ scale, const float* __restrict__ shift,
    const float* __restrict__ m1, const float* __restrict__ m2, int hasRelu, long long count,
    int channels) {
  struct Both {
    Raw<T, V> dy, x;
  };
  struct Coefficients {
    Floats<V> mean, scale, shift, m1, m2;
  };
  ChannelLanes lanes(channels / V);
  const auto coefficients = [=](unsigned lane) {
    return Coefficients{loadFloats<V>(mean, lane), loadFloats<V>(scale, lane),
                        loadFloats<V>(shift, lane), loadFloats<V>(m1, lane),
                        loadFloats<V>(m2, lane)};
  };
  Coefficients c = coefficients(lanes.lane);
  streamed<2>(
      firstIndex(), count / V, indexStride(),
      [=](long long i) { return Both{loadRaw<T, V>(dy, i), loadRaw<T, V>(x, i)}; },
      [&](long long i, const Both& both) {
        Floats<V> g = floatsOf<T, V>(both.dy);
        const Floats<V> v = floatsOf<T, V>(both.x);
        UNROLLED for (int k = 0; k < V; k++) {
          if (hasRelu && !passes<T>(v.v[k], c.scale.v[k], c.shift.v[k])) g.v[k] = 0.0f;
          g.v[k] = throughNorm(
              g.v[k], v.v[k], c.mean.v[k], c.scale.v[k], c.m1.v[k], c.m2.v[k]);
        }
        store<T, V>(dx, i, g);
        if (lanes.next()) c = coefficients(lanes.lane);
      });
}

// dx may be dy; count elements.
#define NORM_BACKWARD(NAME, T)                                                               \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                    \
      const T* dy, const T* __restrict__ x, T* dx, const float* __restrict__ mean,           \
      const float* __restrict__ scale, const float* __restrict__ shift,                      \
      const float* __restrict__ m1, const float* __restrict__ m2, int hasRelu,               \
      long long count, int channels) {                                                       \
    BY_CHANNELS(T, channels, normBackward, dy, x, dx, mean, scale, shift, m1, m2, hasRelu,   \
                count, channels)                                                             \
  }
NORM_BACKWARD(vgg4j_norm_backward_f32, float)
NORM_BACKWARD(vgg4j_norm_backward_bf16, unsigned short)

template <class T, int V>
__device__ __forceinline__ void normBackwardPool(
    const T* __restrict__ dy, const unsigned char* __restrict__ winner, const T* __restrict__ x,
    T* __restrict__ dx, const float* __restrict__ mean, const float* __restrict__ scale,
    const float* __restrict__ m1, const float* __restrict__ m2, int batch, int height, int width,
    int channels) {
  struct Coefficients {
    Floats<V> mean, scale, m1, m2;
  };
  const Windows windows(height, width, channels / V);
  const long long count = (long long) batch * windows.all * windows.allAcross * windows.lanes;
  Walk at(firstIndex(), indexStride(), windows.lanes, windows.allAcross, windows.all);
  const auto coefficients = [=](unsigned lane) {
    return Coefficients{loadFloats<V>(mean, lane), loadFloats<V>(scale, lane),
                        loadFloats<V>(m1, lane), loadFloats<V>(m2, lane)};
  };
  Coefficients c = coefficients(at.lane);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const long long pixel = windows.pixel(at, at.lane);
    Raw<T, V> raw[4] = {};
    UNROLLED for (int k = 0; k < 4; k++) {
      if (windows.has(at, k)) raw[k] = loadRaw<T, V>(x, pixel + windows.offset(k));
    }
    const PooledGradient<T, V> gradient(dy, winner, windows, at, at.lane);
    UNROLLED for (int k = 0; k < 4; k++) {
      if (!windows.has(at, k)) continue;
      Floats<V> v = floatsOf<T, V>(raw[k]);
      const Floats<V> g = gradient.at(k);
      UNROLLED for (int j = 0; j < V; j++) {
        v.v[j] = throughNorm(
            g.v[j], v.v[j], c.mean.v[j], c.scale.v[j], c.m1.v[j], c.m2.v[j]);
      }
      store<T, V>(dx, pixel + windows.offset(k), v);
    }
    at.next();
    if (at.laneStep != 0) c = coefficients(at.lane);
  }
}

// dy and winner (batch, height / 2, width / 2, channels), x and dx (batch, height, width, channels). Wide over
// a quarter of dx.
#define NORM_BACKWARD_POOL(NAME, T)                                                          \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                    \
      const T* __restrict__ dy, const unsigned char* __restrict__ winner,                    \
      const T* __restrict__ x, T* __restrict__ dx, const float* __restrict__ mean,           \
      const float* __restrict__ scale, const float* __restrict__ m1,                         \
      const float* __restrict__ m2, int batch, int height, int width, int channels) {        \
    BY_CHANNELS(T, channels, normBackwardPool, dy, winner, x, dx, mean, scale, m1, m2,       \
                batch, height, width, channels)                                              \
  }
NORM_BACKWARD_POOL(vgg4j_norm_backward_pool_f32, float)
NORM_BACKWARD_POOL(vgg4j_norm_backward_pool_bf16, unsigned short)
