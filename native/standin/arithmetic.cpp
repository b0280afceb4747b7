#include "arithmetic.h"

#include <algorithm>
#include <vector>

// Uses vector registers where available. The order of each sum, and so the bits, stay the same.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_THIS_MACHINE __attribute__((target_clones("avx2", "default")))
#else
#define FOR_THIS_MACHINE
#endif
#define INSIDE inline __attribute__((always_inline))

namespace standin {

namespace {

typedef double Vector __attribute__((vector_size(32), aligned(8), may_alias));
const long WIDTH = 8;    // columns of a strip, two vectors
const long DEPTH = 256;  // rows of a strip that stay in the cache

// Adds to some rows of c, kept in registers, what k rows of a strip of b give.
template <int ROWS>
INSIDE void addRows(
    long k, const float* __restrict a, long lda, const double* __restrict strip, double* __restrict c,
    long ldc) {
  Vector sums[ROWS][2];
  for (int r = 0; r < ROWS; r++) {
    sums[r][0] = *(const Vector*) (c + r * ldc);
    sums[r][1] = *(const Vector*) (c + r * ldc + 4);
  }
  for (long p = 0; p < k; p++) {
    const Vector b0 = *(const Vector*) (strip + p * WIDTH), b1 = *(const Vector*) (strip + p * WIDTH + 4);
    for (int r = 0; r < ROWS; r++) {
      const double factor = a[r * lda + p];
      sums[r][0] += factor * b0;
      sums[r][1] += factor * b1;
    }
  }
  for (int r = 0; r < ROWS; r++) {
    *(Vector*) (c + r * ldc) = sums[r][0];
    *(Vector*) (c + r * ldc + 4) = sums[r][1];
  }
}

FOR_THIS_MACHINE
void addStrip(
    long m, long k, const float* a, long lda, const double* strip, double* c, long ldc) {
  long i = 0;
  for (; i + 4 <= m; i += 4) addRows<4>(k, a + i * lda, lda, strip, c + i * ldc, ldc);
  for (; i < m; i++) addRows<1>(k, a + i * lda, lda, strip, c + i * ldc, ldc);
}

FOR_THIS_MACHINE
void widen(long k, long columns, const float* __restrict b, long ldb, double* __restrict strip) {
  if (columns == WIDTH) {
    for (long p = 0; p < k; p++) {
      for (long j = 0; j < WIDTH; j++) strip[p * WIDTH + j] = b[p * ldb + j];
    }
    return;
  }
  for (long p = 0; p < k; p++) {
    for (long j = 0; j < WIDTH; j++) strip[p * WIDTH + j] = j < columns ? b[p * ldb + j] : 0.0;
  }
}

}  // namespace

void multiply(long m, long n, long k, const float* a, const float* b, double* c) {
  std::vector<double> strip(WIDTH * std::min(k, DEPTH)), edge;
  std::fill(c, c + m * n, 0.0);
  for (long j = 0; j < n; j += WIDTH) {
    const long columns = std::min(WIDTH, n - j);
    // The last columns are fewer than a strip has.
    if (columns < WIDTH) edge.assign(m * WIDTH, 0.0);
    for (long p = 0; p < k; p += DEPTH) {
      const long depth = std::min(DEPTH, k - p);
      widen(depth, columns, b + p * n + j, n, strip.data());
      if (columns == WIDTH) addStrip(m, depth, a + p, k, strip.data(), c + j, n);
      else addStrip(m, depth, a + p, k, strip.data(), edge.data(), WIDTH);
    }
    if (columns < WIDTH) {
      for (long i = 0; i < m; i++) std::copy_n(edge.begin() + i * WIDTH, columns, c + i * n + j);
    }
  }
}

}  // namespace standin
