// Batch normalization, forward: statistics of x (rows, channels), and y = scale x + shift.
#include "common.cuh"

// Rounded after the product and after the sum, so that the backward finds the same sign again.
__device__ __forceinline__ float affine(float x, float scale, float shift) {
  return __fadd_rn(__fmul_rn(x, scale), shift);
}

template <class T, int V>
__device__ __forceinline__ void normStatistics(
    const T* __restrict__ x, float* __restrict__ partial, long long count, int channels,
    int parts) {
  const PartOfRows rows(count, channels / V, parts);
  Floats<V> sums[2] = {};
  if (rows.first < rows.end) {
    // The sum of squares of what is far from 0 would lose the variance.
    const Floats<V> origin = load<T, V>(x, rows.lane);
    streamed<4>(
        rows.firstAccess(), rows.endAccess(), rows.accessStep(),
        [=](long long i) { return loadRaw<T, V>(x, i); },
        [&](long long, Raw<T, V> raw) {
          const Floats<V> v = floatsOf<T, V>(raw);
          UNROLLED for (int k = 0; k < V; k++) {
            const float d = v.v[k] - origin.v[k];
            sums[0].v[k] += d;
            sums[1].v[k] += d * d;
          }
        });
  }
  sumThreads(sums, rows, partial);
}

// partial (parts, 2, channels): the sums of x - (row 0 of x) and of its square. parts x groups blocks.
#define NORM_STATISTICS(NAME, T)                                                        \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                       \
      const T* __restrict__ x, float* __restrict__ partial, long long rows, int channels, \
      int parts) {                                                                      \
    BY_CHANNELS(T, channels, normStatistics, x, partial, rows, channels, parts)         \
  }
NORM_STATISTICS(vgg4j_norm_statistics_f32, float)
NORM_STATISTICS(vgg4j_norm_statistics_bf16, unsigned short)

// What a norm needs of each of its channels.
struct NormChannels {
  const float *gamma, *beta, *bias;  // bias may be null
  float *mean, *invStd, *scale, *shift;

  // The mean is that of x without the bias, which was never added.
  __device__ __forceinline__ void set(int c, double meanOfX, double variance, float epsilon) const {
    const double inverse = 1.0 / sqrt(variance + epsilon);
    const float factor = (float) (gamma[c] * inverse);
    mean[c] = (float) meanOfX;
    invStd[c] = (float) inverse;
    scale[c] = factor;
    shift[c] = (float) (beta[c] - meanOfX * factor);
  }

  // Of a batch with so many rows, which also moves the running statistics.
  __device__ __forceinline__ void measured(
      int c, double meanOfX, double variance, long long rows, float* __restrict__ runningMean,
      float* __restrict__ runningVar, float epsilon, float factor) const {
    set(c, meanOfX, variance, epsilon);
    const double unbiased = variance * rows / (rows > 1 ? rows - 1 : 1);
    const double meanWithBias = meanOfX + (bias ? bias[c] : 0.0f);
    const double keep = 1.0 - factor;
    runningMean[c] = (float) (keep * runningMean[c] + factor * meanWithBias);
    runningVar[c] = (float) (keep * runningVar[c] + factor * unbiased);
  }
};

// Of the rows of one channel; the variance is the biased one.
struct ChannelMoments {
  double mean, variance;
};

// From the sums of x - shiftRow (of x, if that is null) and of its square.
template <class T>
__device__ __forceinline__ ChannelMoments channelMoments(
    const double (&sums)[2], const T* __restrict__ shiftRow, int c, long long rows) {
  const double offset = sums[0] / rows;
  const double rest = sums[1] / rows - offset * offset;
  return {(shiftRow ? widen(shiftRow[c]) : 0.0f) + offset, rest < 0.0 ? 0.0 : rest};  // NaN stays
}

