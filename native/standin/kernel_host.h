// Lets g++ compile the kernel files unchanged: CUDA's keywords in C++, one simulated thread at a time.
// Only kernels.cpp includes it, ahead of the kernels.
#pragma once
#include <math.h>

#include "kernel_runner.h"

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict
// One block runs at a time, so that its shared memory can be static.
#define __shared__ static

#define threadIdx standin::coordinates.thread
#define blockIdx standin::coordinates.block
#define blockDim standin::coordinates.blockSize
#define gridDim standin::coordinates.gridSize

// A GPU's wide accesses fault when misaligned; these do, too. They may access what is an array of another type.
struct __attribute__((may_alias)) uint1 {
  unsigned x;
};
struct __attribute__((may_alias, aligned(8))) uint2 {
  unsigned x, y;
};
struct __attribute__((may_alias, aligned(16))) uint4 {
  unsigned x, y, z, w;
};

inline float __uint_as_float(unsigned bits) {
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

inline unsigned __float_as_uint(float x) {
  unsigned bits;
  __builtin_memcpy(&bits, &x, 4);
  return bits;
}

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }

inline void __syncthreads() { standin::waitForBlock(); }

template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return standin::exchange(value, mask);
}

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
