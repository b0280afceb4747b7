// Checks a tensor for NaN and infinity.
#include "common.cuh"

// A finite number times zero is zero; NaN or infinity times zero is NaN.
__device__ __forceinline__ bool isBad(float x) { return !(x * 0.0f == 0.0f); }

template <class T>
__device__ __forceinline__ void findNonFinite(
    const T* __restrict__ x, long long count, int* __restrict__ found) {
  constexpr int V = PER_ACCESS<T>;
  bool bad = false;
  streamed<4>(
      firstIndex(), count / V, indexStride(),
      [=](long long i) { return loadRaw<T, V>(x, i); },
      [&](long long, Raw<T, V> raw) {
        const Floats<V> v = floatsOf<T, V>(raw);
        UNROLLED for (int k = 0; k < V; k++) bad = bad || isBad(v.v[k]);
      });
  NOT_UNROLLED for (long long i = count / V * V + firstIndex(); i < count; i += indexStride()) {
    bad = bad || isBad(widen(x[i]));
  }
  if (bad) *found = 1;
}

// Sets *found to 1 if any element of x is not finite, else leaves it alone. All writers write the same.
#define NON_FINITE(NAME, T)                                                       \
  extern "C" __global__ void NAME(                                                \
      const T* __restrict__ x, long long count, int* __restrict__ found) {        \
    findNonFinite(x, count, found);                                               \
  }
NON_FINITE(vgg4j_non_finite_f32, float)
NON_FINITE(vgg4j_non_finite_bf16, unsigned short)
