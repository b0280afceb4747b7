// Softmax cross entropy: one warp per row, then one block that sums the rows. Every sum has a fixed
// order, so the same logits give the same bits.
#include "common.cuh"

enum { CROSS_ENTROPY_ROWS = 4, TOTALS_THREADS = 256, TOP = 5 };  // rows per block; threads in the one block; answers that may hold the label

__device__ __forceinline__ bool isFinite(double x) { return x - x == 0.0; }

// Row r < rows: rowLoss[r] and rowState[r] (2 correct, 1 among the five largest, 0 neither, -1 invalid
// label), and dlogits = (softmax - target) * lossScale unless dlogits is null; the target is
// labelTarget for the label and otherTarget for all other classes. Rows from `rows` to `batch` get
// a zero gradient. logits, dlogits (batch, classes); labels (batch).
// Blocks of 128 threads, one per CROSS_ENTROPY_ROWS rows of the batch.
template <class T>
__device__ __forceinline__ void crossEntropy(
    const T* __restrict__ logits, const int* __restrict__ labels,
    T* __restrict__ dlogits, double* __restrict__ rowLoss, int* __restrict__ rowState,
    const StepState* __restrict__ state, int batch, int classes, double labelTarget, double otherTarget) {
  const int lane = threadIdx.x % 32;
  const int row = blockIdx.x * CROSS_ENTROPY_ROWS + threadIdx.x / 32;
  if (row >= batch) return;  // the whole warp
  const long long at = (long long) row * classes;
  if (row >= state->rows) {
    if (dlogits) {
      for (int c = lane; c < classes; c += 32) dlogits[at + c] = 0;  // the bits of zero in either type
    }
    return;
  }
  // The first of the largest logits.
  float max = 0.0f;
  int best = classes;
  for (int c = lane; c < classes; c += 32) {
    const float value = widen(logits[at + c]);
    if (value > max || best == classes) {
      max = value;
      best = c;
    }
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    const float otherMax = __shfl_xor_sync(0xffffffffu, max, offset);
    const int otherBest = __shfl_xor_sync(0xffffffffu, best, offset);
    // A lane without classes has best == classes and must never win.
    const bool otherWins = otherBest < classes
        && (best == classes || otherMax > max || (otherMax == max && otherBest < best));
    max = otherWins ? otherMax : max;
    best = otherWins ? otherBest : best;
  }
  const int label = labels[row];
  const bool isClass = label >= 0 && label < classes;
  const float ofLabel = isClass ? widen(logits[at + label]) : max;
  double sum = 0.0, below = 0.0;  // of exp(z - max), and of z - max
  int rank = 0;                   // how many logits come before the label's
  for (int c = lane; c < classes; c += 32) {
    const float value = widen(logits[at + c]);
    const double difference = (double) value - max;
    sum += exp(difference);
    below += difference;
    rank += value > ofLabel || (value == ofLabel && c < label);
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    below += __shfl_xor_sync(0xffffffffu, below, offset);
    rank += __shfl_xor_sync(0xffffffffu, rank, offset);
  }
  if (dlogits) {
    const double inverse = 1.0 / sum;
    for (int c = lane; c < classes; c += 32) {
      const double softmax = exp((double) widen(logits[at + c]) - max) * inverse;
      const double slope = (softmax - (c == label ? labelTarget : otherTarget)) * state->lossScale;
      narrow((float) slope, dlogits[at + c]);
    }
  }
  if (lane == 0) {
    double loss = 0.0;
    if (isClass) {
      const double difference = (double) ofLabel - max;
      loss = otherTarget == 0.0
          ? log(sum) - difference
          : log(sum) - (labelTarget - otherTarget) * difference - otherTarget * below;
    }
    rowLoss[row] = loss;
    rowState[row] = !isClass ? -1 : !isFinite(loss) ? 0 : rank == 0 ? 2 : rank < TOP ? 1 : 0;
  }
}

#define CROSS_ENTROPY(NAME, T)                                                             \
  extern "C" __global__ void __launch_bounds__(32 * CROSS_ENTROPY_ROWS, 4) NAME(           \
      const T* __restrict__ logits, const int* __restrict__ labels,                        \
      T* __restrict__ dlogits, double* __restrict__ rowLoss, int* __restrict__ rowState,   \
      const StepState* __restrict__ state, int batch, int classes, double labelTarget,     \
      double otherTarget) {                                                                \
    crossEntropy(logits, labels, dlogits, rowLoss, rowState, state, batch, classes,        \
                 labelTarget, otherTarget);                                                \
  }
CROSS_ENTROPY(vgg4j_cross_entropy_f32, float)
CROSS_ENTROPY(vgg4j_cross_entropy_bf16, unsigned short)

// Adds the rows to the totals: each thread sums its rows in order, then a tree sums the threads.
// One block of TOTALS_THREADS threads.
extern "C" __global__ void __launch_bounds__(TOTALS_THREADS) vgg4j_loss_totals(
    const double* __restrict__ rowLoss, const int* __restrict__ rowState,
    const StepState* __restrict__ state, LossTotals* __restrict__ totals) {
  __shared__ double losses[TOTALS_THREADS];
  __shared__ int corrects[TOTALS_THREADS];
  __shared__ int tops[TOTALS_THREADS];
  __shared__ int bads[TOTALS_THREADS];
  const int t = threadIdx.x;
  const int rows = (int) state->rows;
  double loss = 0.0;
  int correct = 0, top = 0, bad = 0;
  NOT_UNROLLED for (int row = t; row < rows; row += TOTALS_THREADS) {
    loss += rowLoss[row];
    correct += rowState[row] == 2;
    top += rowState[row] >= 1;
    bad += rowState[row] == -1;
  }
  losses[t] = loss;
  corrects[t] = correct;
  tops[t] = top;
  bads[t] = bad;
  __syncthreads();
  for (int half = TOTALS_THREADS / 2; half > 0; half /= 2) {
    if (t < half) {
      losses[t] += losses[t + half];
      corrects[t] += corrects[t + half];
      tops[t] += tops[t + half];
      bads[t] += bads[t + half];
    }
    __syncthreads();
  }
  if (t == 0) {
    totals->lossSum += losses[0];
    totals->correct += corrects[0];
    totals->inTopFive += tops[0];
    totals->count += rows;
    totals->badLabels += bads[0];
    if (totals->firstNonFinite == 0 && !isFinite(losses[0])) {
      totals->firstNonFinite = (long long) state->step + 1;
    }
  }
}
