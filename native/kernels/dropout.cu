// Dropout. The mask is a function of (seed, stream, forward pass, index), so nothing is stored and the
// backward draws the same mask again. The index is the row-major one, whatever the layout in memory; rows are
// numbered from `first`, so that slices of a batch on several devices draw what the whole batch draws on one.
#include "common.cuh"

// The finalizer of SplitMix64, bit for bit as in the host's CounterRandom.
__device__ __forceinline__ unsigned long long mixBits(unsigned long long z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

struct DropoutMask {
  static const unsigned long long GAMMA = 0x9E3779B97F4A7C15ull;
  unsigned long long key;
  long long begin;  // the index of the first element
  int threshold;
  float scale;

  __device__ __forceinline__ DropoutMask(
      const StepState& state, unsigned long long stream, int limit, float factor, long long perRow)
      : begin(state.first * perRow), threshold(limit), scale(factor) {
    key = mixBits(state.seed + GAMMA);
    key = mixBits(key ^ (stream + GAMMA));
    key = mixBits(key ^ (state.forwardPass * GAMMA + 1));
  }

  __device__ __forceinline__ float apply(float x, long long index) const {
    const unsigned long long bits = mixBits(key + ((unsigned long long) (begin + index) + 1) * GAMMA);
    return (int) (bits >> 40) >= threshold ? x * scale : 0.0f;
  }
};

// Channels innermost: neighbours in memory are `inner` elements apart in row-major order.
template <class T, int V>
__device__ __forceinline__ void dropChannels(
    const T* x, T* y, const DropoutMask& mask, long long count, int channels, int inner) {
  LongWalk at(firstIndex(), indexStride(), channels / V, inner, 1);
  NOT_UNROLLED for (long long i = firstIndex(); i < count / V; i += indexStride()) {
    Floats<V> v = load<T, V>(x, i);
    const long long channel = at.image * channels + (long long) at.lane * V;
    UNROLLED for (int k = 0; k < V; k++) {
      v.v[k] = mask.apply(v.v[k], (channel + k) * inner + at.column);
    }
    store<T, V>(y, i, v);
    at.next();
  }
}

// y = x, or dx = dy (.., inner, channels): each element scaled, or zeroed when its 24 random bits are below the
// threshold. y may be x.
#define DROPOUT(NAME, T)                                                                     \
  extern "C" __global__ void __launch_bounds__(256) NAME(                                    \
      const T* x, T* y, const StepState* __restrict__ state, unsigned long long stream,      \
      long long count, int threshold, float scale, int channels, int inner) {                \
    const DropoutMask mask(*state, stream, threshold, scale, (long long) channels * inner);  \
    if (inner == 1) {                                                                        \
      mapped<2>(x, y, count, [=](float v, long long i) { return mask.apply(v, i); });        \
    } else {                                                                                 \
      BY_CHANNELS(T, channels, dropChannels, x, y, mask, count, channels, inner)             \
    }                                                                                        \
  }
DROPOUT(vgg4j_dropout_f32, float)
DROPOUT(vgg4j_dropout_bf16, unsigned short)
