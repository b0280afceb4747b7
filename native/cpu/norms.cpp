// Batch normalization of images in blocks of 16 channels. Each thread measures and normalizes images of its own, so that between
// the convolutions before and behind only sums go from one thread to another.

#include <cmath>

#include "bf16.h"
#include "export.h"
#include "sums.h"
#include "threads.h"

namespace {

typedef double Doubles __attribute__((vector_size(128)));

// Values that are summed in single precision, of each channel, before their sum is added in double.
constexpr long SHORT = 128;

// Images (image, block of channels, pixel, 16 channels). A unit is a block of an image.
struct Images {
  long count, blocks, pixels;

  long units() const { return count * blocks; }

  long values() const { return pixels * LANE; }
};

// What a norm has of each channel.
struct Norm {
  const float* gamma;
  const float* beta;
  float* mean;
  float* variance;
  float epsilon;
  bool relu;
};

// The same of a block of channels, ready to use: y = (x - mean) * scale + beta.
struct Line {
  Lane mean, inverse, scale, beta;

  Line(const Norm& norm, long channel) {
    mean = load(norm.mean + channel);
    Lane variance = load(norm.variance + channel);
    for (int i = 0; i < LANE; i++) inverse[i] = 1 / sqrtf(variance[i] + norm.epsilon);
    scale = load(norm.gamma + channel) * inverse;
    beta = load(norm.beta + channel);
  }

  Lane y(Lane x) const { return multiplyAdd(x - mean, scale, beta); }
};

// Two sums of each unit, and how they become those of the channels.
struct Totals {
  double* sums;

  // Sets both sums of a unit over its pixels, of which task gives the two terms: few in single precision, all in double.
  template <class Task>
  void measure(long unit, long pixels, Task task) const {
    Doubles first = {}, second = {};
    for (long begin = 0; begin < pixels; begin += SHORT) {
      long end = begin + SHORT < pixels ? begin + SHORT : pixels;
      Lane a[4] = {}, b[4] = {};
      long pixel = begin;
      for (; pixel + 4 <= end; pixel += 4) {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) task(pixel + i, a[i], b[i]);
      }
      for (; pixel < end; pixel++) task(pixel, a[0], b[0]);
      first += __builtin_convertvector((a[0] + a[1]) + (a[2] + a[3]), Doubles);
      second += __builtin_convertvector((b[0] + b[1]) + (b[2] + b[3]), Doubles);
    }
    memcpy(sums + unit * 2 * LANE, &first, sizeof first);
    memcpy(sums + unit * 2 * LANE + LANE, &second, sizeof second);
  }

  // Adds up those of all images, in their order.
  void add(const Images& images, long block, Doubles& first, Doubles& second) const {
    first = second = Doubles{};
    for (long image = 0; image < images.count; image++) {
      const double* own = sums + (image * images.blocks + block) * 2 * LANE;
      Doubles values;
      memcpy(&values, own, sizeof values);
      first += values;
      memcpy(&values, own + LANE, sizeof values);
      second += values;
    }
  }
};

inline void rounded(const Doubles& values, float* to) { store(__builtin_convertvector(values, Lane), to); }

template <class Value>
void measure(const Images& images, const Value* x, const Norm& norm, const Totals& totals) {
  Range own = part(images.units());
  for (long unit = own.begin; unit < own.end; unit++) {
    Lane origin = load(x + unit % images.blocks * images.values());  // keeps the digits of the variance where the mean is large
    const Value* from = x + unit * images.values();
    totals.measure(unit, images.pixels, [&](long pixel, Lane& sum, Lane& square) {
      Lane value = load(from + pixel * LANE) - origin;
      sum += value;
      square = multiplyAdd(value, value, square);
    });
  }
#pragma omp barrier
  own = part(images.blocks);
  double count = (double)images.count * images.pixels;
  for (long block = own.begin; block < own.end; block++) {
    Doubles sum, square;
    totals.add(images, block, sum, square);
    Doubles offset = sum / count, variance = square / count - offset * offset;
    rounded(__builtin_convertvector(load(x + block * images.values()), Doubles) + offset, norm.mean + block * LANE);
    rounded(variance < 0 ? Doubles{} : variance, norm.variance + block * LANE);
  }
#pragma omp barrier
}

template <class Value>
void normalize(const Images& images, const Value* x, const Norm& norm, Value* y) {
  Range own = part(images.units());
  for (long unit = own.begin; unit < own.end; unit++) {
    Line line(norm, unit % images.blocks * LANE);
    const Value* from = x + unit * images.values();
    Value* to = y + unit * images.values();
    for (long i = 0; i < images.values(); i += LANE) {
      Lane value = line.y(load(from + i));
      store(norm.relu ? (value <= 0 ? Lane{} : value) : value, to + i);
    }
  }
}

