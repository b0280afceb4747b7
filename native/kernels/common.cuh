// What the kernel files share. Every file is compiled by nvcc for the GPU, by NVRTC from the text of
// all files in the order of kernels.list, and by g++ for the stand-in: so no other header is
// included, and no two files define the same name.
#ifndef VGG4J_COMMON_CUH
#define VGG4J_COMMON_CUH

// What changes from step to step, in device memory, so that a recorded step can be replayed.
// The host writes the first six fields; vgg4j_adam_prepare derives the others from them.
struct StepState {
  unsigned long long seed;
  unsigned long long step;         // optimizer updates already made
  unsigned long long forwardPass;  // what dropout draws by
  double learningRate;
  double lossScale;  // what the sum of the losses is multiplied by before the backward
  long long rows;    // samples of the batch that count in the loss, from the first
  float adamStepSize;        // lr / (1 - beta1^t), t = step + 1
  float adamRootCorrection;  // 1 / sqrt(1 - beta2^t)
};
static_assert(sizeof(StepState) == 56, "the host writes this layout");

// The sums over samples since the last reset; all bytes zero is the reset state.
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
