// y = max(x, 0) and its backward, elementwise.
#include "common.cuh"

// NaN stays NaN, so that divergence shows.
__device__ __forceinline__ float relu(float x) { return x <= 0.0f ? 0.0f : x; }

// y may be x.
extern "C" __global__ void vgg4j_relu(const float* x, float* y, long long count) {
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    float4 v = load4(x, i);
    v.x = relu(v.x);
    v.y = relu(v.y);
    v.z = relu(v.z);
    v.w = relu(v.w);
    store4(y, i, v);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) y[i] = relu(x[i]);
}

// dx = dy where y > 0, else 0; dx may be dy.
extern "C" __global__ void vgg4j_relu_backward(
    const float* y, const float* dy, float* dx, long long count) {
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    const float4 mask = load4(y, i);
    float4 v = load4(dy, i);
    v.x = mask.x > 0.0f ? v.x : 0.0f;
    v.y = mask.y > 0.0f ? v.y : 0.0f;
    v.z = mask.z > 0.0f ? v.z : 0.0f;
    v.w = mask.w > 0.0f ? v.w : 0.0f;
    store4(dx, i, v);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    dx[i] = y[i] > 0.0f ? dy[i] : 0.0f;
  }
}
