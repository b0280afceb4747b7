// Pooling and local response normalization against plain loops in double.
#include "kernel_types.h"

namespace {

template <class T>
void maxPool(int channels, int kernel, int stride, int height, int width) {
  const int batch = 2, outHeight = (height - kernel) / stride + 1,
            outWidth = (width - kernel) / stride + 1;
  auto x = typedValues<T>((size_t) batch * height * width * channels, 21);
  for (float& v : x) v = std::round(v * 3) / 2;  // ties, and zeros of both signs
  for (size_t i = 4; i < x.size(); i += 11) x[i] = NAN;  // at every place in a window
  x[1] = -INFINITY;
  const auto g = typedValues<T>((size_t) batch * outHeight * outWidth * channels, 22);
  std::vector<double> back(x.size(), 0);
  std::vector<float> best(g.size());
  const auto at = [=](int n, int h, int w, int c) {
    return (((size_t) n * height + h) * width + w) * channels + c;
  };
  for (size_t i = 0; i < g.size(); i++) {
    const int c = (int) (i % channels), q = (int) (i / channels % outWidth);
    const int p = (int) (i / channels / outWidth % outHeight);
    const int n = (int) (i / channels / outWidth / outHeight);
    size_t winner = at(n, p * stride, q * stride, c);
    for (int r = 0; r < kernel; r++) {
      for (int s = 0; s < kernel; s++) {
        const size_t other = at(n, p * stride + r, q * stride + s, c);
        if (std::isnan(x[winner])) continue;
        if (std::isnan(x[other]) || x[other] > x[winner]) winner = other;
      }
    }
    best[i] = x[winner];
    back[winner] += g[i];
  }
  Array<T> dx(encode<T>(x)), dy(encode<T>(g)), pooled(g.size()), spread(x.size());
  runTyped<T>("vgg4j_max_pool", GRID, BLOCK, dx.p, pooled.p, batch, height, width, channels, kernel,
              stride, outHeight, outWidth);
  runTyped<T>("vgg4j_max_pool_backward", GRID, BLOCK, dx.p, dy.p, spread.p, batch, height, width,
              channels, kernel, stride, outHeight, outWidth);
  const auto y = results(pooled), gradient = results(spread);
  for (size_t i = 0; i < y.size(); i++) exact(y[i], best[i], "max pool");
  for (size_t i = 0; i < x.size(); i++) {
    near(gradient[i], back[i], Type<T>::EPSILON * (1 + fabs(back[i])), "max pool backward");
  }
}

template <class T>
void averagePool(int channels, int height, int width, int outHeight, int outWidth) {
  const int batch = 2;
  const auto x = typedValues<T>((size_t) batch * height * width * channels, 12);
  const auto g = typedValues<T>((size_t) batch * outHeight * outWidth * channels, 13);
  std::vector<double> y(g.size(), 0), back(x.size(), 0);
  for (size_t i = 0; i < g.size(); i++) {
    const int c = (int) (i % channels), q = (int) (i / channels % outWidth);
    const int p = (int) (i / channels / outWidth % outHeight);
    const int n = (int) (i / channels / outWidth / outHeight);
    const int top = p * height / outHeight, left = q * width / outWidth;
    const int bottom = ((p + 1) * height + outHeight - 1) / outHeight;
    const int right = ((q + 1) * width + outWidth - 1) / outWidth;
    const double size = (bottom - top) * (right - left);
    for (int h = top; h < bottom; h++) {
      for (int w = left; w < right; w++) {
        const size_t at = (((size_t) n * height + h) * width + w) * channels + c;
        y[i] += x[at] / size;
        back[at] += g[i] / size;
      }
    }
  }
  Array<T> dx(encode<T>(x)), dy(encode<T>(g)), pooled(g.size()), spread(x.size());
  runTyped<T>("vgg4j_adaptive_avg_pool", GRID, BLOCK, dx.p, pooled.p, (long long) g.size(), height,
              width, outHeight, outWidth, channels);
  runTyped<T>("vgg4j_adaptive_avg_pool_backward", GRID, BLOCK, dy.p, spread.p,
              (long long) x.size(), height, width, outHeight, outWidth, channels);
  const auto means = results(pooled), gradients = results(spread);
  for (size_t i = 0; i < g.size(); i++) {
    near(means[i], y[i], 1e-6 + Type<T>::EPSILON * fabs(y[i]), "adaptive average pool");
  }
  for (size_t i = 0; i < x.size(); i++) {
    near(gradients[i], back[i], 4e-6 + Type<T>::EPSILON * fabs(back[i]),
         "adaptive average pool backward");
  }
}

template <class T>
void lrn(int channels, int size, float beta) {
  const int rows = 31;
  const double share = 0.3, k = 2;
  auto x = typedValues<T>((size_t) rows * channels, 14);
  for (float& v : x) v *= 4;  // still exact
  const auto g = typedValues<T>(x.size(), 15);
  Array<T> dx(encode<T>(x)), dy(encode<T>(g)), normalized(x.size()), back(x.size());
  runTyped<T>("vgg4j_lrn", GRID, BLOCK, dx.p, normalized.p, (long long) rows, channels, size,
              (float) share, beta, (float) k);
  runTyped<T>("vgg4j_lrn_backward", GRID, BLOCK, dx.p, normalized.p, dy.p, back.p,
              (long long) rows, channels, size, (float) share, beta, (float) k);
  const auto y = results(normalized), gradient = results(back);
  for (int r = 0; r < rows; r++) {
    const float *xs = &x[(size_t) r * channels], *ys = &y[(size_t) r * channels],
                *gs = &g[(size_t) r * channels];
    std::vector<double> d(channels, k);
    for (int c = 0; c < channels; c++) {
      for (int j = std::max(0, c - size / 2); j <= std::min(channels - 1, c + size / 2); j++) {
        d[c] += share * xs[j] * xs[j];
      }
    }
    for (int c = 0; c < channels; c++) {
      const double factor = pow(d[c], -beta);
      double sum = 0;
      for (int j = std::max(0, c - size / 2); j <= std::min(channels - 1, c + size / 2); j++) {
        sum += gs[j] * ys[j] / d[j];
      }
      near(ys[c], xs[c] * factor, (2e-6 + Type<T>::EPSILON) * fabs(xs[c] * factor), "lrn");
      const double expected = gs[c] * factor - 2 * beta * share * xs[c] * sum;
      near(gradient[(size_t) r * channels + c], expected, 1e-5 + Type<T>::EPSILON * fabs(expected),
           "lrn backward");
    }
  }
}

template <class T>
void all() {
  for (const int channels : SOME_CHANNELS) {
    maxPool<T>(channels, 2, 2, 7, 5);
    maxPool<T>(channels, 3, 2, 7, 8);
    averagePool<T>(channels, 5, 6, 3, 4);
    for (const int size : {1, 3, 5}) lrn<T>(channels, size, 0.75f);
    lrn<T>(channels, 5, 0.5f);
  }
  maxPool<T>(8, 3, 1, 5, 4);
  maxPool<T>(3, 2, 3, 8, 9);
  maxPool<T>(8, 1, 1, 2, 2);
  maxPool<T>(1, 2, 2, 2, 2);
  averagePool<T>(3, 1, 1, 7, 7);
  averagePool<T>(8, 9, 8, 7, 3);
  averagePool<T>(5, 2, 3, 2, 3);
}

}  // namespace

void testPoolKernels() {
  all<float>();
  all<Bf16>();
}
