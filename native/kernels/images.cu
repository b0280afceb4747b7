// Converts byte images to float images in [0, 1] of another size: bilinear with half-pixel centres and
// clamped edges, bit-identical to the host's BilinearResize. The images are those of one batch, or those of a
// whole data set, of which the batch's are taken by index, together with their labels.
#include "common.cuh"

struct ResizePosition {
  int low, high;
  float weight;  // of high
};

// The centre of output pixel i lies at (i + 1/2) in / out - 1/2: a ratio of integers, which needs no
// double precision.
__device__ __forceinline__ ResizePosition resizePosition(int i, int in, int out) {
  const long long above = (2LL * i + 1) * in - out;
  const long long numerator = above > 0 ? above : 0;
  const int denominator = 2 * out;
  ResizePosition position;
  position.low = (int) quotient(numerator, denominator);
  position.high = position.low + 1 < in ? position.low + 1 : in - 1;
  const long long rest = numerator - (long long) position.low * denominator;
  position.weight = (float) rest / (float) denominator;
  return position;
}

// Rounded after the product and after the sum, as on the host, never fused.
__device__ __forceinline__ float interpolate(float first, float second, float weight) {
  return __fadd_rn(first, __fmul_rn(weight, __fsub_rn(second, first)));
}

// What the host's resize computes of one plane (height, width).
struct ResizedPixel {
  ResizePosition down, across;
  bool isSameSize;

  __device__ __forceinline__ ResizedPixel(int row, int column, int height, int width, int size)
      : down(resizePosition(row, height, size)), across(resizePosition(column, width, size)),
        isSameSize(height == size && width == size) {}

  __device__ __forceinline__ float of(const unsigned char* plane, int width) const {
    const unsigned char* upper = plane + (long long) down.low * width;
    if (isSameSize) return upper[across.low] / 255.0f;
    const unsigned char* lower = plane + (long long) down.high * width;
    const float above = interpolate(upper[across.low], upper[across.high], across.weight);
    const float below = interpolate(lower[across.low], lower[across.high], across.weight);
    return __fmul_rn(interpolate(above, below, down.weight), 1 / 255.0f);
  }
};

// Which image a row of the batch takes. A row behind the last image takes the last one, so that a batch which
// is only partly used reads nothing that is not there.
struct ImageChoice {
  const int* __restrict__ order;  // null for the images' own
  long long first;
  int count;

  __device__ __forceinline__ long long of(unsigned row) const {
    const long long at = first + row < count ? first + row : count - 1;
    return order ? order[at] : at;
  }
};

template <class T, int V>
__device__ __forceinline__ void resizeImages(
    const unsigned char* __restrict__ bytes, const int* __restrict__ order,
    const int* __restrict__ allLabels, const StepState* __restrict__ state, T* __restrict__ y,
    int* __restrict__ labels, int batch, int imageCount, int byteChannels, int channels, int height,
    int width, int size, int stored) {
  const long long count = (long long) batch * size * size, plane = (long long) height * width;
  const int repeat = channels / byteChannels;
  const ImageChoice choice = {order, state ? state->first : 0, imageCount};
  Walk at(firstIndex(), indexStride(), 1, size, size);
  NOT_UNROLLED for (long long i = firstIndex(); i < count; i += indexStride()) {
    const ResizedPixel pixel(at.row, at.column, height, width, size);
    const long long chosen = choice.of(at.image);
    if (labels && at.row == 0 && at.column == 0) labels[at.image] = allLabels[chosen];
    const unsigned char* image = bytes + chosen * byteChannels * plane;
    for (int c = 0; c < stored; c += V) {
      Floats<V> v = {};
      UNROLLED for (int k = 0; k < V; k++) {
        if (c + k < channels) v.v[k] = pixel.of(image + (c + k) / repeat * plane, width);
      }
      store<T, V>(y, (i * stored + c) / V, v);
    }
    at.next();
  }
}

// bytes (imageCount, byteChannels, height, width) to y (batch, size, size, stored): each byte channel
// channels / byteChannels times, then zeros up to `stored`. Row n takes the image order[state->first + n], and
// labels[n] that of allLabels (imageCount). Without an order the images are taken as they lie, without a state
// from the first one, and without labels none are written. Wide over batch x size x size.
#define IMAGES(NAME, T)                                                                    \
  extern "C" __global__ void NAME(                                                         \
      const unsigned char* __restrict__ bytes, const int* __restrict__ order,              \
      const int* __restrict__ allLabels, const StepState* __restrict__ state,              \
      T* __restrict__ y, int* __restrict__ labels, int batch, int imageCount,              \
      int byteChannels, int channels, int height, int width, int size, int stored) {       \
    BY_CHANNELS(T, stored, resizeImages, bytes, order, allLabels, state, y, labels, batch, \
                imageCount, byteChannels, channels, height, width, size, stored)           \
  }
IMAGES(vgg4j_images_f32, float)
IMAGES(vgg4j_images_bf16, unsigned short)
