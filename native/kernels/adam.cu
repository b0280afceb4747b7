// Adam over a slab of parameters: 28 bytes of traffic per element, so every access is 16 bytes wide.
#include "common.cuh"

// One thread, once per step: the bias corrections in double, as in the CPU engine.
extern "C" __global__ void vgg4j_adam_prepare(StepState* state, double beta1, double beta2) {
  double t = (double) state->step + 1.0;
  state->adamStepSize = (float) (state->learningRate / (1.0 - pow(beta1, t)));
  state->adamRootCorrection = (float) (1.0 / sqrt(1.0 - pow(beta2, t)));
}

struct AdamFactors {
  float beta1, oneMinusBeta1, beta2, oneMinusBeta2, epsilon, weightDecay;
  float stepSize, rootCorrection;
};

__device__ __forceinline__ void adamUpdate(
    float& p, float g, float& m, float& v, const AdamFactors& f) {
  g += f.weightDecay * p;
  m = f.beta1 * m + f.oneMinusBeta1 * g;
  v = f.beta2 * v + f.oneMinusBeta2 * g * g;
  p -= f.stepSize * m / (sqrtf(v) * f.rootCorrection + f.epsilon);
}

extern "C" __global__ void vgg4j_adam(
    float* __restrict__ p, const float* __restrict__ g, float* __restrict__ m,
    float* __restrict__ v, const StepState* __restrict__ state, long long count, float beta1,
    float oneMinusBeta1, float beta2, float oneMinusBeta2, float epsilon, float weightDecay) {
  const AdamFactors f = {beta1, oneMinusBeta1, beta2, oneMinusBeta2,
                         epsilon, weightDecay, state->adamStepSize, state->adamRootCorrection};
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    float4 p4 = load4(p, i), m4 = load4(m, i), v4 = load4(v, i);
    const float4 g4 = load4(g, i);
    adamUpdate(p4.x, g4.x, m4.x, v4.x, f);
    adamUpdate(p4.y, g4.y, m4.y, v4.y, f);
    adamUpdate(p4.z, g4.z, m4.z, v4.z, f);
    adamUpdate(p4.w, g4.w, m4.w, v4.w, f);
    store4(p, i, p4);
    store4(m, i, m4);
    store4(v, i, v4);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    adamUpdate(p[i], g[i], m[i], v[i], f);
  }
}
