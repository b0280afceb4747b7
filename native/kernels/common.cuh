// Shared by all kernel files. Each file is compiled by nvcc for the GPU, by NVRTC as part of one text
// (all files in the order of kernels.list), and by g++ for the stand-in. So no other header may be
// included, and no two files may define the same name.
#ifndef VGG4J_COMMON_CUH
#define VGG4J_COMMON_CUH

// Everything that changes between steps, in device memory, so that a recorded step can be replayed.
// The host writes the first six fields; vgg4j_adam_prepare derives the last two.
struct StepState {
  unsigned long long seed;
  unsigned long long step;         // optimizer updates already made
  unsigned long long forwardPass;  // selects dropout's draws
  double learningRate;
  double lossScale;  // factor of the summed loss before the backward
  long long rows;    // the first `rows` samples of the batch count in the loss
  float adamStepSize;        // lr / (1 - beta1^t), t = step + 1
  float adamRootCorrection;  // 1 / sqrt(1 - beta2^t)
};
static_assert(sizeof(StepState) == 56, "the host writes this layout");

// Sums over samples since the last reset; a reset sets all bytes to zero.
struct LossTotals {
  double lossSum;
  long long correct;
  long long count;
  long long badLabels;       // labels outside 0..classes-1
  long long firstNonFinite;  // 0, or 1 + the first step whose loss was not finite
};
static_assert(sizeof(LossTotals) == 40, "the host reads this layout");

// The first index and the stride of a grid-stride loop.
__device__ __forceinline__ long long firstIndex() {
  return (long long) blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ long long indexStride() {
  return (long long) gridDim.x * blockDim.x;
}

// 16-byte accesses; the pointers are aligned to 16 bytes.
__device__ __forceinline__ float4 load4(const float* p, long long quad) {
  return reinterpret_cast<const float4*>(p)[quad];
}

__device__ __forceinline__ void store4(float* p, long long quad, float4 value) {
  reinterpret_cast<float4*>(p)[quad] = value;
}

#endif
