// Sums over the rows of x (rows, channels), in two stages without atomics: each block sums a part of the rows
// of some channels into `partial` (parts, sums, channels), and a second kernel adds the parts. The order is
// fixed by the shape and the number of parts alone.
#include "common.cuh"

enum {
  SUM_THREADS = 256,   // of a block of either stage
  SUM_PADDING = 8,     // keeps the banks of shared memory apart
  SUM_SPLIT = 16,      // threads that share one sum at most
  FINISH_CHANNELS = 8  // of a block of the second stage
};

// What a thread of the first stage sums: every rowStep-th row of its part, at one lane of V channels.
struct PartOfRows {
  int part, lane, lanes;
  int blockLanes;  // of this block, a power of two: thread t has lane t % blockLanes of them
  int rowStep;
  long long first, end;  // rows; first >= end if the thread has none

  __device__ __forceinline__ PartOfRows(long long rows, int laneCount, int parts)
      : lanes(laneCount), blockLanes(1) {
    while (2 * blockLanes <= lanes && blockLanes < SUM_THREADS) blockLanes *= 2;
    const int groups = (lanes + blockLanes - 1) / blockLanes;
    part = blockIdx.x / groups;
    lane = (blockIdx.x - part * groups) * blockLanes + threadIdx.x % blockLanes;
    rowStep = SUM_THREADS / blockLanes;
    end = boundary(part + 1, rows, parts);
    first = boundary(part, rows, parts) + threadIdx.x / blockLanes;
    if (lane >= lanes) first = end;
  }

  // part * rows / parts
  static __device__ __forceinline__ long long boundary(int part, long long rows, int parts) {
    const long long even = quotient(rows, parts);
    return even * part + quotient((rows - even * parts) * part, parts);
  }

  // In accesses, for streamed(..).
  __device__ __forceinline__ long long firstAccess() const { return first * lanes + lane; }
  __device__ __forceinline__ long long endAccess() const { return end * lanes + lane; }
  __device__ __forceinline__ long long accessStep() const { return (long long) rowStep * lanes; }
};

// Adds mine[k][..] over the threads of a block that have the same lane; partial gets K sums of each channel.
// All threads of a block call it.
template <int K, int V>
__device__ __forceinline__ void sumThreads(
    const Floats<V> (&mine)[K], const PartOfRows& rows, float* partial) {
  __shared__ float sums[K * V][SUM_THREADS + SUM_PADDING];
  const int t = threadIdx.x;
  UNROLLED for (int k = 0; k < K; k++) {
    UNROLLED for (int j = 0; j < V; j++) sums[k * V + j][t] = mine[k].v[j];
  }
  __syncthreads();
  const int width = rows.blockLanes, height = rows.rowStep, outputs = K * V * width;
  int split = 1;
  while (split < SUM_SPLIT && 2 * split <= height && 2 * split * outputs <= SUM_THREADS) split *= 2;
  NOT_UNROLLED for (int i = t; i < split * outputs; i += SUM_THREADS) {
    float* from = &sums[i / width % (K * V)][i % width];
    const int begin = i / outputs;
    float sum = 0.0f;
    NOT_UNROLLED for (int row = begin; row < height; row += split) sum += from[row * width];
    from[begin * width] = sum;
  }
  // Without a split, each thread goes on with its own sums.
  if (split > 1) __syncthreads();
  const int channels = rows.lanes * V;
  const int firstChannel = (rows.lane - t % width) * V;
  NOT_UNROLLED for (int i = t; i < outputs; i += SUM_THREADS) {
    const int kj = i / width, lane = i % width;
    const int channel = firstChannel + lane * V + kj % V;
    if (channel >= channels) continue;
    float sum = sums[kj][lane];
    NOT_UNROLLED for (int part = 1; part < split; part++) sum += sums[kj][part * width + lane];
    partial[((long long) rows.part * K + kj / V) * channels + channel] = sum;
  }
}

// The channel of the second stage that a thread finishes, or -1.
__device__ __forceinline__ int finishedChannel(int channels) {
  const int channel = blockIdx.x * FINISH_CHANNELS + threadIdx.x;
  return threadIdx.x < FINISH_CHANNELS && channel < channels ? channel : -1;
}

// The second stage: K sums over all parts, in double. Returns the thread's finishedChannel.
// All threads of a block call it; the first FINISH_CHANNELS get one, as far as there are channels.
template <int K>
__device__ __forceinline__ int sumParts(
    const float* __restrict__ partial, int parts, int channels, double (&sums)[K]) {
  enum { SLICES = SUM_THREADS / FINISH_CHANNELS };
  __shared__ double slices[K][SLICES][FINISH_CHANNELS];
  const int own = threadIdx.x % FINISH_CHANNELS, slice = threadIdx.x / FINISH_CHANNELS;
  const int channel = blockIdx.x * FINISH_CHANNELS + own;
  double mine[K] = {};
  if (channel < channels) {
    NOT_UNROLLED for (int part = slice; part < parts; part += SLICES) {
      UNROLLED for (int k = 0; k < K; k++) {
        mine[k] += partial[((long long) part * K + k) * channels + channel];
      }
    }
  }
  UNROLLED for (int k = 0; k < K; k++) slices[k][slice][own] = mine[k];
  __syncthreads();
  UNROLLED for (int k = 0; k < K; k++) {
    sums[k] = 0.0;
    NOT_UNROLLED for (int i = 0; slice == 0 && i < SLICES; i++) sums[k] += slices[k][i][own];
  }
  return finishedChannel(channels);
}

// db (channels) = partial (parts, channels) summed over the parts.
extern "C" __global__ void __launch_bounds__(SUM_THREADS) vgg4j_sum_parts(
    const float* __restrict__ partial, int parts, int channels, float* __restrict__ db) {
  double sums[1];
  const int c = sumParts(partial, parts, channels, sums);
  if (c >= 0) db[c] = (float) sums[0];
}
