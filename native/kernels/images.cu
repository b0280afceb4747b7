// Converts byte images to a net's input: each is resized, a square of it is kept, which may be flipped and
// shifted in colour, and that is normalized; all bit-identical to the host's Resizer. A row of a table says it
// of each image, whose bytes may lie anywhere: those of one batch, or those of a whole data set.
#include "common.cuh"

// The host writes this layout: ImageRow.
struct ImageRow {
  long long offset;  // of the image's bytes (channels, height, width)
  int label, channels, height, width;
  int resizedHeight, resizedWidth, top, left;  // the square that is kept of the resized image
  int isFlipped;
  float shift[4];  // of the values in [0, 1], for at most so many channels
  int unused;
};
static_assert(sizeof(ImageRow) == 64, "the host writes this layout");

// Which row a row of the batch takes. Behind the last one it takes the last, so that a batch which is only
// partly used reads nothing that is not there.
__device__ __forceinline__ const ImageRow& chosenRow(
    const ImageRow* table, const StepState* state, int count, unsigned image) {
  const long long at = (state ? state->first : 0) + image;
  return table[at < count ? at : count - 1];
}

// The place in the resized image of a column of the square.
__device__ __forceinline__ int resizedColumn(const ImageRow& row, int column, int size) {
  return row.left + (row.isFlipped ? size - 1 - column : column);
}

// Rounded after each operation, as on the host, never fused. normal: the means of all channels, then the
// deviations; null for none.
__device__ __forceinline__ float normalized(
    float x, const ImageRow& row, const float* normal, int c, int channels) {
  const float shifted = c < 4 ? __fadd_rn(x, row.shift[c]) : x;
  return normal ? __fdiv_rn(__fsub_rn(shifted, normal[c]), normal[channels + c]) : shifted;
}

// Fills y (batch, size, size, stored) with the pixels of PIXEL(row, image, row of y, column of y), which gives
// the values of a plane in [0, 1], then zeros up to `stored`; and the labels, if there are any.
template <class T, int V, class Pixel, class... A>
__device__ __forceinline__ void writeImages(
    const unsigned char* __restrict__ bytes, const ImageRow* __restrict__ table,
    const float* __restrict__ normal, const StepState* __restrict__ state, T* __restrict__ y,
    int* __restrict__ labels, int batch, int count, int channels, int size, int stored, A... more) {
  const long long pixels = (long long) batch * size * size;
  Walk at(firstIndex(), indexStride(), 1, size, size);
  NOT_UNROLLED for (long long i = firstIndex(); i < pixels; i += indexStride()) {
    const ImageRow& row = chosenRow(table, state, count, at.image);
    if (labels && at.row == 0 && at.column == 0) labels[at.image] = row.label;
    const Pixel pixel(row, at.image, at.row, at.column, size, more...);
    const unsigned char* const image = bytes + row.offset;
    const long long plane = row.channels == 1 ? 0 : (long long) row.height * row.width;
    for (int c = 0; c < stored; c += V) {
      Floats<V> v = {};
      UNROLLED for (int k = 0; k < V; k++) {
        if (c + k < channels) {
          v.v[k] = normalized(pixel.of(image + (c + k) * plane, row.width), row, normal, c + k, channels);
        }
      }
      store<T, V>(y, (i * stored + c) / V, v);
    }
    at.next();
  }
}

struct ResizePosition {
  int low, high;
  float weight;  // of high
};

// The centre of pixel i of the resized image lies at (i + 1/2) in / out - 1/2: a ratio of integers, which needs
// no double precision.
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

__device__ __forceinline__ float interpolate(float first, float second, float weight) {
  return __fadd_rn(first, __fmul_rn(weight, __fsub_rn(second, first)));
}

// Between the nearest four pixels, with half-pixel centres and clamped edges.
struct BilinearPixel {
  ResizePosition down, across;
  bool isSameSize;

  __device__ __forceinline__ BilinearPixel(const ImageRow& row, unsigned, int y, int x, int size)
      : down(resizePosition(row.top + y, row.height, row.resizedHeight)),
        across(resizePosition(resizedColumn(row, x, size), row.width, row.resizedWidth)),
        isSameSize(row.height == row.resizedHeight && row.width == row.resizedWidth) {}

  __device__ __forceinline__ float of(const unsigned char* plane, int width) const {
    const unsigned char* upper = plane + (long long) down.low * width;
    if (isSameSize) return upper[across.low] / 255.0f;
    const unsigned char* lower = plane + (long long) down.high * width;
    const float above = interpolate(upper[across.low], upper[across.high], across.weight);
    const float below = interpolate(lower[across.low], lower[across.high], across.weight);
    return __fmul_rn(interpolate(above, below, down.weight), 1 / 255.0f);
  }
};

// The pixels that make one, along one axis: the first, how many, and their weights, which sum to about 2^22.
// Those of a batch are (batch, down and across, size), each of 2 + mostTaps integers.
struct Taps {
  int first, count;
  const int* weights;

  __device__ __forceinline__ Taps(
      const int* taps, unsigned image, int axis, int i, int size, int mostTaps) {
    const int* const at = taps + ((image * 2LL + axis) * size + i) * (2 + mostTaps);
    first = at[0];
    count = at[1];
    weights = at + 2;
  }
};

// Under a triangle that is as much wider as the image is larger; across, then down, rounded to whole levels.
struct AntialiasedPixel {
  Taps down, across;

