// Checks a tensor for NaN and infinity.
#include "common.cuh"

// A finite number times zero is zero; NaN or infinity times zero is NaN.
__device__ __forceinline__ bool isBad(float x) { return !(x * 0.0f == 0.0f); }

// Sets *found to 1 if any element of x is not finite, else leaves it alone. All writers write the same.
extern "C" __global__ void vgg4j_non_finite(
    const float* __restrict__ x, long long count, int* __restrict__ found) {
  bool bad = false;
  const long long quads = count / 4;
  for (long long i = firstIndex(); i < quads; i += indexStride()) {
    const float4 v = load4(x, i);
    bad = bad || isBad(v.x) || isBad(v.y) || isBad(v.z) || isBad(v.w);
  }
  for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    bad = bad || isBad(x[i]);
  }
  if (bad) *found = 1;
}
