#include "arithmetic.h"

#include <algorithm>

// Uses vector registers where available. The order of each sum, and so the bits, stay the same.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_THIS_MACHINE __attribute__((target_clones("avx2", "default")))
#else
#define FOR_THIS_MACHINE
#endif

namespace standin {

FOR_THIS_MACHINE
static void addRows(
    long n, long k, const float* __restrict a, const float* __restrict b, long stride,
    double* __restrict c) {
  long p = 0;
  for (; p + 4 <= k; p += 4) {
    const double a0 = a[p], a1 = a[p + 1], a2 = a[p + 2], a3 = a[p + 3];
    const float* b0 = b + p * stride;
    const float *b1 = b0 + stride, *b2 = b1 + stride, *b3 = b2 + stride;
    for (long j = 0; j < n; j++) c[j] = (((c[j] + a0 * b0[j]) + a1 * b1[j]) + a2 * b2[j]) + a3 * b3[j];
  }
  for (; p < k; p++) {
    const double a0 = a[p];
    for (long j = 0; j < n; j++) c[j] += a0 * b[p * stride + j];
  }
}

void multiply(long m, long n, long k, const float* a, const float* b, double* c) {
  const long columns = 512, depth = 64;  // a panel of b that stays in the cache
  std::fill(c, c + m * n, 0.0);
  for (long p = 0; p < k; p += depth) {
    for (long j = 0; j < n; j += columns) {
      for (long i = 0; i < m; i++) {
        addRows(std::min(columns, n - j), std::min(depth, k - p), a + i * k + p, b + p * n + j, n,
                c + i * n + j);
      }
    }
  }
}

}  // namespace standin
