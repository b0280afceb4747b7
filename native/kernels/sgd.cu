// SGD over a slab of parameters, with and without momentum.
#include "common.cuh"

__device__ __forceinline__ void sgdUpdate(float& p, float g, float lr, float weightDecay) {
  p -= lr * (g + weightDecay * p);
}

extern "C" __global__ void vgg4j_sgd(
    float* __restrict__ p, const float* __restrict__ g, const StepState* __restrict__ state,
    long long count, float weightDecay) {
  const float lr = (float) state->learningRate;
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    float4 p4 = load4(p, i);
    const float4 g4 = load4(g, i);
    sgdUpdate(p4.x, g4.x, lr, weightDecay);
    sgdUpdate(p4.y, g4.y, lr, weightDecay);
    sgdUpdate(p4.z, g4.z, lr, weightDecay);
    sgdUpdate(p4.w, g4.w, lr, weightDecay);
    store4(p, i, p4);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    sgdUpdate(p[i], g[i], lr, weightDecay);
  }
}

// v starts at zero, so the first step's velocity is the gradient itself.
__device__ __forceinline__ void momentumUpdate(
    float& p, float g, float& v, float lr, float momentum, float weightDecay) {
  v = momentum * v + (g + weightDecay * p);
  p -= lr * v;
}

extern "C" __global__ void vgg4j_sgd_momentum(
    float* __restrict__ p, const float* __restrict__ g, float* __restrict__ v,
    const StepState* __restrict__ state, long long count, float momentum, float weightDecay) {
  const float lr = (float) state->learningRate;
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    float4 p4 = load4(p, i), v4 = load4(v, i);
    const float4 g4 = load4(g, i);
    momentumUpdate(p4.x, g4.x, v4.x, lr, momentum, weightDecay);
    momentumUpdate(p4.y, g4.y, v4.y, lr, momentum, weightDecay);
    momentumUpdate(p4.z, g4.z, v4.z, lr, momentum, weightDecay);
    momentumUpdate(p4.w, g4.w, v4.w, lr, momentum, weightDecay);
    store4(p, i, p4);
    store4(v, i, v4);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    momentumUpdate(p[i], g[i], v[i], lr, momentum, weightDecay);
  }
}
