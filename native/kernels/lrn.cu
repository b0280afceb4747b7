// Local response normalization across channels: y[c] = x[c] d[c]^-beta, where d[c] = k + alpha / size times the
// sum of x[j]^2 over the channels j within size / 2 of c (size is odd).
#include "common.cuh"

struct Lrn {
  int channels, reach;  // reach = size / 2
  float alphaOverSize, beta, k;

  __device__ __forceinline__ int first(int c) const { return c > reach ? c - reach : 0; }
  __device__ __forceinline__ int last(int c) const {
    return c < channels - 1 - reach ? c + reach : channels - 1;
  }

  template <class T>
  __device__ __forceinline__ float divisor(const T* __restrict__ row, int c) const {
    float sum = 0.0f;
    NOT_UNROLLED for (int j = first(c); j <= last(c); j++) {
      const float x = widen(row[j]);
      sum += x * x;
    }
    return k + alphaOverSize * sum;
  }

  // d^-beta
  __device__ __forceinline__ float power(float d) const {
    if (beta != 0.75f) return powf(d, -beta);
    const float root = rsqrtf(d);
    return root * sqrtf(root);
  }
};

template <class T>
__device__ __forceinline__ void lrnForward(
    const T* __restrict__ x, T* __restrict__ y, long long rows, const Lrn& lrn) {
  LongWalk at(firstIndex(), indexStride(), lrn.channels, 1, 1);
  NOT_UNROLLED for (long long i = firstIndex(); i < rows * lrn.channels; i += indexStride()) {
    const T* row = x + at.image * lrn.channels;
    narrow(widen(row[at.lane]) * lrn.power(lrn.divisor(row, at.lane)), y[i]);
    at.next();
  }
}

// x, y (rows, channels). Wide over y.
#define LRN(NAME, T)                                                                         \
  extern "C" __global__ void NAME(                                                           \
      const T* __restrict__ x, T* __restrict__ y, long long rows, int channels, int size,    \
      float alphaOverSize, float beta, float k) {                                            \
    lrnForward(x, y, rows, {channels, size / 2, alphaOverSize, beta, k});                    \
  }
LRN(vgg4j_lrn_f32, float)
LRN(vgg4j_lrn_bf16, unsigned short)

template <class T>
__device__ __forceinline__ void lrnBackward(
    const T* __restrict__ x, const T* __restrict__ y, const T* __restrict__ dy,
    T* __restrict__ dx, long long rows, const Lrn& lrn) {
  LongWalk at(firstIndex(), indexStride(), lrn.channels, 1, 1);
  NOT_UNROLLED for (long long i = firstIndex(); i < rows * lrn.channels; i += indexStride()) {
    const long long first = at.image * lrn.channels;
    const T* row = x + first;
    const int c = at.lane;
    float sum = 0.0f, own = 1.0f;
    NOT_UNROLLED for (int j = lrn.first(c); j <= lrn.last(c); j++) {
      const float d = lrn.divisor(row, j);
      own = j == c ? d : own;
      sum += widen(dy[first + j]) * widen(y[first + j]) / d;
    }
    const float direct = widen(dy[i]) * lrn.power(own);
    narrow(direct - 2.0f * lrn.beta * lrn.alphaOverSize * widen(row[c]) * sum, dx[i]);
    at.next();
  }
}

// dx[c] = dy[c] d[c]^-beta - 2 beta alpha / size x[c] (sum of dy[j] y[j] / d[j] over the window). Wide over dx.
#define LRN_BACKWARD(NAME, T)                                                                \
  extern "C" __global__ void NAME(                                                           \
      const T* __restrict__ x, const T* __restrict__ y, const T* __restrict__ dy,            \
      T* __restrict__ dx, long long rows, int channels, int size, float alphaOverSize,       \
      float beta, float k) {                                                                 \
    lrnBackward(x, y, dy, dx, rows, {channels, size / 2, alphaOverSize, beta, k});           \
  }
LRN_BACKWARD(vgg4j_lrn_backward_f32, float)
LRN_BACKWARD(vgg4j_lrn_backward_bf16, unsigned short)
