#include "common.cuh"

extern "C" __global__ void vgg4j_fill(float* y, long long count, float value) {
  for (long long i = firstIndex(); i < count; i += indexStride()) y[i] = value;
}
