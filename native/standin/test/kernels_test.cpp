// The kernels against plain loops in double.
#include "check.h"

#include <cstdint>
#include <cstring>

namespace {

struct StepState {
  uint64_t seed, step, forwardPass;
  double learningRate, lossScale;
  int64_t rows;
  float adamStepSize, adamRootCorrection;
};

struct LossTotals {
  double lossSum;
  int64_t correct, count, badLabels, firstNonFinite;
};

const unsigned GRID = 3, BLOCK = 64;

void adam() {
  const int n = 1003;  // no multiple of 4
  const auto p = values(n, 1), g = values(n, 2), m = values(n, 3), v = values(n, 4);
  std::vector<float> v2(n);
  for (int i = 0; i < n; i++) v2[i] = v[i] * v[i];
  Array<float> dp(p), dg(g), dm(m), dv(v2);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.01, 1, 1, 0, 0}});
  const double b1 = 0.9, b2 = 0.999, decay = 0.01;
  check(!launch("vgg4j_adam_prepare", 1, 1, state.p, b1, b2), "launch adam_prepare");
  check(!launch("vgg4j_adam", GRID, BLOCK, dp.p, dg.p, dm.p, dv.p, state.p, (long long) n,
                (float) b1, (float) (1 - b1), (float) b2, (float) (1 - b2), 1e-8f, (float) decay),
        "launch adam");
  const auto rp = dp.get();
  for (int i = 0; i < n; i++) {
    const double gradient = g[i] + decay * p[i];
    const double first = b1 * m[i] + (1 - b1) * gradient;
    const double second = b2 * v2[i] + (1 - b2) * gradient * gradient;
    const double expected = p[i] - 0.01 / (1 - pow(b1, 5)) * first
        / (sqrt(second) / sqrt(1 - pow(b2, 5)) + 1e-8);
    near(rp[i], expected, 2e-6 * (1 + fabs(expected)), "adam");
  }
}

void accumulate() {
  const int n = 1003;  // no multiple of 4
  const auto sum = values(n, 3), addend = values(n, 4);
  Array<float> into(sum), from(addend);
  check(!launch("vgg4j_accumulate", GRID, BLOCK, into.p, from.p, (long long) n), "launch accumulate");
  const auto result = into.get();
  for (int i = 0; i < n; i++) near(result[i], sum[i] + addend[i], 0, "accumulate");
}

void sgd() {
  const int n = 517;
  const auto p = values(n, 1), g = values(n, 2), v = values(n, 3);
  Array<float> plain(p), withMomentum(p), dg(g), dv(v);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.1, 1, 1, 0, 0}});
  launch("vgg4j_sgd", GRID, BLOCK, plain.p, dg.p, state.p, (long long) n, 0.01f);
  launch("vgg4j_sgd_momentum", GRID, BLOCK, withMomentum.p, dg.p, dv.p, state.p, (long long) n,
         0.9f, 0.01f);
  const auto r = plain.get(), rm = withMomentum.get(), rv = dv.get();
  for (int i = 0; i < n; i++) {
    const double gradient = g[i] + 0.01 * p[i], velocity = 0.9 * v[i] + gradient;
    near(r[i], p[i] - 0.1 * gradient, 1e-6, "sgd");
    near(rv[i], velocity, 1e-6, "sgd velocity");
    near(rm[i], p[i] - 0.1 * velocity, 1e-6, "sgd momentum");
  }
}

