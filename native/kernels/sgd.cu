// SGD over a slab of parameters, with and without momentum.
#include "common.cuh"

__device__ __forceinline__ void sgdUpdate(float& p, float g, float lr, float weightDecay) {
  p -= lr * (g + weightDecay * p);
}

// copy: p as bf16, or null. rate: a factor of the step's learning rate.
extern "C" __global__ void vgg4j_sgd(
    float* __restrict__ p, const float* __restrict__ g, unsigned short* __restrict__ copy,
    const StepState* __restrict__ state, long long count, float weightDecay, float rate) {
  const float lr = (float) state->learningRate * rate;
  const long long quads = count / 4;
  NOT_UNROLLED for (long long i = firstIndex(); i < quads; i += indexStride()) {
    Floats<4> p4 = load<float, 4>(p, i);
    const Floats<4> g4 = load<float, 4>(g, i);
    UNROLLED for (int k = 0; k < 4; k++) sgdUpdate(p4.v[k], g4.v[k], lr, weightDecay);
    store<float, 4>(p, i, p4);
    if (copy) storeQuad(copy, i, p4);
  }
  NOT_UNROLLED for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    sgdUpdate(p[i], g[i], lr, weightDecay);
    if (copy) narrow(p[i], copy[i]);
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
    unsigned short* __restrict__ copy, const StepState* __restrict__ state, long long count,
    float momentum, float weightDecay, float rate) {
  const float lr = (float) state->learningRate * rate;
  const long long quads = count / 4;
  NOT_UNROLLED for (long long i = firstIndex(); i < quads; i += indexStride()) {
    Floats<4> p4 = load<float, 4>(p, i), v4 = load<float, 4>(v, i);
    const Floats<4> g4 = load<float, 4>(g, i);
    UNROLLED for (int k = 0; k < 4; k++) {
      momentumUpdate(p4.v[k], g4.v[k], v4.v[k], lr, momentum, weightDecay);
    }
    store<float, 4>(p, i, p4);
    store<float, 4>(v, i, v4);
    if (copy) storeQuad(copy, i, p4);
  }
  NOT_UNROLLED for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    momentumUpdate(p[i], g[i], v[i], lr, momentum, weightDecay);
    if (copy) narrow(p[i], copy[i]);
  }
}
