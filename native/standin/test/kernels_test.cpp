// The kernels against plain loops in double.
#include "kernel_types.h"

void testNormKernels();
void testNormRanksKernels();
void testPoolKernels();

uint64_t resultHash;

namespace {

struct StepState {
  uint64_t seed, step, forwardPass;
  double learningRate, lossScale;
  int64_t rows, first;
  float adamStepSize, adamRootCorrection;
};

struct LossTotals {
  double lossSum;
  int64_t correct, inTopFive, count, badLabels, firstNonFinite;
};

// The bf16 copy that an optimizer writes of its parameters.
void checkCopy(const std::vector<float>& p, const std::vector<float>& copy) {
  for (size_t i = 0; i < p.size(); i++) exact(copy[i], rounded<Bf16>(p[i]), "the bf16 copy");
}

void adam(bool hasCopy) {
  const int n = 1003;  // no multiple of 4
  const auto p = values(n, 1), g = values(n, 2), m = values(n, 3), v = values(n, 4);
  std::vector<float> v2(n);
  for (int i = 0; i < n; i++) v2[i] = v[i] * v[i];
  Array<float> dp(p), dg(g), dm(m), dv(v2);
  Array<Bf16> copy(n);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.01, 1, 1, 0, 0, 0}});
  const double b1 = 0.9, b2 = 0.999, decay = 0.01;
  run("vgg4j_adam_prepare", 1, 1, state.p, b1, b2);
  run("vgg4j_adam", GRID, BLOCK, dp.p, dg.p, dm.p, dv.p, hasCopy ? copy.p : nullptr, state.p,
      (long long) n, (float) b1, (float) (1 - b1), (float) b2, (float) (1 - b2), 1e-8f,
      (float) decay, 0.5f);
  const auto rp = results(dp);
  for (int i = 0; i < n; i++) {
    const double gradient = g[i] + decay * p[i];
    const double first = b1 * m[i] + (1 - b1) * gradient;
    const double second = b2 * v2[i] + (1 - b2) * gradient * gradient;
    const double expected = p[i] - 0.5 * 0.01 / (1 - pow(b1, 5)) * first
        / (sqrt(second) / sqrt(1 - pow(b2, 5)) + 1e-8);
    near(rp[i], expected, 2e-6 * (1 + fabs(expected)), "adam");
  }
  if (hasCopy) checkCopy(rp, results(copy));
}

void accumulate() {
  const int n = 1003;  // no multiple of 4
  const auto sum = values(n, 3), addend = values(n, 4);
  Array<float> into(sum), from(addend);
  run("vgg4j_accumulate", GRID, BLOCK, into.p, from.p, (long long) n);
  const auto result = results(into);
  for (int i = 0; i < n; i++) near(result[i], sum[i] + addend[i], 0, "accumulate");
}

// A norm of the gradients above the limit, below it, one whose squares exceed a float, and one that is none.
void clip() {
  const int n = 100003, parts = 3;
  const auto small = values(n, 6);
  double squares = 0;
  for (const float x : small) squares += (double) x * x;
  struct Case {
    float scale;
    double maxNorm, factor;
  };
  const double norm = sqrt(squares);
  for (const Case& c : {Case{1, norm / 3, 1 / 3.0}, Case{1, 2 * norm, 1}, Case{1e30f, norm, 1e-30},
                        Case{INFINITY, 1, NAN}}) {
    auto g = small;
    for (float& x : g) x *= c.scale;
    Array<float> dg(g), factor(1);
    Array<double> partial(parts);
    run("vgg4j_clip_squares", parts, 256, dg.p, (long long) n, partial.p);
    run("vgg4j_clip_factor", 1, 256, partial.p, parts, c.maxNorm, factor.p);
    run("vgg4j_clip", GRID, BLOCK, dg.p, (long long) n, factor.p);
    const float by = results(factor)[0];
    if (std::isnan(c.factor)) {
      check(std::isnan(by) && std::isnan(results(dg)[n - 1]), "gradients without a norm");
      continue;
    }
    near(by, c.factor, 1e-6 * c.factor, "clip factor");
    const auto clipped = results(dg);
    for (int i = 0; i < n; i++) near(clipped[i], g[i] * by, 0, "clipped");
  }
}

