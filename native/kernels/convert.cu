// Between fp32 and bf16.
#include "common.cuh"

// y = x, rounded to nearest even.
extern "C" __global__ void vgg4j_round_bf16(
    const float* __restrict__ x, unsigned short* __restrict__ y, long long count) {
  const long long whole = count / 8;
  streamed<2>(
      firstIndex(), whole, indexStride(),
      [=](long long i) { return loadFloats<8>(x, i); },
      [=](long long i, const Floats<8>& v) { store<unsigned short, 8>(y, i, v); });
  NOT_UNROLLED for (long long i = 8 * whole + firstIndex(); i < count; i += indexStride()) narrow(x[i], y[i]);
}

extern "C" __global__ void vgg4j_widen_bf16(
    const unsigned short* __restrict__ x, float* __restrict__ y, long long count) {
  const long long whole = count / 8;
  streamed<4>(
      firstIndex(), whole, indexStride(),
      [=](long long i) { return loadRaw<unsigned short, 8>(x, i); },
      [=](long long i, Raw<unsigned short, 8> raw) {
        storeFloats<8>(y, i, floatsOf<unsigned short, 8>(raw));
      });
  NOT_UNROLLED for (long long i = 8 * whole + firstIndex(); i < count; i += indexStride()) y[i] = widen(x[i]);
}