template <class T>
__device__ __forceinline__ void normFinish(
    const float* __restrict__ partial, const T* __restrict__ shiftRow, int parts, long long rows,
    int channels, const NormChannels& norm, float* __restrict__ runningMean,
    float* __restrict__ runningVar, float epsilon, float factor) {
  double sums[2];
  const int c = sumParts(partial, parts, channels, sums);
  if (c < 0) return;
  const ChannelMoments of = channelMoments(sums, shiftRow, c, rows);
  norm.measured(c, of.mean, of.variance, rows, runningMean, runningVar, epsilon, factor);
}

// shiftRow: row 0 of x, or null if partial has the sums of x itself. ceil(channels / 8) x 256.
#define NORM_FINISH(NAME, T)                                                             \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS, 2) NAME(                     \
      const float* __restrict__ partial, const T* __restrict__ shiftRow, int parts,      \
      long long rows, int channels, const float* __restrict__ gamma,                     \
      const float* __restrict__ beta, const float* __restrict__ bias,                    \
      float* __restrict__ runningMean, float* __restrict__ runningVar,                   \
      float* __restrict__ mean, float* __restrict__ invStd, float* __restrict__ scale,   \
      float* __restrict__ shift, float epsilon, float factor) {                          \
    const NormChannels norm = {gamma, beta, bias, mean, invStd, scale, shift};           \
    normFinish(partial, shiftRow, parts, rows, channels, norm, runningMean, runningVar,  \
               epsilon, factor);                                                         \
  }
NORM_FINISH(vgg4j_norm_finish_f32, float)
NORM_FINISH(vgg4j_norm_finish_bf16, unsigned short)

// For inference and for training with frozen statistics.
extern "C" __global__ void vgg4j_norm_frozen(
    const float* __restrict__ gamma, const float* __restrict__ beta,
    const float* __restrict__ bias, const float* __restrict__ runningMean,
    const float* __restrict__ runningVar, float* __restrict__ mean, float* __restrict__ invStd,
    float* __restrict__ scale, float* __restrict__ shift, float epsilon, int channels) {
  const NormChannels norm = {gamma, beta, bias, mean, invStd, scale, shift};
  NOT_UNROLLED for (long long c = firstIndex(); c < channels; c += indexStride()) {
    const double meanOfX = (double) runningMean[c] - (bias ? bias[c] : 0.0f);
    norm.set((int) c, meanOfX, runningVar[c], epsilon);
  }
}

template <class T, int V>
__device__ __forceinline__ void normApply(
    const T* x, T* y, const float* __restrict__ scale, const float* __restrict__ shift,
    long long count, int channels, int hasRelu) {
  ChannelLanes lanes(channels / V);
  Floats<V> a = loadFloats<V>(scale, lanes.lane), b = loadFloats<V>(shift, lanes.lane);
  streamed<4>(
      firstIndex(), count / V, indexStride(),
      [=](long long i) { return loadRaw<T, V>(x, i); },
      [&](long long i, Raw<T, V> raw) {
        Floats<V> v = floatsOf<T, V>(raw);
        UNROLLED for (int k = 0; k < V; k++) {
          v.v[k] = affine(v.v[k], a.v[k], b.v[k]);
          if (hasRelu) v.v[k] = relu(v.v[k]);
        }
        store<T, V>(y, i, v);
        if (lanes.next()) {
          a = loadFloats<V>(scale, lanes.lane);
          b = loadFloats<V>(shift, lanes.lane);
        }
      });
}

// y may be x; count elements.
#define NORM_APPLY(NAME, T)                                                              \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                \
      const T* x, T* y, const float* __restrict__ scale, const float* __restrict__ shift, \
      long long count, int channels, int hasRelu) {                                      \
    BY_CHANNELS(T, channels, normApply, x, y, scale, shift, count, channels, hasRelu)    \
  }
NORM_APPLY(vgg4j_norm_apply_f32, float)
NORM_APPLY(vgg4j_norm_apply_bf16, unsigned short)
