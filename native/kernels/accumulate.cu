// The sum of two slabs of gradients.
#include "common.cuh"

// into += from
extern "C" __global__ void vgg4j_accumulate(
    float* __restrict__ into, const float* __restrict__ from, long long count) {
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    float4 sum = load4(into, i);
    const float4 addend = load4(from, i);
    sum.x += addend.x;
    sum.y += addend.y;
    sum.z += addend.z;
    sum.w += addend.w;
    store4(into, i, sum);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) into[i] += from[i];
}