// The gradient of y without what the ReLU has cut off.
template <class Value>
inline Lane masked(const Norm& norm, const Line& line, Lane x, const Value* dy) {
  Lane gradient = load(dy);
  return norm.relu ? (line.y(x) <= 0 ? Lane{} : gradient) : gradient;
}

template <class Value>
void backward(const Images& images, const Value* x, const Value* dy, const Norm& norm, const Totals& totals, Value* dx,
              float* dgamma, float* dbeta, bool given) {
  Range own = part(images.units());
  for (long unit = own.begin; unit < own.end; unit++) {
    Line line(norm, unit % images.blocks * LANE);
    long begin = unit * images.values();
    totals.measure(unit, images.pixels, [&](long pixel, Lane& sum, Lane& product) {
      long at = begin + pixel * LANE;
      Lane value = load(x + at);
      Lane gradient = masked(norm, line, value, dy + at);
      sum += gradient;
      product = multiplyAdd(gradient, value - line.mean, product);
    });
  }
#pragma omp barrier
  Range blocks = part(images.blocks);
  for (long block = blocks.begin; block < blocks.end; block++) {
    Doubles sum, product;
    totals.add(images, block, sum, product);
    Line line(norm, block * LANE);
    rounded(sum, dbeta + block * LANE);
    store(__builtin_convertvector(product, Lane) * line.inverse, dgamma + block * LANE);
  }
#pragma omp barrier
  float count = given ? INFINITY : (float)(images.count * images.pixels);  // statistics that are given have no gradient
  for (long unit = own.begin; unit < own.end; unit++) {
    long channel = unit % images.blocks * LANE, begin = unit * images.values();
    Line line(norm, channel);
    Lane offset = load(dbeta + channel) / count, slope = load(dgamma + channel) / count * line.inverse;
    for (long i = begin; i < begin + images.values(); i += LANE) {
      Lane value = load(x + i);
      Lane gradient = masked(norm, line, value, dy + i) - offset;
      store(line.scale * multiplyAdd(-slope, value - line.mean, gradient), dx + i);
    }
  }
}

Norm norm(int64_t gamma, int64_t beta, int64_t mean, int64_t variance, float epsilon, uint8_t relu) {
  return {reinterpret_cast<const float*>(gamma), reinterpret_cast<const float*>(beta), reinterpret_cast<float*>(mean),
          reinterpret_cast<float*>(variance), epsilon, relu != 0};
}

template <class Value>
void forward(const Images& images, int64_t x, const Norm& norm, const Totals& totals, int64_t y) {
#pragma omp parallel
  {
    const Value* from = reinterpret_cast<const Value*>(x);
    if (totals.sums) measure(images, from, norm, totals);
    normalize(images, from, norm, reinterpret_cast<Value*>(y));
  }
}

template <class Value>
void backward(const Images& images, int64_t x, int64_t dy, const Norm& norm, const Totals& totals, int64_t dx, int64_t dgamma,
              int64_t dbeta, bool given) {
#pragma omp parallel
  backward(images, reinterpret_cast<const Value*>(x), reinterpret_cast<const Value*>(dy), norm, totals,
           reinterpret_cast<Value*>(dx), reinterpret_cast<float*>(dgamma), reinterpret_cast<float*>(dbeta), given);
}

}  // namespace

// The methods of NativeBatchNorm2d; they get what JNI gives to static ones. Channels count in blocks.

// Sets y, and at first the mean and the variance if there is room for sums.
EXPORTED void Java_org_vgg4j_backend_onednn_NativeBatchNorm2d_forward(
    void*, void*, uint8_t bf16, int32_t count, int32_t blocks, int64_t pixels, int64_t x, int64_t gamma, int64_t beta, int64_t mean,
    int64_t variance, float epsilon, uint8_t relu, int64_t sums, int64_t y) {
  Images images{count, blocks, (long)pixels};
  Totals totals{reinterpret_cast<double*>(sums)};
  Norm own = norm(gamma, beta, mean, variance, epsilon, relu);
  bf16 ? forward<Bf16>(images, x, own, totals, y) : forward<float>(images, x, own, totals, y);
}

EXPORTED void Java_org_vgg4j_backend_onednn_NativeBatchNorm2d_backward(
    void*, void*, uint8_t bf16, int32_t count, int32_t blocks, int64_t pixels, int64_t x, int64_t dy, int64_t gamma, int64_t beta,
    int64_t mean, int64_t variance, float epsilon, uint8_t relu, int64_t sums, int64_t dx, int64_t dgamma, int64_t dbeta,
    uint8_t given) {
  Images images{count, blocks, (long)pixels};
  Totals totals{reinterpret_cast<double*>(sums)};
  Norm own = norm(gamma, beta, mean, variance, epsilon, relu);
  bf16 ? backward<Bf16>(images, x, dy, own, totals, dx, dgamma, dbeta, given != 0)
       : backward<float>(images, x, dy, own, totals, dx, dgamma, dbeta, given != 0);
}
