// The running average of a slab of weights.
#include "common.cuh"

// average += share (x - average): an average of equal values does not move.
extern "C" __global__ void vgg4j_average(
    float* __restrict__ average, const float* __restrict__ x, long long count, float share) {
  mapped(average, x, average, count, [=](float a, float b) { return a + share * (b - a); });
}

// Exchanges the elements of two slabs.
extern "C" __global__ void vgg4j_exchange(
    float* __restrict__ a, float* __restrict__ b, long long count) {
  const long long quads = count / 4;
  NOT_UNROLLED for (long long i = firstIndex(); i < quads; i += indexStride()) {
    const Floats<4> a4 = load<float, 4>(a, i), b4 = load<float, 4>(b, i);
    store<float, 4>(a, i, b4);
    store<float, 4>(b, i, a4);
  }
  NOT_UNROLLED for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    const float x = a[i];
    a[i] = b[i];
    b[i] = x;
  }
}