void average() {
  const int n = 1003;
  const auto a = values(n, 7), x = values(n, 8);
  Array<float> mean(a), dx(x);
  run("vgg4j_average", GRID, BLOCK, mean.p, dx.p, (long long) n, 0.25f);
  const auto averaged = results(mean);
  for (int i = 0; i < n; i++) near(averaged[i], 0.75 * a[i] + 0.25 * x[i], 1e-6, "average");
  run("vgg4j_exchange", GRID, BLOCK, mean.p, dx.p, (long long) n);
  const auto first = results(mean), second = results(dx);
  for (int i = 0; i < n; i++) {
    exact(first[i], x[i], "exchanged");
    exact(second[i], averaged[i], "exchanged");
  }
}

void sgd(bool hasCopy) {
  const int n = 517;
  const auto p = values(n, 1), g = values(n, 2), v = values(n, 3);
  Array<float> plain(p), withMomentum(p), dg(g), dv(v);
  Array<Bf16> copy(n), copyWithMomentum(n);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.1, 1, 1, 0, 0, 0}});
  run("vgg4j_sgd", GRID, BLOCK, plain.p, dg.p, hasCopy ? copy.p : nullptr, state.p, (long long) n,
      0.01f, 0.5f);
  run("vgg4j_sgd_momentum", GRID, BLOCK, withMomentum.p, dg.p, dv.p,
      hasCopy ? copyWithMomentum.p : nullptr, state.p, (long long) n, 0.9f, 0.01f, 3.0f);
  const auto r = results(plain), rm = results(withMomentum), rv = results(dv);
  for (int i = 0; i < n; i++) {
    const double gradient = g[i] + 0.01 * p[i], velocity = 0.9 * v[i] + gradient;
    near(r[i], p[i] - 0.05 * gradient, 1e-6, "sgd");
    near(rv[i], velocity, 1e-6, "sgd velocity");
    near(rm[i], p[i] - 0.3 * velocity, 1e-6, "sgd momentum");
  }
  if (!hasCopy) return;
  checkCopy(r, results(copy));
  checkCopy(rm, results(copyWithMomentum));
}

template <class T>
void crossEntropy(int batch, int rows, int classes, double smoothing) {
  auto logits = typedValues<T>((size_t) batch * classes, 5);
  for (float& x : logits) x *= 8;
  std::vector<int> labels(batch);
  for (int i = 0; i < batch; i++) labels[i] = i * 7 % classes;
  // A tie: the first of the largest wins.
  if (classes > 40) logits[3] = logits[40] = 100;
  Array<T> dl(encode<T>(logits)), dg(logits.size());
  Array<int> dlabels(labels), rowState(batch);
  Array<double> rowLoss(batch);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.1, 1.0 / rows, rows, 0, 0, 0}});
  const double otherTarget = smoothing / classes, labelTarget = 1 - smoothing + otherTarget;
  Array<LossTotals> totals(1);
  cudaMemset(totals.p, 0, sizeof(LossTotals));
  for (T* gradient : {(T*) nullptr, dg.p}) {
    runTyped<T>("vgg4j_cross_entropy", (batch + 3) / 4, 128, dl.p, dlabels.p, gradient, rowLoss.p,
                rowState.p, state.p, batch, classes, labelTarget, otherTarget);
  }
  run("vgg4j_loss_totals", 1, 256, rowLoss.p, rowState.p, state.p, totals.p);
  const auto gradient = results(dg);
  double lossSum = 0;
  int correct = 0, top = 0;
  for (int r = 0; r < batch; r++) {
    const float* row = &logits[(size_t) r * classes];
    int best = 0;
    for (int c = 1; c < classes; c++) best = row[c] > row[best] ? c : best;
    double sum = 0;
    for (int c = 0; c < classes; c++) sum += exp((double) row[c] - row[best]);
    for (int c = 0; c < classes; c++) {
      const double softmax = exp((double) row[c] - row[best]) / sum;
      const double target = c == labels[r] ? labelTarget : otherTarget;
      const double expected = r < rows ? (softmax - target) / rows : 0;
      near(gradient[(size_t) r * classes + c], expected,
           1e-7 + Type<T>::EPSILON * fabs(expected), "cross entropy gradient");
    }
    if (r >= rows) continue;
    int before = 0;
    for (int c = 0; c < classes; c++) {
      lossSum += (c == labels[r] ? labelTarget : otherTarget) * (log(sum) - ((double) row[c] - row[best]));
      before += row[c] > row[labels[r]] || (row[c] == row[labels[r]] && c < labels[r]);
    }
    correct += best == labels[r];
    top += before < 5;
  }
  const LossTotals t = totals.get()[0];
  near(t.lossSum, lossSum, 1e-9 * (1 + lossSum), "loss sum");
  check(t.correct == correct && t.inTopFive == top && t.count == rows && t.badLabels == 0 && t.firstNonFinite == 0,
        "totals");
}

