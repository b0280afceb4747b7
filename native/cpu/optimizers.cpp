// Steps of optimizers: what OneDnnAdam and OneDnnSgd of org.vgg4j.backend.onednn do in Java, with the same bits, in OpenMP's threads.

#include <cmath>
#include <cstdint>

#include "export.h"

namespace {

float* values(int64_t address) { return reinterpret_cast<float*>(address); }

}  // namespace

// The methods of CpuLibrary; they get what JNI gives to static ones.

EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_adam(
    void*, void*, int64_t pAt, int64_t gAt, int64_t mAt, int64_t vAt, int64_t count, float beta1, float oneMinusBeta1, float beta2,
    float oneMinusBeta2, float epsilon, float weightDecay, float stepSize, float rootCorrection) {
  float* __restrict p = values(pAt);
  const float* __restrict g = values(gAt);
  float* __restrict m = values(mAt);
  float* __restrict v = values(vAt);
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; i++) {
    float gradient = g[i] + weightDecay * p[i];
    float first = beta1 * m[i] + oneMinusBeta1 * gradient;
    float second = beta2 * v[i] + oneMinusBeta2 * gradient * gradient;
    m[i] = first;
    v[i] = second;
    p[i] -= stepSize * first / (std::sqrt(second) * rootCorrection + epsilon);
  }
}

EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_sgd(
    void*, void*, int64_t pAt, int64_t gAt, int64_t count, float rate, float weightDecay) {
  float* __restrict p = values(pAt);
  const float* __restrict g = values(gAt);
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; i++) p[i] -= rate * (g[i] + weightDecay * p[i]);
}

EXPORTED void Java_org_vgg4j_backend_onednn_CpuLibrary_momentum(
    void*, void*, int64_t pAt, int64_t gAt, int64_t vAt, int64_t count, float rate, float weightDecay, float momentum) {
  float* __restrict p = values(pAt);
  const float* __restrict g = values(gAt);
  float* __restrict v = values(vAt);
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; i++) {
    float velocity = momentum * v[i] + (g[i] + weightDecay * p[i]);
    v[i] = velocity;
    p[i] -= rate * velocity;
  }
}
