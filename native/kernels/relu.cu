// y = max(x, 0) and its backward, elementwise.
#include "common.cuh"

// NaN stays NaN, so that divergence shows.
__device__ __forceinline__ float relu(float x) { return x <= 0.0f ? 0.0f : x; }

// y may be x.
#define RELU(NAME, T)                                                     \
  extern "C" __global__ void NAME(const T* x, T* y, long long count) {    \
    mapped<4>(x, y, count, [](float v, long long) { return relu(v); });   \
  }
RELU(vgg4j_relu_f32, float)
RELU(vgg4j_relu_bf16, unsigned short)

// dx = dy where y > 0, else 0; dx may be dy.
#define RELU_BACKWARD(NAME, T)                                                            \
  extern "C" __global__ void NAME(const T* y, const T* dy, T* dx, long long count) {      \
    mapped(dy, y, dx, count, [](float g, float v) { return v > 0.0f ? g : 0.0f; });       \
  }
RELU_BACKWARD(vgg4j_relu_backward_f32, float)
RELU_BACKWARD(vgg4j_relu_backward_bf16, unsigned short)