void crossEntropy(int batch, int rows, int classes) {
  auto logits = values((size_t) batch * classes, 5);
  for (float& x : logits) x *= 8;
  std::vector<int> labels(batch);
  for (int i = 0; i < batch; i++) labels[i] = i * 7 % classes;
  // A tie: the first of the largest wins.
  if (classes > 40) logits[3] = logits[40] = 100;
  Array<float> dl(logits), dg(logits.size());
  Array<int> dlabels(labels), rowState(batch);
  Array<double> rowLoss(batch);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.1, 1.0 / rows, rows, 0, 0}});
  Array<LossTotals> totals(1);
  cudaMemset(totals.p, 0, sizeof(LossTotals));
  check(!launch("vgg4j_cross_entropy", (batch + 3) / 4, 128, dl.p, dlabels.p, dg.p, rowLoss.p,
                rowState.p, state.p, batch, classes), "launch cross entropy");
  check(!launch("vgg4j_loss_totals", 1, 256, rowLoss.p, rowState.p, state.p, totals.p),
        "launch totals");
  const auto gradient = dg.get();
  double lossSum = 0;
  int correct = 0;
  for (int r = 0; r < batch; r++) {
    const float* row = &logits[(size_t) r * classes];
    int best = 0;
    for (int c = 1; c < classes; c++) best = row[c] > row[best] ? c : best;
    double sum = 0;
    for (int c = 0; c < classes; c++) sum += exp((double) row[c] - row[best]);
    for (int c = 0; c < classes; c++) {
      const double softmax = exp((double) row[c] - row[best]) / sum;
      const double expected = r < rows ? (softmax - (c == labels[r])) / rows : 0;
      near(gradient[(size_t) r * classes + c], expected, 1e-7, "cross entropy gradient");
    }
    if (r >= rows) continue;
    lossSum += log(sum) - ((double) row[labels[r]] - row[best]);
    correct += best == labels[r];
  }
  const LossTotals t = totals.get()[0];
  near(t.lossSum, lossSum, 1e-9 * (1 + lossSum), "loss sum");
  check(t.correct == correct && t.count == rows && t.badLabels == 0 && t.firstNonFinite == 0,
        "totals");
}

void badLoss() {
  std::vector<float> logits(30, 1.0f);
  logits[12] = NAN;
  Array<float> dl(logits), dg(30);
  Array<int> labels(std::vector<int>{0, 1, 11}), rowState(3);
  Array<double> rowLoss(3);
  Array<StepState> state(std::vector<StepState>{{7, 41, 9, 0.1, 1, 3, 0, 0}});
  Array<LossTotals> totals(1);
  cudaMemset(totals.p, 0, sizeof(LossTotals));
  launch("vgg4j_cross_entropy", 1, 128, dl.p, labels.p, dg.p, rowLoss.p, rowState.p, state.p, 3, 10);
  launch("vgg4j_loss_totals", 1, 256, rowLoss.p, rowState.p, state.p, totals.p);
  const LossTotals t = totals.get()[0];
  check(t.badLabels == 1 && t.firstNonFinite == 42 && t.correct == 1, "bad labels and losses");
}

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

void dropout() {
  const int n = 1001, threshold = 1 << 23;
  const auto x = values(n, 6);
  Array<float> dx(x);
  Array<StepState> state(std::vector<StepState>{{0xfedcba9876543210ull, 4, 9, 0.1, 1, 1, 0, 0}});
  launch("vgg4j_dropout", GRID, BLOCK, dx.p, dx.p, state.p, 3ull, (long long) n, threshold, 2.0f);
  const auto y = dx.get();
  const uint64_t gamma = 0x9E3779B97F4A7C15ull;
  uint64_t key = mix(0xfedcba9876543210ull + gamma);
  key = mix(key ^ (3 + gamma));
  key = mix(key ^ (9 * gamma + 1));
  int kept = 0;
  for (int i = 0; i < n; i++) {
    const bool keeps = (int64_t) (mix(key + (i + 1) * gamma) >> 40) >= threshold;
    kept += keeps;
    check(y[i] == (keeps ? x[i] * 2 : 0), "dropout");
  }
  check(kept > 400 && kept < 600, "dropout's share");
}

void images(int height, int width, int size, int repeat) {
  const int count = 6;
  std::vector<unsigned char> bytes(count / repeat * height * width);
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = (unsigned char) (i * 37 + i / 11);
  Array<unsigned char> db(bytes);
  Array<float> dy((size_t) count * size * size);
  launch("vgg4j_images", GRID, BLOCK, db.p, dy.p, count, repeat, height, width, size);
  const auto y = dy.get();
  for (int i = 0; i < count; i++) {
    for (int r = 0; r < size; r++) {
      for (int c = 0; c < size; c++) {
        const double v = fmax(0, (r + 0.5) * height / size - 0.5);
        const double h = fmax(0, (c + 0.5) * width / size - 0.5);
        const int top = (int) v, left = (int) h;
        const int bottom = top + 1 < height ? top + 1 : top, right = left + 1 < width ? left + 1 : left;
        const unsigned char* p = &bytes[(size_t) (i / repeat) * height * width];
        const double above = p[top * width + left] * (1 - h + left) + p[top * width + right] * (h - left);
        const double below =
            p[bottom * width + left] * (1 - h + left) + p[bottom * width + right] * (h - left);
        near(y[((size_t) i * size + r) * size + c], (above * (1 - v + top) + below * (v - top)) / 255,
             2e-6, "images");
      }
    }
  }
}

