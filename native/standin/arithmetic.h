// The arithmetic behind cuDNN's and cuBLAS's operations: sums in double, single precision in and out.
#pragma once
#include <cstdint>
#include <cstring>

namespace standin {

// c (m, n) = a (m, k) b (k, n), all row-major and without gaps; each sum in the order of k.
void multiply(long m, long n, long k, const float* a, const float* b, double* c);

// Rounds a float to TF32, as a tensor core reads it: 10 bits of fraction.
inline float toTf32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  bits = (bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu;
  memcpy(&x, &bits, 4);
  return x;
}

// Rounds a float to bfloat16, to nearest even; NaN stays NaN.
inline uint16_t toBf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t) ((bits >> 16) | 0x40u);
  return (uint16_t) ((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float fromBf16(uint16_t x) {
  const uint32_t bits = (uint32_t) x << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

// y = alpha result + beta y, and y is not read when beta is 0.
inline void blend(float* y, double result, float alpha, float beta) {
  *y = (float) (beta == 0.0f ? alpha * result : alpha * result + (double) beta * *y);
}

}  // namespace standin