void badLoss() {
  std::vector<float> logits(30, 1.0f);
  logits[12] = NAN;
  Array<float> dl(logits), dg(30);
  Array<int> labels(std::vector<int>{0, 1, 11}), rowState(3);
  Array<double> rowLoss(3);
  Array<StepState> state(std::vector<StepState>{{7, 41, 9, 0.1, 1, 3, 0, 0, 0}});
  Array<LossTotals> totals(1);
  cudaMemset(totals.p, 0, sizeof(LossTotals));
  runTyped<float>("vgg4j_cross_entropy", 1, 128, dl.p, labels.p, dg.p, rowLoss.p, rowState.p, state.p,
                  3, 10, 1.0, 0.0);
  run("vgg4j_loss_totals", 1, 256, rowLoss.p, rowState.p, state.p, totals.p);
  const LossTotals t = totals.get()[0];
  check(t.badLabels == 1 && t.firstNonFinite == 42 && t.correct == 1, "bad labels and losses");
}

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// x (rows, inner, channels) in memory; the mask goes by (rows, channels, inner).
template <class T>
void dropout(int rows, int channels, int inner) {
  const int n = rows * channels * inner, threshold = 1 << 23;
  const auto x = typedValues<T>(n, 6);
  Array<T> dx(encode<T>(x));
  Array<StepState> state(std::vector<StepState>{{0xfedcba9876543210ull, 4, 9, 0.1, 1, 1, 5, 0, 0}});
  runTyped<T>("vgg4j_dropout", GRID, BLOCK, dx.p, dx.p, state.p, 3ull, (long long) n, threshold, 2.0f,
              channels, inner);
  const auto y = results(dx);
  const uint64_t gamma = 0x9E3779B97F4A7C15ull;
  uint64_t key = mix(0xfedcba9876543210ull + gamma);
  key = mix(key ^ (3 + gamma));
  key = mix(key ^ (9 * gamma + 1));
  for (int i = 0; i < n; i++) {
    const int c = i % channels, p = i / channels % inner, row = i / channels / inner;
    const int logical = ((row + 5) * channels + c) * inner + p;  // of a batch that begins at row 5
    const bool keeps = (int64_t) (mix(key + (logical + 1) * gamma) >> 40) >= threshold;
    check(y[i] == (keeps ? x[i] * 2 : 0), "dropout");
  }
}

// As the kernels read it.
struct ImageRow {
  long long offset;
  int label, channels, height, width, resizedHeight, resizedWidth, top, left, isFlipped;
  float shift[4];
  int unused;
};

// A table of its own for the batch, or one of `imageCount` rows, of which the batch's last lies behind the end.
// The square of `size` is cropped from an image resized to `resized`, flipped in every second row.
template <class T>
void images(int height, int width, int size, int byteChannels, int channels, int stored, int resized,
            int imageCount = 0) {
  const int batch = 3, first = imageCount - batch + 1, rows = imageCount ? imageCount : batch;
  const bool isResident = imageCount > 0;
  const int plane = height * width;
  std::vector<unsigned char> bytes((size_t) rows * byteChannels * plane);
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = (unsigned char) (i * 37 + i / 7);
  std::vector<ImageRow> table;
  for (int i = 0; i < rows; i++) {
    const int at = (i * 5 + 3) % rows;
    table.push_back({(long long) at * byteChannels * plane, 100 + at, byteChannels, height, width, resized,
                     resized, (resized - size) * i / rows, (resized - size) * (rows - i) / rows, i % 2,
                     {0.1f * i, -0.05f, 0.25f, 0}, 0});
  }
  std::vector<float> normal;
  for (int c = 0; c < channels; c++) normal.push_back(0.125f * c);
  for (int c = 0; c < channels; c++) normal.push_back(0.5f + c);
  Array<unsigned char> db(bytes);
  Array<ImageRow> dTable(table);
  Array<float> dNormal(normal);
  Array<int> labels(batch);
  Array<StepState> state(std::vector<StepState>{{7, 4, 9, 0.1, 1, 1, first, 0, 0}});
  Array<T> dy((size_t) batch * size * size * stored);
  runTyped<T>("vgg4j_images", GRID, BLOCK, db.p, dTable.p, isResident ? dNormal.p : (float*) nullptr,
              isResident ? state.p : (StepState*) nullptr, dy.p, isResident ? labels.p : (int*) nullptr, batch,
              rows, channels, size, stored);
  const auto chosen = [&](int row) { return isResident ? std::min(first + row, rows - 1) : row; };
  for (int row = 0; isResident && row < batch; row++) {
    check(labels.get()[row] == table[chosen(row)].label, "the labels of images");
  }
  const auto y = results(dy);
  for (size_t i = 0; i < y.size(); i++) {
    const int ch = (int) (i % stored), column = (int) (i / stored % size);
    const int line = (int) (i / stored / size % size);
    const ImageRow& row = table[chosen((int) (i / stored / size / size))];
    if (ch >= channels) {
      exact(y[i], 0, "the padding of images");
      continue;
    }
    const int r = row.top + line, c = row.left + (row.isFlipped ? size - 1 - column : column);
    const double v = fmax(0, (r + 0.5) * height / resized - 0.5);
    const double h = fmax(0, (c + 0.5) * width / resized - 0.5);
    const int top = (int) v, left = (int) h;
    const int bottom = top + 1 < height ? top + 1 : top, right = left + 1 < width ? left + 1 : left;
    const unsigned char* p = &bytes[row.offset + (byteChannels == 1 ? 0 : ch * plane)];
    const double above = p[top * width + left] * (1 - h + left) + p[top * width + right] * (h - left);
    const double below =
        p[bottom * width + left] * (1 - h + left) + p[bottom * width + right] * (h - left);
    double expected = (above * (1 - v + top) + below * (v - top)) / 255 + (ch < 4 ? row.shift[ch] : 0);
    if (isResident) expected = (expected - normal[ch]) / normal[channels + ch];
    near(y[i], expected, 4e-6 + Type<T>::EPSILON * fabs(expected), "images");
  }
}

