// Batch normalization over the rows of several ranks. What a rank knows of its own rows goes to a place of its own
// among zeros. So a sum over the ranks brings it to all of them without rounding, and the variance keeps its digits
// where the mean is large.
#include "common.cuh"

// Where a rank's moments begin in (ranks, 1 + 2 channels) doubles: the number of its rows, a mean for each channel,
// and the sum of the squared deviations from it. A rank without rows has zeros.
__device__ __forceinline__ long long momentsOfRank(int rank, int channels) {
  return (long long) rank * (1 + 2 * channels);
}

// So many rows have all ranks together.
__device__ __forceinline__ double rowsOfRanks(
    const double* __restrict__ moments, int ranks, int channels) {
  double rows = 0.0;
  NOT_UNROLLED for (int r = 0; r < ranks; r++) rows += moments[momentsOfRank(r, channels)];
  return rows;
}

template <class T>
__device__ __forceinline__ void normRanksMoments(
    const float* __restrict__ partial, const T* __restrict__ shiftRow, int parts, long long rows,
    int channels, int rank, int ranks, int isEmpty, double* __restrict__ moments) {
  double sums[2];
  const int c = sumParts(partial, parts, channels, sums);
  if (c < 0) return;
  const ChannelMoments own = channelMoments(sums, shiftRow, c, rows);
  NOT_UNROLLED for (int r = 0; r < ranks; r++) {
    const bool isOwn = r == rank && !isEmpty;
    double* at = moments + momentsOfRank(r, channels);
    if (c == 0) at[0] = isOwn ? (double) rows : 0.0;
    at[1 + c] = isOwn ? own.mean : 0.0;
    at[1 + channels + c] = isOwn ? own.variance * rows : 0.0;
  }
}

// partial and shiftRow as for vgg4j_norm_finish; isEmpty: the rows are none of the batch's. moments of all ranks, to be
// summed over them. ceil(channels / 8) x 256.
#define NORM_RANKS_MOMENTS(NAME, T)                                                         \
  extern "C" __global__ void __launch_bounds__(SUM_THREADS) NAME(                           \
      const float* __restrict__ partial, const T* __restrict__ shiftRow, int parts,         \
      long long rows, int channels, int rank, int ranks, int isEmpty,                       \
      double* __restrict__ moments) {                                                       \
    normRanksMoments(partial, shiftRow, parts, rows, channels, rank, ranks, isEmpty, moments); \
  }
NORM_RANKS_MOMENTS(vgg4j_norm_ranks_moments_f32, float)
NORM_RANKS_MOMENTS(vgg4j_norm_ranks_moments_bf16, unsigned short)

// What vgg4j_norm_finish does, from the moments of all ranks.
extern "C" __global__ void vgg4j_norm_ranks_finish(
    const double* __restrict__ moments, int ranks, int channels, const float* __restrict__ gamma,
    const float* __restrict__ beta, const float* __restrict__ bias,
    float* __restrict__ runningMean, float* __restrict__ runningVar, float* __restrict__ mean,
    float* __restrict__ invStd, float* __restrict__ scale, float* __restrict__ shift,
    float epsilon, float factor) {
  const NormChannels norm = {gamma, beta, bias, mean, invStd, scale, shift};
  const double rows = rowsOfRanks(moments, ranks, channels);
  NOT_UNROLLED for (long long i = firstIndex(); i < channels; i += indexStride()) {
    const int c = (int) i;
    double sum = 0.0;
    NOT_UNROLLED for (int r = 0; r < ranks; r++) {
      const double* at = moments + momentsOfRank(r, channels);
      sum += at[0] * at[1 + c];
    }
    const double meanOfX = sum / rows;
    double squares = 0.0;
    NOT_UNROLLED for (int r = 0; r < ranks; r++) {
      const double* at = moments + momentsOfRank(r, channels);
      const double distance = at[1 + c] - meanOfX;
      squares += at[1 + channels + c] + at[0] * (distance * distance);
    }
    norm.measured(
        c, meanOfX, squares / rows, (long long) rows, runningMean, runningVar, epsilon, factor);
  }
}

// The rank's own dbeta, dgamma and db (may be null), and the sums (2, channels) of g and g xhat, to be summed over all
// ranks. From the totals where they are known, else (null) from the parts. ceil(channels / 8) x 256.
extern "C" __global__ void __launch_bounds__(SUM_THREADS) vgg4j_norm_ranks_gradients(
    const float* __restrict__ partial, const double* __restrict__ totals, int parts, int channels,
    int isEmpty, float* __restrict__ dgamma, float* __restrict__ dbeta, float* __restrict__ db,
    double* __restrict__ sums) {
  double own[2];
  const int c = totals ? finishedChannel(channels) : sumParts(partial, parts, channels, own);
  if (c < 0) return;
  if (totals) {
    own[0] = totals[c];
    own[1] = totals[channels + c];
  }
  dbeta[c] = (float) own[0];
  dgamma[c] = (float) own[1];
  // The mean over all ranks takes any bias off again: their gradients have the sum 0.
  if (db) db[c] = 0.0f;
  sums[c] = isEmpty ? 0.0 : own[0];
  sums[channels + c] = isEmpty ? 0.0 : own[1];
}

// m1 and m2 of vgg4j_norm_backward from the sums over all ranks; 0 where no row is one of the batch's.
extern "C" __global__ void vgg4j_norm_ranks_means(
    const double* __restrict__ sums, const double* __restrict__ moments, int ranks, int channels,
    int isEmpty, const float* __restrict__ invStd, float* __restrict__ m1,
    float* __restrict__ m2) {
  const double rows = rowsOfRanks(moments, ranks, channels);
  NOT_UNROLLED for (long long c = firstIndex(); c < channels; c += indexStride()) {
    m1[c] = isEmpty ? 0.0f : (float) (sums[c] / rows);
    m2[c] = isEmpty ? 0.0f : (float) (sums[channels + c] / rows * invStd[c]);
  }
}
