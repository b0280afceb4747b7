// Gradients clipped to a norm of all of them together, in three kernels without a wait of the host.
#include "common.cuh"

enum { CLIP_THREADS = 256 };  // of a block of the first two

// The sum over the threads of a block, in a fixed order; all of them call it, thread 0 gets it.
__device__ __forceinline__ double blockSum(double mine) {
  __shared__ double sums[CLIP_THREADS];
  sums[threadIdx.x] = mine;
  __syncthreads();
  NOT_UNROLLED for (int half = CLIP_THREADS / 2; half > 0; half /= 2) {
    if ((int) threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  return sums[0];
}

// partial[b] = the squares of block b's elements of g, summed in double: no square overflows.
extern "C" __global__ void __launch_bounds__(CLIP_THREADS) vgg4j_clip_squares(
    const float* __restrict__ g, long long count, double* __restrict__ partial) {
  const long long quads = count / 4;
  double sum = 0.0;
  streamed<4>(
      firstIndex(), quads, indexStride(),
      [=](long long i) { return loadRaw<float, 4>(g, i); },
      [&](long long, Raw<float, 4> raw) {
        const Floats<4> x = floatsOf<float, 4>(raw);
        UNROLLED for (int k = 0; k < 4; k++) sum += (double) x.v[k] * x.v[k];
      });
  NOT_UNROLLED for (long long i = 4 * quads + firstIndex(); i < count; i += indexStride()) {
    sum += (double) g[i] * g[i];
  }
  const double total = blockSum(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = total;
}

// One block. factor = what the gradients are multiplied by: min(1, maxNorm / (norm + 1e-6)); NaN for a norm that
// is not finite, so that the training sees it in the weights.
extern "C" __global__ void __launch_bounds__(CLIP_THREADS) vgg4j_clip_factor(
    const double* __restrict__ partial, int parts, double maxNorm, float* __restrict__ factor) {
  double sum = 0.0;
  NOT_UNROLLED for (int i = threadIdx.x; i < parts; i += CLIP_THREADS) sum += partial[i];
  const double total = blockSum(sum);
  if (threadIdx.x != 0) return;
  const double ratio = maxNorm / (sqrt(total) + 1e-6);
  *factor = !(total * 0.0 == 0.0) ? __uint_as_float(0x7fffffff) : ratio < 1.0 ? (float) ratio : 1.0f;
}

// g *= *factor; where that is 1, nothing is read.
extern "C" __global__ void vgg4j_clip(
    float* __restrict__ g, long long count, const float* __restrict__ factor) {
  const float by = *factor;
  if (by == 1.0f) return;
  mapped<2>(g, g, count, [=](float x, long long) { return x * by; });
}