// Values that show how zeros, NaN and infinity are treated, in an access and behind the last one.
template <class T>
std::vector<float> specialValues(size_t n, unsigned seed) {
  auto x = typedValues<T>(n, seed);
  const float special[] = {-0.0f, 0.0f, NAN, INFINITY, -INFINITY};
  for (int i = 0; i < 5; i++) x[3 * i] = x[n - 1 - i] = special[i];
  return x;
}

template <class T>
void elementwise() {
  const int n = 1421;
  const auto x = specialValues<T>(n, 8), g = typedValues<T>(n, 10);
  Array<T> dx(encode<T>(x)), dy(n), dg(encode<T>(g));
  runTyped<T>("vgg4j_relu", GRID, BLOCK, dx.p, dy.p, (long long) n);
  runTyped<T>("vgg4j_relu_backward", GRID, BLOCK, dy.p, dg.p, dg.p, (long long) n);
  runTyped<T>("vgg4j_relu", GRID, BLOCK, dx.p, dx.p, (long long) n);
  const auto y = results(dy), back = results(dg), inPlace = results(dx);
  for (int i = 0; i < n; i++) {
    const float expected = x[i] <= 0 ? 0 : x[i];  // NaN stays
    exact(y[i], expected, "relu");
    exact(inPlace[i], expected, "relu in place");
    exact(back[i], x[i] > 0 ? g[i] : 0, "relu backward");
  }
  for (const int bad : {-1, 0, 5, n - 1}) {  // in an access, and behind the last one
    auto v = typedValues<T>(n, 11);
    if (bad >= 0) v[bad] = bad ? NAN : -INFINITY;
    Array<T> dv(encode<T>(v));
    Array<int> found(std::vector<int>(1, 0));
    runTyped<T>("vgg4j_non_finite", GRID, BLOCK, dv.p, (long long) n, found.p);
    check(found.get()[0] == (bad >= 0), "NaN and infinity are seen");
  }
}

template <class T>
void bias(int channels, bool hasRelu) {
  const int n = 53 * channels;
  const auto x = specialValues<T>(n, 8), b = values(channels, 9);
  Array<T> dx(encode<T>(x));
  Array<float> db(b);
  runTyped<T>("vgg4j_bias", GRID, BLOCK, dx.p, db.p, (long long) n, channels, (int) hasRelu);
  const auto y = results(dx);
  for (int i = 0; i < n; i++) {
    const float v = x[i] + b[i % channels];
    exact(y[i], rounded<T>(hasRelu && v <= 0 ? 0 : v), "bias");
  }
}