  __device__ __forceinline__ AntialiasedPixel(
      const ImageRow&, unsigned image, int y, int x, int size, const int* taps, int mostTaps)
      : down(taps, image, 0, y, size, mostTaps), across(taps, image, 1, x, size, mostTaps) {}

  static __device__ __forceinline__ int level(int sum) {
    return sum >> 22 < 255 ? sum >> 22 : 255;
  }

  __device__ __forceinline__ float of(const unsigned char* plane, int width) const {
    int sum = 1 << 21;
    NOT_UNROLLED for (int j = 0; j < down.count; j++) {
      const unsigned char* const from = plane + (long long) (down.first + j) * width + across.first;
      int narrowed = 1 << 21;
      for (int k = 0; k < across.count; k++) narrowed += across.weights[k] * from[k];
      sum += down.weights[j] * level(narrowed);
    }
    return level(sum) / 255.0f;
  }
};

// The share of a pixel under the triangle around `centre`, in double and rounded after each operation, as on
// the host.
__device__ __forceinline__ double underTriangle(int pixel, double centre, double reach) {
  const double away = fabs(__dsub_rn(pixel + 0.5, centre));
  return fmax(0.0, __dsub_rn(1.0, __ddiv_rn(away, reach)));
}

// The Taps of a batch, for vgg4j_antialiased_images. Wide over batch x 2 x size.
extern "C" __global__ void vgg4j_image_taps(
    const ImageRow* __restrict__ table, const StepState* __restrict__ state, int* __restrict__ taps,
    int batch, int count, int size, int mostTaps) {
  const long long all = 2LL * batch * size;
  Walk at(firstIndex(), indexStride(), 1, size, 2);
  NOT_UNROLLED for (long long i = firstIndex(); i < all; i += indexStride()) {
    const ImageRow& row = chosenRow(table, state, count, at.image);
    const bool isAcross = at.row == 1;
    const int in = isAcross ? row.width : row.height;
    const int place = isAcross ? resizedColumn(row, at.column, size) : row.top + (int) at.column;
    const double scale = __ddiv_rn(in, isAcross ? row.resizedWidth : row.resizedHeight);
    const double reach = fmax(1.0, scale), centre = __dmul_rn(place + 0.5, scale);
    const int low = (int) fmax(0.0, floor(__dsub_rn(centre, reach)));
    const int high = (int) fmin((double) in, ceil(__dadd_rn(centre, reach)));
    double sum = 0;
    for (int k = low; k < high; k++) sum = __dadd_rn(sum, underTriangle(k, centre, reach));
    int* const into = taps + i * (2 + mostTaps);
    into[0] = low;
    into[1] = high - low < mostTaps ? high - low : mostTaps;
    for (int k = low; k < high && k - low < mostTaps; k++) {
      const double share = __dmul_rn(__ddiv_rn(underTriangle(k, centre, reach), sum), 1 << 22);
      const double whole = floor(share);
      into[2 + k - low] = (int) whole + (share - whole >= 0.5);
    }
    at.next();
  }
}

// bytes to y (batch, size, size, stored). Row n takes the row state->first + n of the table (count), and
// labels[n] its label. Without a state the first row is number 0, and without labels none are written. Wide over
// batch x size x size.
#define IMAGES(NAME, T)                                                                       \
  extern "C" __global__ void NAME(                                                            \
      const unsigned char* __restrict__ bytes, const ImageRow* __restrict__ table,            \
      const float* __restrict__ normal, const StepState* __restrict__ state,                  \
      T* __restrict__ y, int* __restrict__ labels, int batch, int count, int channels,        \
      int size, int stored) {                                                                 \
    if (stored % PER_ACCESS<T> == 0) {                                                        \
      writeImages<T, PER_ACCESS<T>, BilinearPixel>(                                           \
          bytes, table, normal, state, y, labels, batch, count, channels, size, stored);      \
    } else {                                                                                  \
      writeImages<T, 1, BilinearPixel>(                                                       \
          bytes, table, normal, state, y, labels, batch, count, channels, size, stored);      \
    }                                                                                         \
  }
IMAGES(vgg4j_images_f32, float)
IMAGES(vgg4j_images_bf16, unsigned short)

// The same, from the taps of vgg4j_image_taps.
#define ANTIALIASED_IMAGES(NAME, T)                                                           \
  extern "C" __global__ void NAME(                                                            \
      const unsigned char* __restrict__ bytes, const ImageRow* __restrict__ table,            \
      const float* __restrict__ normal, const StepState* __restrict__ state,                  \
      T* __restrict__ y, int* __restrict__ labels, int batch, int count, int channels,        \
      int size, int stored, const int* __restrict__ taps, int mostTaps) {                     \
    if (stored % PER_ACCESS<T> == 0) {                                                        \
      writeImages<T, PER_ACCESS<T>, AntialiasedPixel>(bytes, table, normal, state, y, labels, \
          batch, count, channels, size, stored, taps, mostTaps);                              \
    } else {                                                                                  \
      writeImages<T, 1, AntialiasedPixel>(bytes, table, normal, state, y, labels, batch,      \
          count, channels, size, stored, taps, mostTaps);                                     \
    }                                                                                         \
  }
ANTIALIASED_IMAGES(vgg4j_antialiased_images_f32, float)
ANTIALIASED_IMAGES(vgg4j_antialiased_images_bf16, unsigned short)
