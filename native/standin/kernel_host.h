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

// A GPU's 16-byte accesses fault when misaligned; these do, too.
struct float4 {
  float x, y, z, w;
};

inline void __syncthreads() { standin::waitForBlock(); }

template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return standin::exchange(value, mask);
}

inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