// One element type E of the size that the kernels are told.
template <class E>
void layout(int rows, int channels, int inner, int stored) {
  const int n = rows * channels * inner;
  std::vector<E> x(n);
  for (int i = 0; i < n; i++) x[i] = (E) (i * 2654435761u >> 7);
  Array<E> whole((size_t) rows * inner * stored), back(n);
  cudaMemset(whole.p, 0, whole.count * sizeof(E));
  // In two slices, as a copy through a small buffer does.
  const int cut = n / 3;
  for (const int first : {0, cut}) {
    const int count = first ? n - cut : cut;
    if (count == 0) continue;
    Array<E> slice(std::vector<E>(x.begin() + first, x.begin() + first + count));
    run("vgg4j_rows_to_channels", GRID, BLOCK, whole.p, slice.p, (long long) first, (long long) count,
        channels, inner, stored, (int) sizeof(E));
  }
  const auto w = bitsOf(whole);
  for (size_t i = 0; i < w.size(); i++) {
    const int c = (int) (i % stored), p = (int) (i / stored % inner), row = (int) (i / stored / inner);
    check(w[i] == (c < channels ? x[(row * channels + c) * inner + p] : 0), "rows to channels");
  }
  run("vgg4j_channels_to_rows", GRID, BLOCK, back.p, whole.p, 0ll, (long long) n, channels, inner,
      stored, (int) sizeof(E));
  check(bitsOf(back) == x, "channels to rows");
  if (n == cut) return;
  Array<E> tail(n - cut);
  run("vgg4j_channels_to_rows", GRID, BLOCK, tail.p, whole.p, (long long) cut, (long long) (n - cut),
      channels, inner, stored, (int) sizeof(E));
  check(bitsOf(tail) == std::vector<E>(x.begin() + cut, x.end()), "a slice of channels to rows");
}

void conversions() {
  auto x = values(1003, 16);
  for (size_t i = 0; i < 400; i++) x[i] *= std::ldexp(1.0f, (int) i - 200);  // 0x1p-200f is 0
  const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 0x1.fffffep127f, 0x1.fep127f,
                           0x1.01p0f, 0x1.03p0f, 0x1.0100001p0f, 0x1p-149f, 0x1p-134f, 0x3p-134f};
  std::copy(std::begin(special), std::end(special), x.begin() + 500);
  uint32_t bits = 0x7f800001;  // a NaN whose upper half is infinity's
  memcpy(&x[600], &bits, 4);
  bits = 0xffffffff;  // a NaN that rounding would carry over
  memcpy(&x[1002], &bits, 4);
  Array<float> dx(x), back(x.size());
  Array<Bf16> dy(x.size());
  run("vgg4j_round_bf16", GRID, BLOCK, dx.p, dy.p, (long long) x.size());
  run("vgg4j_widen_bf16", GRID, BLOCK, dy.p, back.p, (long long) x.size());
  const auto y = results(dy), wide = results(back);
  for (size_t i = 0; i < x.size(); i++) {
    exact(y[i], (float) roundedToBf16(x[i]), "rounding to bf16");
    exact(wide[i], y[i], "widening from bf16");
  }
}

template <class T>
void both() {
  elementwise<T>();
  crossEntropy<T>(9, 6, 10, 0);
  crossEntropy<T>(300, 300, 10, 0.1);
  crossEntropy<T>(5, 5, 100, 0);
  crossEntropy<T>(5, 5, 100, 0.3);
  crossEntropy<T>(2, 1, 1, 0.1);
  for (const int channels : SOME_CHANNELS) {
    bias<T>(channels, false);
    bias<T>(channels, true);
    dropout<T>(3, channels, 1);
    dropout<T>(3, channels, 6);
  }
  dropout<T>(77, 13, 1);
  images<T>(28, 28, 32, 1, 1, 1, 32);
  images<T>(5, 9, 4, 1, 3, 8, 4);
  images<T>(6, 6, 6, 3, 3, 4, 6);
  images<T>(6, 6, 6, 1, 2, 2, 9);
  images<T>(7, 4, 5, 3, 3, 3, 8);
  images<T>(1, 1, 3, 1, 1, 8, 3);
  images<T>(28, 28, 32, 1, 1, 4, 36, 11);
  images<T>(5, 9, 4, 1, 3, 8, 7, 7);
  images<T>(6, 6, 6, 3, 3, 3, 6, 3);
  images<T>(9, 8, 3, 5, 5, 8, 6, 4);
}

}  // namespace

void testKernels() {
  for (const bool hasCopy : {false, true}) {
    adam(hasCopy);
    sgd(hasCopy);
  }
  accumulate();
  clip();
  average();
  badLoss();
  conversions();
  for (const int channels : SOME_CHANNELS) {
    layout<uint8_t>(3, channels, 12, channels);
    layout<uint16_t>(2, channels, 15, channels + 3);
    layout<uint32_t>(5, channels, 1, channels);
  }
  layout<uint32_t>(1, 1, 1, 4);
  both<float>();
  both<Bf16>();
  testNormKernels();
  testNormRanksKernels();
  testPoolKernels();
}
