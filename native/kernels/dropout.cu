// Dropout. The mask is a function of (seed, stream, forward pass, index), so nothing is stored and the
// backward draws the same mask again.
#include "common.cuh"

// The finalizer of SplitMix64, bit for bit as in the host's CounterRandom.
__device__ __forceinline__ unsigned long long mixBits(unsigned long long z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// y = x, or dx = dy: each element scaled, or zeroed when its 24 random bits are below the threshold.
// y may be x.
extern "C" __global__ void vgg4j_dropout(
    const float* x, float* y, const StepState* state, unsigned long long stream, long long count,
    int threshold, float scale) {
  const unsigned long long gamma = 0x9E3779B97F4A7C15ull;
  unsigned long long key = mixBits(state->seed + gamma);
  key = mixBits(key ^ (stream + gamma));
  key = mixBits(key ^ (state->forwardPass * gamma + 1));
  for (long long i = firstIndex(); i < count; i += indexStride()) {
    const unsigned long long bits = mixBits(key + ((unsigned long long) i + 1) * gamma);
    y[i] = (int) (bits >> 40) >= threshold ? x[i] * scale : 0.0f;
  }
}
