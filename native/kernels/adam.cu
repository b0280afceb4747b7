// Adam over a slab of parameters: 28 bytes of traffic per element, or 30 with the bf16 copy.
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

// copy: p as bf16, or null. rate: a factor of the step's learning rate.
extern "C" __global__ void __launch_bounds__(256, 4) vgg4j_adam(
    float* __restrict__ p, const float* __restrict__ g, float* __restrict__ m,
    float* __restrict__ v, unsigned short* __restrict__ copy, const StepState* __restrict__ state,
    long long count, float beta1, float oneMinusBeta1, float beta2, float oneMinusBeta2,
    float epsilon, float weightDecay, float rate) {
  const AdamFactors f = {beta1, oneMinusBeta1, beta2, oneMinusBeta2,
                         epsilon, weightDecay, state->adamStepSize * rate, state->adamRootCorrection};
  const long long quads = count / 4;
  NOT_UNROLLED for (long long i = firstIndex(); i < quads; i += indexStride()) {
    Floats<4> p4 = load<float, 4>(p, i), m4 = load<float, 4>(m, i), v4 = load<float, 4>(v, i);
    const Floats<4> g4 = load<float, 4>(g, i);
    UNROLLED for (int k = 0; k < 4; k++) adamUpdate(p4.v[k], g4.v[k], m4.v[k], v4.v[k], f);
    store<float, 4>(p, i, p4);
    store<float, 4>(m, i, m4);
    store<float, 4>(v, i, v4);
    if (copy) storeQuad(copy, i, p4);
  }
  NOT_UNROLLED for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    adamUpdate(p[i], g[i], m[i], v[i], f);
    if (copy) narrow(p[i], copy[i]);
  }
}