void adaptiveAvgPool(int planes, int height, int width, int outHeight, int outWidth) {
  const auto x = values(planes * height * width, 12), g = values(planes * outHeight * outWidth, 13);
  std::vector<double> y(g.size(), 0), back(x.size(), 0);
  for (int n = 0; n < planes; n++) {
    for (int p = 0; p < outHeight; p++) {
      for (int q = 0; q < outWidth; q++) {
        const int top = p * height / outHeight, left = q * width / outWidth;
        const int bottom = ((p + 1) * height + outHeight - 1) / outHeight;
        const int right = ((q + 1) * width + outWidth - 1) / outWidth;
        const int at = (n * outHeight + p) * outWidth + q, size = (bottom - top) * (right - left);
        for (int h = top; h < bottom; h++) {
          for (int w = left; w < right; w++) {
            y[at] += x[(n * height + h) * width + w] / double(size);
            back[(n * height + h) * width + w] += g[at] / double(size);
          }
        }
      }
    }
  }
  Array<float> dx(x), dy(g), pooled(g.size()), spread(x.size());
  check(!launch("vgg4j_adaptive_avg_pool", GRID, BLOCK, dx.p, pooled.p, (long long) g.size(), height, width, outHeight, outWidth), "launch pool");
  launch("vgg4j_adaptive_avg_pool_backward", GRID, BLOCK, dy.p, spread.p, (long long) x.size(), height, width, outHeight, outWidth);
  const auto means = pooled.get(), gradients = spread.get();
  for (size_t i = 0; i < g.size(); i++) near(means[i], y[i], 1e-6, "adaptive average pool");
  for (size_t i = 0; i < x.size(); i++) near(gradients[i], back[i], 1e-6, "adaptive average pool backward");
}

void elementwise() {
  const int n = 203, channels = 7;
  const auto x = values(n * channels, 8), b = values(channels, 9), g = values(n * channels, 10);
  Array<float> dx(x), dy(x.size()), db(b), dg(g), sum(channels), withBias(x);
  const long long count = n * channels;
  launch("vgg4j_relu", GRID, BLOCK, dx.p, dy.p, count);
  launch("vgg4j_relu_backward", GRID, BLOCK, dy.p, dg.p, dg.p, count);
  launch("vgg4j_column_sum", 1, 32, dx.p, sum.p, n, channels);
  launch("vgg4j_bias", GRID, BLOCK, withBias.p, db.p, count, channels, n, 1);
  const auto y = dy.get(), back = dg.get(), sums = sum.get(), biased = withBias.get();
  for (int i = 0; i < n * channels; i++) {
    check(y[i] == (x[i] > 0 ? x[i] : 0), "relu");
    check(back[i] == (x[i] > 0 ? g[i] : 0), "relu backward");
    const float v = x[i] + b[i / n % channels];
    check(biased[i] == (v > 0 ? v : 0), "bias with inner size");
  }
  for (int c = 0; c < channels; c++) {
    double expected = 0;
    for (int r = 0; r < n; r++) expected += x[r * channels + c];
    near(sums[c], expected, 1e-5, "column sum");
  }
  launch("vgg4j_fill", GRID, BLOCK, dy.p, count, 2.5f);
  for (const float v : dy.get()) check(v == 2.5f, "fill");
  for (const int bad : {-1, 0, 3, (int) count - 1}) {  // in a quad, and behind the last one
    auto v = values(count, 11);
    if (bad >= 0) v[bad] = bad ? NAN : -INFINITY;
    Array<float> dv(v);
    Array<int> found(std::vector<int>(1, 0));
    launch("vgg4j_non_finite", GRID, BLOCK, dv.p, count, found.p);
    check(found.get()[0] == (bad >= 0), "NaN and infinity are seen");
  }
}

}  // namespace

void testKernels() {
  adam();
  sgd();
  accumulate();
  crossEntropy(9, 6, 10);
  crossEntropy(300, 300, 10);
  crossEntropy(5, 5, 100);
  crossEntropy(2, 1, 1);
  badLoss();
  dropout();
  images(28, 28, 32, 1);
  images(5, 9, 4, 3);
  images(6, 6, 6, 1);
  images(6, 6, 6, 2);
  images(1, 1, 3, 1);
  adaptiveAvgPool(3, 1, 1, 7, 7);
  adaptiveAvgPool(2, 9, 8, 7, 3);
  adaptiveAvgPool(5, 2, 3, 2, 3);
  elementwise();
}
