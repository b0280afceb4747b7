// Converts byte images to float images in [0, 1] of another size: bilinear with half-pixel centres and
// clamped edges, bit-identical to the host's BilinearResize.
#include "common.cuh"

struct ResizePosition {
  int low, high;
  float weight;  // of high
};

// The centre of output pixel i lies at (i + 1/2) in / out - 1/2: a ratio of integers, which needs no
// double precision.
__device__ __forceinline__ ResizePosition resizePosition(int i, int in, int out) {
  const int above = (2 * i + 1) * in - out;
  const int numerator = above > 0 ? above : 0, denominator = 2 * out;
  ResizePosition position;
  position.low = numerator / denominator;
  position.high = position.low + 1 < in ? position.low + 1 : in - 1;
  position.weight = (float) (numerator % denominator) / (float) denominator;
  return position;
}

// Rounded after the product and after the sum, as on the host, never fused.
__device__ __forceinline__ float interpolate(float first, float second, float weight) {
  return __fadd_rn(first, __fmul_rn(weight, __fsub_rn(second, first)));
}

// bytes (images / repeat, height, width) to y (images, size, size), each image of bytes `repeat` times;
// images counts batch times channels.
extern "C" __global__ void vgg4j_images(
    const unsigned char* __restrict__ bytes, float* __restrict__ y, int images, int repeat,
    int height, int width, int size) {
  const long long count = (long long) images * size * size;
  const int plane = size * size;
  if (height == size && width == size) {
    for (long long i = firstIndex(); i < count; i += indexStride()) {
      y[i] = bytes[i / plane / repeat * plane + i % plane] / 255.0f;
    }
    return;
  }
  for (long long i = firstIndex(); i < count; i += indexStride()) {
    const int column = (int) (i % size), row = (int) (i / size % size);
    const ResizePosition down = resizePosition(row, height, size);
    const ResizePosition across = resizePosition(column, width, size);
    const unsigned char* image = bytes + i / plane / repeat * height * width;
    const unsigned char* upper = image + down.low * width;
    const unsigned char* lower = image + down.high * width;
    const float above = interpolate(upper[across.low], upper[across.high], across.weight);
    const float below = interpolate(lower[across.low], lower[across.high], across.weight);
    y[i] = __fmul_rn(interpolate(above, below, down.weight), 1 / 255.0f);
  }
}
