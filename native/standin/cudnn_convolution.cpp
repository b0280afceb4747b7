// All three convolutions as matrix products over some rows of pixels at a time.
#include "cudnn_convolution.h"

#include <algorithm>

#include "arithmetic.h"

namespace standin {

namespace {

const long PIXELS = 512;  // about as many at a time

// Imitates an algorithm without a fixed order of summation: each call splits its sums elsewhere.
long disorder;

// Where an output's row or column finds its input's under a tap of the filter.
struct Window {
  long padding, stride, dilation;
  bool isForward;

  // -1 if there is none.
  long source(long output, long tap, long size) const {
    const long at = isForward ? output * stride - padding + tap * dilation
                              : output + padding - tap * dilation;
    if (isForward) return at >= 0 && at < size ? at : -1;
    return at >= 0 && at % stride == 0 && at / stride < size ? at / stride : -1;
  }
};

struct Windows {
  Window rows, columns;
  long height, width;  // of the filter

  Windows(const ConvolutionShape& s, const Planes& filter, bool isForward)
      : rows{s.before[0], s.stride[0], s.dilation[0], isForward},
        columns{s.before[1], s.stride[1], s.dilation[1], isForward},
        height(filter.height), width(filter.width) {}
  long taps() const { return height * width; }
};

// One row of pixels under one tap.
void copyRow(const Window& window, const float* source, long sourceWidth, long tap, long width, float* into) {
  if (window.stride == 1) {
    const long shift = window.isForward ? tap * window.dilation - window.padding
                                        : window.padding - tap * window.dilation;
    const long from = std::min(width, std::max(0L, -shift));
    const long to = std::max(from, std::min(width, sourceWidth - shift));
    std::fill(into, into + from, 0.0f);
    std::copy(source + from + shift, source + to + shift, into + from);
    std::fill(into + to, into + width, 0.0f);
    return;
  }
  for (long q = 0; q < width; q++) {
    const long at = window.source(q, tap, sourceWidth);
    into[q] = at < 0 ? 0.0f : source[at];
  }
}

// What the filter meets at the output's rows from..to, counted over all images: a matrix of
// (channels of the source, taps) by pixels.
void gather(
    const Planes& source, const Windows& windows, const Planes& output, long from, long to,
    std::vector<float>& columns) {
  const long width = output.width;
  columns.resize(source.channels * windows.taps() * (to - from) * width);
  float* into = columns.data();
  for (long c = 0; c < source.channels; c++) {
    const float* plane = source.values.data() + c * source.pixels();
    for (long tap = 0; tap < windows.taps(); tap++) {
      for (long row = from; row < to; row++, into += width) {
        const long n = row / output.height, h = row % output.height;
        const long at = windows.rows.source(h, tap / windows.width, source.height);
        if (at < 0) {
          std::fill(into, into + width, 0.0f);
        } else {
          copyRow(windows.columns, plane + (n * source.height + at) * source.width, source.width,
                  tap % windows.width, width, into);
        }
      }
    }
  }
}

long rowsAtATime(const Planes& planes) { return std::max(1L, PIXELS / planes.width); }

// Columns from..to of a matrix.
std::vector<float> cut(const std::vector<float>& matrix, long rows, long columns, long from, long to) {
  std::vector<float> part;
  part.reserve(rows * (to - from));
  for (long r = 0; r < rows; r++) {
    part.insert(part.end(), matrix.begin() + r * columns + from, matrix.begin() + r * columns + to);
  }
  return part;
}

// out = filter (channels of out, depth) times what is gathered from the source.
void product(
    const std::vector<float>& filter, const Planes& source, const Windows& windows, Scales scales,
    Order order, Planes& out) {
  const long depth = source.channels * windows.taps(), rows = out.images * out.height;
  // In an order that changes, two sums in single precision are added.
  const long split = order == Order::FIXED ? depth : ++disorder % depth;
  const std::vector<float> first = cut(filter, out.channels, depth, 0, split);
  const std::vector<float> second = cut(filter, out.channels, depth, split, depth);
  std::vector<float> columns;
  std::vector<double> result, rest;
  for (long from = 0, step = rowsAtATime(out); from < rows; from += step) {
    const long to = std::min(rows, from + step), pixels = (to - from) * out.width;
    gather(source, windows, out, from, to, columns);
    result.resize(out.channels * pixels);
    multiply(out.channels, pixels, split, first.data(), columns.data(), result.data());
    if (split < depth) {
      rest.resize(result.size());
      multiply(out.channels, pixels, depth - split, second.data(), columns.data() + split * pixels,
               rest.data());
      for (size_t i = 0; i < result.size(); i++) result[i] = (float) result[i] + (float) rest[i];
    }
    for (long c = 0; c < out.channels; c++) {
      float* target = out.values.data() + c * out.pixels() + from * out.width;
      for (long i = 0; i < pixels; i++) {
        blend(target + i, result[c * pixels + i], scales.alpha, scales.beta);
      }
    }
  }
}

}  // namespace

void convolveForward(
    const Planes& x, const Planes& w, const ConvolutionShape& shape, Scales scales, Planes& y) {
  const Windows windows(shape, w, true);
  const long taps = windows.taps(), outputs = w.images;
  std::vector<float> filter(w.values.size());  // (K, C R S)
  for (long k = 0; k < outputs; k++) {
    for (long c = 0; c < w.channels; c++) {
      std::copy_n(w.values.begin() + (c * outputs + k) * taps, taps,
                  filter.begin() + (k * w.channels + c) * taps);
    }
  }
  product(filter, x, windows, scales, Order::FIXED, y);
}

void convolveData(
    const Planes& w, const Planes& dy, const ConvolutionShape& shape, Scales scales, Order order,
    Planes& dx) {
  // The planes of the filter are the matrix (C, K R S) already.
  product(w.values, dy, Windows(shape, w, false), scales, order, dx);
}

void convolveFilter(
    const Planes& x, const Planes& dy, const ConvolutionShape& shape, Scales scales, Order order,
    Planes& dw) {
  const Windows windows(shape, dw, true);
  const long taps = windows.taps(), depth = x.channels * taps, rows = dy.images * dy.height;
  const long outputs = dy.channels;
  const bool ordered = order == Order::FIXED;
  std::vector<float> columns, gradient;
  std::vector<double> part(depth * outputs), sums(depth * outputs);
  for (long from = 0, step = ordered ? rowsAtATime(dy) : 1 + ++disorder % 7; from < rows; from += step) {
    const long to = std::min(rows, from + step), pixels = (to - from) * dy.width;
    gather(x, windows, dy, from, to, columns);
    gradient.resize(pixels * outputs);  // (pixels, K)
    for (long k = 0; k < outputs; k++) {
      const float* plane = dy.values.data() + k * dy.pixels() + from * dy.width;
      for (long i = 0; i < pixels; i++) gradient[i * outputs + k] = plane[i];
    }
    multiply(depth, outputs, pixels, columns.data(), gradient.data(), part.data());
    for (size_t i = 0; i < sums.size(); i++) {
      sums[i] = ordered ? sums[i] + part[i] : (float) (sums[i] + part[i]);
    }
  }
  for (long c = 0; c < x.channels; c++) {
    for (long k = 0; k < outputs; k++) {
      for (long tap = 0; tap < taps; tap++) {
        blend(&dw.values[(c * outputs + k) * taps + tap], sums[(c * taps + tap) * outputs + k],
              scales.alpha, scales.beta);
      }
    }
  }
}

}  // namespace standin
