// Batch normalization, biases and the pooling of fused blocks against plain loops in double.
#include "kernel_types.h"

namespace {

const float EPSILON = 1e-5f, FACTOR = 0.1f;

// One image tensor (batch, height, width, channels) and its 2x2 windows.
struct Shape {
  int batch, height, width, channels;

  size_t rows() const { return (size_t) batch * height * width; }
  size_t count() const { return rows() * channels; }
  int p() const { return height / 2; }
  int q() const { return width / 2; }
  size_t windows() const { return (size_t) batch * p() * q(); }
  size_t pooled() const { return windows() * channels; }
  // Element k of the window of a pooled element.
  size_t pixel(size_t i, int k) const {
    const size_t c = i % channels, column = i / channels % q(), row = i / channels / q() % p();
    const size_t n = i / channels / q() / p();
    return ((n * height + 2 * row + k / 2) * width + 2 * column + k % 2) * channels + c;
  }
};

// Sums of each part of the rows, and how far rounding may take them off.
struct PartSums {
  int parts, sums, channels;
  std::vector<double> value, bound;

  PartSums(int partCount, int sumCount, int channelCount)
      : parts(partCount), sums(sumCount), channels(channelCount),
        value((size_t) partCount * sumCount * channelCount), bound(value.size(), 1e-30) {}

  void add(size_t row, size_t rows, int sum, int c, double term, double termBound) {
    int part = 0;
    while ((part + 1) * rows / parts <= row) part++;
    const size_t at = ((size_t) part * sums + sum) * channels + c;
    value[at] += term;
    // Each of a part's additions rounds.
    bound[at] += ((double) rows / parts + 4) * 0x1p-24 * termBound;
  }

  double total(int sum, int c) const { return add(value, sum, c); }
  double totalBound(int sum, int c) const { return add(bound, sum, c); }

  void compare(const std::vector<float>& partial, const char* what) const {
    for (size_t i = 0; i < value.size(); i++) near(partial[i], value[i], bound[i], what);
  }

 private:
  double add(const std::vector<double>& of, int sum, int c) const {
    double all = 0;
    for (int part = 0; part < parts; part++) {
      all += of[((size_t) part * sums + sum) * channels + c];
    }
    return all;
  }
};

// The coefficients of a norm, made by the kernels.
struct Norm {
  Array<float> gamma, beta, bias, runningMean, runningVar, mean, invStd, scale, shift;

  explicit Norm(int channels)
      : gamma(values(channels, 31)), beta(values(channels, 32)), bias(values(channels, 33)),
        runningMean(values(channels, 34)), runningVar(std::vector<float>(channels, 0.75f)),
        mean(channels), invStd(channels), scale(channels), shift(channels) {}
};

template <class T>
void statistics(const Shape& s, int parts, const std::vector<float>& x, Norm& norm, bool hasBias) {
  Array<T> dx(encode<T>(x));
  Array<float> partial((size_t) parts * 2 * s.channels);
  const long long rows = (long long) s.rows();
  runTyped<T>("vgg4j_norm_statistics", sumGrid<T>(s.channels, parts), 256, dx.p, partial.p, rows,
              s.channels, parts);
  PartSums expected(parts, 2, s.channels);
  for (size_t row = 0; row < s.rows(); row++) {
    for (int c = 0; c < s.channels; c++) {
      const double d = (double) x[row * s.channels + c] - x[c];
      expected.add(row, s.rows(), 0, c, d, fabs(d));
      expected.add(row, s.rows(), 1, c, d * d, d * d);
    }
  }
  expected.compare(results(partial), "norm statistics");
  const auto oldMean = norm.runningMean.get(), oldVar = norm.runningVar.get();
  float* bias = hasBias ? norm.bias.p : nullptr;
  runTyped<T>("vgg4j_norm_finish", finishGrid(s.channels), 256, partial.p, dx.p, parts, rows,
              s.channels, norm.gamma.p, norm.beta.p, bias, norm.runningMean.p, norm.runningVar.p,
              norm.mean.p, norm.invStd.p, norm.scale.p, norm.shift.p, EPSILON, FACTOR);
  const auto mean = results(norm.mean), invStd = results(norm.invStd), scale = results(norm.scale),
             shift = results(norm.shift), newMean = results(norm.runningMean),
             newVar = results(norm.runningVar), gamma = norm.gamma.get(), beta = norm.beta.get(),
             b = norm.bias.get();
  for (int c = 0; c < s.channels; c++) {
    double m = 0, v = 0;
    for (size_t row = 0; row < s.rows(); row++) m += x[row * s.channels + c] / (double) rows;
    for (size_t row = 0; row < s.rows(); row++) v += pow(x[row * s.channels + c] - m, 2) / rows;
    const double inverse = 1 / sqrt(v + EPSILON), unbiased = rows > 1 ? v * rows / (rows - 1) : 0;
    near(mean[c], m, 2e-6, "mean");
    near(invStd[c], inverse, 1e-5 * inverse, "inverse deviation");
    near(scale[c], gamma[c] * inverse, 1e-5 * inverse, "scale");
    near(shift[c], beta[c] - m * gamma[c] * inverse, 2e-5 * (1 + fabs(m)) * inverse, "shift");
    const double keep = 1 - (double) FACTOR;
    near(newMean[c], keep * oldMean[c] + FACTOR * (m + (hasBias ? b[c] : 0)), 1e-6, "running mean");
    near(newVar[c], keep * oldVar[c] + FACTOR * unbiased, 1e-6, "running variance");
  }
}

// As behind a convolution that gives the sums of its output itself.
void finishOfSums() {
  const int channels = 10;
  std::vector<float> sums;
  for (int c = 0; c < channels; c++) sums.push_back(4.0f * (float) c);      // mean c
  for (int c = 0; c < channels; c++) sums.push_back(4.0f * (float) (c * c + c + 1));  // variance c + 1
  Array<float> partial(sums);
  Norm norm(channels);
  runTyped<Bf16>("vgg4j_norm_finish", finishGrid(channels), 256, partial.p, (Bf16*) nullptr, 1, 4ll,
                 channels, norm.gamma.p, norm.beta.p, (float*) nullptr, norm.runningMean.p,
                 norm.runningVar.p, norm.mean.p, norm.invStd.p, norm.scale.p, norm.shift.p, 0.0f, 1.0f);
  const auto mean = norm.mean.get(), invStd = norm.invStd.get(), var = norm.runningVar.get();
  for (int c = 0; c < channels; c++) {
    near(mean[c], c, 0, "mean of sums");
    near(invStd[c], 1 / sqrt(c + 1), 1e-7, "deviation of sums");
    near(var[c], (c + 1) * 4 / 3.0, 1e-6, "running variance of sums");
  }
}

void frozen(int channels, bool hasBias) {
  Norm norm(channels);
  run("vgg4j_norm_frozen", GRID, BLOCK, norm.gamma.p, norm.beta.p, hasBias ? norm.bias.p : nullptr,
      norm.runningMean.p, norm.runningVar.p, norm.mean.p, norm.invStd.p, norm.scale.p, norm.shift.p,
      EPSILON, channels);
  const auto gamma = norm.gamma.get(), beta = norm.beta.get(), bias = norm.bias.get(),
             old = norm.runningMean.get(), mean = results(norm.mean), invStd = results(norm.invStd),
             scale = results(norm.scale), shift = results(norm.shift);
  for (int c = 0; c < channels; c++) {
    const double m = old[c] - (hasBias ? (double) bias[c] : 0), inverse = 1 / sqrt(0.75 + EPSILON);
    near(mean[c], m, 1e-7, "frozen mean");
    near(invStd[c], inverse, 1e-6, "frozen deviation");
    near(scale[c], gamma[c] * inverse, 1e-6, "frozen scale");
    near(shift[c], beta[c] - m * gamma[c] * inverse, 1e-6, "frozen shift");
  }
}

// What scale x + shift and the ReLU give, with the kernels' roundings.
template <class T>
std::vector<float> applied(const std::vector<float>& x, Norm& norm, int channels, bool hasRelu) {
  const auto scale = norm.scale.get(), shift = norm.shift.get();
  std::vector<float> y(x.size());
  for (size_t i = 0; i < x.size(); i++) {
    const float product = x[i] * scale[i % channels], sum = product + shift[i % channels];
    y[i] = rounded<T>(hasRelu && sum <= 0 ? 0 : sum);
  }
  return y;
}

template <class T>
void apply(const Shape& s, const std::vector<float>& x, Norm& norm, bool hasRelu) {
  Array<T> dx(encode<T>(x)), dy(x.size());
  runTyped<T>("vgg4j_norm_apply", GRID, BLOCK, dx.p, dy.p, norm.scale.p, norm.shift.p,
              (long long) x.size(), s.channels, (int) hasRelu);
  runTyped<T>("vgg4j_norm_apply", GRID, BLOCK, dx.p, dx.p, norm.scale.p, norm.shift.p,
              (long long) x.size(), s.channels, (int) hasRelu);
  const auto y = results(dy), inPlace = results(dx), expected = applied<T>(x, norm, s.channels, hasRelu);
  for (size_t i = 0; i < y.size(); i++) {
    exact(y[i], expected[i], "norm apply");
    exact(inPlace[i], expected[i], "norm apply in place");
  }
}

// v, pooled: the values and the winners' bytes.
struct Pooled {
  std::vector<float> y;
  std::vector<unsigned char> winner;
};

Pooled pooledOf(const Shape& s, const std::vector<float>& v, bool hasRelu) {
  Pooled pooled;
  for (size_t i = 0; i < s.pooled(); i++) {
    int winner = 0;
    for (int k = 1; k < 4; k++) {
      const float best = v[s.pixel(i, winner)], other = v[s.pixel(i, k)];
      if (!std::isnan(best) && (std::isnan(other) || other > best)) winner = k;
    }
    const float best = v[s.pixel(i, winner)];
    const bool isOff = hasRelu && best <= 0;
    pooled.y.push_back(isOff ? 0 : best);
    pooled.winner.push_back(isOff ? 255 : winner);
  }
  return pooled;
}

template <class T>
std::vector<unsigned char> applyPool(
    const Shape& s, const std::vector<float>& x, Norm& norm, bool hasScale, bool hasRelu) {
  const auto expected =
      pooledOf(s, hasScale ? applied<T>(x, norm, s.channels, false) : x, hasRelu);
  Array<T> dx(encode<T>(x)), dy(s.pooled()), again(s.pooled());
  Array<unsigned char> winner(s.pooled());
  float* scale = hasScale ? norm.scale.p : nullptr;
  runTyped<T>("vgg4j_norm_apply_pool", GRID, BLOCK, dx.p, dy.p, winner.p, scale, norm.shift.p,
              s.batch, s.height, s.width, s.channels, (int) hasRelu);
  runTyped<T>("vgg4j_norm_apply_pool", GRID, BLOCK, dx.p, again.p, (unsigned char*) nullptr, scale,
              norm.shift.p, s.batch, s.height, s.width, s.channels, (int) hasRelu);
  const auto y = results(dy), without = results(again);
  const auto winners = bitsOf(winner);
  for (size_t i = 0; i < s.pooled(); i++) {
    exact(y[i], expected.y[i], "pooled");
    exact(without[i], expected.y[i], "pooled without winners");
    check(winners[i] == expected.winner[i], "the winner");
  }
  return winners;
}

// g (rows, channels) is what reaches scale x + shift; sums and finish against it, and the gradient of x.
template <class T>
void backward(
    const Shape& s, int parts, const std::vector<float>& x, const std::vector<double>& g, Norm& norm,
    const PartSums& sums, Array<float>& partial, bool isFrozen,
    const std::function<void(T* dx, float* m1, float* m2)>& gradient) {
  sums.compare(results(partial), "norm backward sums");
  Array<float> dgamma(s.channels), dbeta(s.channels), db(s.channels), m1(s.channels), m2(s.channels);
  // From the totals alone, which must give the same bits, then from the parts.
  Array<double> totals((size_t) 2 * s.channels);
  run("vgg4j_norm_backward_totals", finishGrid(s.channels), 256, partial.p, parts, s.channels, totals.p);
  std::vector<std::vector<float>> ofTotals;
  for (double* from : {totals.p, (double*) nullptr}) {
    run("vgg4j_norm_backward_finish", finishGrid(s.channels), 256, from ? nullptr : partial.p, from,
        parts, (long long) s.rows(), s.channels, norm.invStd.p, norm.scale.p, (int) isFrozen, dgamma.p,
        dbeta.p, from ? (float*) nullptr : db.p, m1.p, m2.p);
    if (from) ofTotals = {results(dgamma), results(dbeta), results(m1), results(m2)};
  }
  const std::vector<std::vector<float>> ofParts = {
      results(dgamma), results(dbeta), results(m1), results(m2)};
  check(ofTotals == ofParts, "norm backward finish from totals");
  const auto mean = norm.mean.get(), invStd = norm.invStd.get(), scale = norm.scale.get(),
             gammas = results(dgamma), betas = results(dbeta), biases = results(db),
             first = results(m1), second = results(m2);
  std::vector<double> own1(s.channels), own2(s.channels);
  for (int c = 0; c < s.channels; c++) {
    const double b = sums.total(0, c), h = sums.total(1, c), n = (double) s.rows();
    near(betas[c], b, sums.totalBound(0, c) + 1e-7 * fabs(b), "dbeta");
    near(gammas[c], h, sums.totalBound(1, c) + 1e-7 * fabs(h), "dgamma");
    near(biases[c], isFrozen ? scale[c] * b : 0,
         isFrozen ? fabs(scale[c]) * (sums.totalBound(0, c) + 1e-6 * fabs(b)) : 0, "db");
    own1[c] = isFrozen ? 0 : b / n;
    own2[c] = isFrozen ? 0 : h / n * invStd[c];
    near(first[c], own1[c], sums.totalBound(0, c) / n + 1e-6 * fabs(own1[c]), "m1");
    near(second[c], own2[c], invStd[c] * sums.totalBound(1, c) / n + 1e-6 * fabs(own2[c]), "m2");
  }
  Array<T> dx(s.count());
  gradient(dx.p, m1.p, m2.p);
  const auto result = results(dx);
  for (size_t i = 0; i < s.count(); i++) {
    const int c = (int) (i % s.channels);
    const double centred = (x[i] - (double) mean[c]) * second[c];
    const double expected = scale[c] * (g[i] - first[c] - centred);
    const double size = fabs(scale[c]) * (fabs(g[i]) + fabs(first[c]) + fabs(centred));
    near(result[i], expected, 4e-7 * size + Type<T>::EPSILON * fabs(expected) + 1e-30, "norm backward");
  }
}

template <class T>
void addSums(
    PartSums& sums, size_t row, size_t rows, int c, double g, double x, const std::vector<float>& mean,
    const std::vector<float>& invStd) {
  const double h = g * (x - mean[c]) * invStd[c];
  sums.add(row, rows, 0, c, g, fabs(g));
  sums.add(row, rows, 1, c, h, 3 * fabs(h));
}

// y, and the bits of the sums that `partial` has.
template <class T>
void applySums(
    const Shape& s, int parts, Array<T>& dy, Array<T>& x, Norm& norm, const std::vector<float>& y,
    Array<float>& partial) {
  const auto expected = bitsOf(partial);
  Array<T> applied(s.count());
  Array<float> again(expected.size());
  runTyped<T>("vgg4j_norm_apply_sums", sumGrid<T>(s.channels, parts), 256, dy.p, x.p, applied.p,
              norm.mean.p, norm.invStd.p, norm.scale.p, norm.shift.p, again.p, (long long) s.rows(),
              s.channels, parts);
  check(bitsOf(again) == expected, "norm apply with sums: the sums");
  const auto result = results(applied);
  for (size_t i = 0; i < result.size(); i++) exact(result[i], y[i], "norm apply with sums");
}

template <class T>
void normBackward(
    const Shape& s, int parts, const std::vector<float>& x, Norm& norm, bool hasRelu, bool isFrozen) {
  const auto slope = typedValues<T>(s.count(), 35);
  const auto y = applied<T>(x, norm, s.channels, true);
  const auto mean = norm.mean.get(), invStd = norm.invStd.get();
  PartSums sums(parts, 2, s.channels);
  std::vector<double> g(s.count());
  for (size_t i = 0; i < s.count(); i++) {
    g[i] = !hasRelu || y[i] > 0 ? slope[i] : 0;
    addSums<T>(sums, i / s.channels, s.rows(), (int) (i % s.channels), g[i], x[i], mean, invStd);
  }
  Array<T> dx(encode<T>(x)), dy(encode<T>(slope));
  Array<float> partial(sums.value.size());
  runTyped<T>("vgg4j_norm_backward_sums", sumGrid<T>(s.channels, parts), 256, dy.p, dx.p, norm.mean.p,
              norm.invStd.p, norm.scale.p, norm.shift.p, (int) hasRelu, partial.p,
              (long long) s.rows(), s.channels, parts);
  if (hasRelu) applySums<T>(s, parts, dy, dx, norm, y, partial);
  backward<T>(s, parts, x, g, norm, sums, partial, isFrozen, [&](T* into, float* m1, float* m2) {
    runTyped<T>("vgg4j_norm_backward", GRID, BLOCK, dy.p, dx.p, into, norm.mean.p, norm.scale.p,
                norm.shift.p, m1, m2, (int) hasRelu, (long long) s.count(), s.channels);
    runTyped<T>("vgg4j_norm_backward", GRID, BLOCK, dy.p, dx.p, dy.p, norm.mean.p, norm.scale.p,
                norm.shift.p, m1, m2, (int) hasRelu, (long long) s.count(), s.channels);
    std::vector<T> apart(s.count());
    cudaMemcpy(apart.data(), into, s.count() * sizeof(T), 2);
    check(apart == dy.get(), "norm backward in place");
  });
}

// The gradient of the pooled tensor at the winners.
std::vector<double> unpooled(
    const Shape& s, const std::vector<float>& slope, const std::vector<unsigned char>& winners) {
  std::vector<double> g(s.count(), 0);
  for (size_t i = 0; i < s.pooled(); i++) {
    if (winners[i] != 255) g[s.pixel(i, winners[i])] = slope[i];
  }
  return g;
}

template <class T>
void normBackwardPool(
    const Shape& s, int parts, const std::vector<float>& x, Norm& norm,
    const std::vector<unsigned char>& winners, bool isFrozen) {
  const auto slope = typedValues<T>(s.pooled(), 36);
  const auto mean = norm.mean.get(), invStd = norm.invStd.get();
  const auto g = unpooled(s, slope, winners);
  PartSums sums(parts, 2, s.channels);
  for (size_t i = 0; i < s.pooled(); i++) {
    if (winners[i] == 255) continue;
    addSums<T>(sums, i / s.channels, s.windows(), (int) (i % s.channels), slope[i],
               x[s.pixel(i, winners[i])], mean, invStd);
  }
  Array<T> dx(encode<T>(x)), dy(encode<T>(slope));
  Array<unsigned char> winner(winners);
  Array<float> partial(sums.value.size());
  runTyped<T>("vgg4j_norm_backward_pool_sums", sumGrid<T>(s.channels, parts), 256, dy.p, winner.p,
              dx.p, norm.mean.p, norm.invStd.p, partial.p, s.batch, s.height, s.width, s.channels,
              parts);
  backward<T>(s, parts, x, g, norm, sums, partial, isFrozen, [&](T* into, float* m1, float* m2) {
    runTyped<T>("vgg4j_norm_backward_pool", GRID, BLOCK, dy.p, winner.p, dx.p, into, norm.mean.p,
                norm.scale.p, m1, m2, s.batch, s.height, s.width, s.channels);
  });
}

// The sums of g (rows, channels) whatever the parts are.
template <class T>
void biasSums(const Shape& s, int parts, const std::vector<double>& g, Array<float>& partial) {
  Array<float> db(s.channels);
  run("vgg4j_sum_parts", finishGrid(s.channels), 256, partial.p, parts, s.channels, db.p);
  const auto sums = results(db);
  std::vector<double> expected(s.channels, 0), bound(s.channels, 1e-30);
  for (size_t i = 0; i < g.size(); i++) {
    expected[i % s.channels] += g[i];
    bound[i % s.channels] += ((double) s.rows() + 4) * 0x1p-24 * fabs(g[i]);
  }
  for (int c = 0; c < s.channels; c++) near(sums[c], expected[c], bound[c], "bias gradient");
}

template <class T>
void biasBackward(const Shape& s, int parts, bool hasRelu, int into) {
  const auto slope = typedValues<T>(s.count(), 37);
  auto y = typedValues<T>(s.count(), 38);
  y[0] = -0.0f;
  y[y.size() / 2] = NAN;
  std::vector<double> g(s.count());
  for (size_t i = 0; i < g.size(); i++) g[i] = !hasRelu || y[i] > 0 ? slope[i] : 0;
  Array<T> dy(encode<T>(slope)), dyOfRelu(encode<T>(y)), dz(s.count());
  Array<float> partial((size_t) parts * s.channels);
  T* const target = into == 0 ? nullptr : into == 1 ? dz.p : dy.p;
  runTyped<T>("vgg4j_bias_backward", sumGrid<T>(s.channels, parts), 256, dy.p,
              hasRelu ? dyOfRelu.p : nullptr, target, partial.p, (long long) s.rows(), s.channels,
              parts);
  biasSums<T>(s, parts, g, partial);
  if (into == 0) return;
  const auto result = results(into == 1 ? dz : dy);
  for (size_t i = 0; i < g.size(); i++) check(result[i] == g[i], "dz");
}

template <class T>
void biasBackwardPool(const Shape& s, int parts, const std::vector<unsigned char>& winners) {
  const auto slope = typedValues<T>(s.pooled(), 39);
  const auto g = unpooled(s, slope, winners);
  Array<T> dy(encode<T>(slope)), dz(s.count()), dx(s.count());
  Array<unsigned char> winner(winners);
  Array<float> partial((size_t) parts * s.channels);
  runTyped<T>("vgg4j_bias_backward_pool", sumGrid<T>(s.channels, parts), 256, dy.p, winner.p, dz.p,
              partial.p, s.batch, s.height, s.width, s.channels, parts);
  runTyped<T>("vgg4j_unpool", GRID, BLOCK, dy.p, winner.p, dx.p, s.batch, s.height, s.width,
              s.channels);
  biasSums<T>(s, parts, g, partial);
  const auto result = results(dz), alone = results(dx);
  for (size_t i = 0; i < g.size(); i++) {
    check(result[i] == g[i], "dz of a pooling");
    check(alone[i] == g[i], "unpool");
  }
}

template <class T>
void block(const Shape& s, int parts) {
  auto x = typedValues<T>(s.count(), 40);
  for (float& v : x) v = rounded<T>(std::round(v * 8) / 4 + 3);  // far from 0, with ties
  Norm norm(s.channels);
  statistics<T>(s, parts, x, norm, parts == 1);
  for (const bool hasRelu : {false, true}) {
    apply<T>(s, x, norm, hasRelu);
    normBackward<T>(s, parts, x, norm, hasRelu, hasRelu && parts == 1);
    biasBackward<T>(s, parts, hasRelu, parts % 3);
    if (s.pooled() == 0) continue;
    const auto winners = applyPool<T>(s, x, norm, true, hasRelu);
    applyPool<T>(s, x, norm, false, hasRelu);
    normBackwardPool<T>(s, parts, x, norm, winners, hasRelu && parts == 1);
    biasBackwardPool<T>(s, parts, winners);
    auto bad = x;
    for (size_t i = 1; i < bad.size(); i += 5) bad[i] = i % 2 ? -0.0f : 0.0f;
    for (size_t i = 4; i < bad.size(); i += 11) bad[i] = NAN;  // at every place in a window
    bad[0] = -INFINITY;
    bad[bad.size() - 1] = INFINITY;
    apply<T>(s, bad, norm, hasRelu);
    applyPool<T>(s, bad, norm, true, hasRelu);
    applyPool<T>(s, bad, norm, false, hasRelu);
  }
}

// Where the ReLU's output is rounded to zero, the backward finds zero too.
void smallestNumbers() {
  const Shape s = {1, 1, 3, 1};
  const std::vector<float> x = {0x1p-133f, 0x1p-132f, 0x3p-133f};
  Norm norm(1);
  const float one = 1, zero = 0, half = 0.5f;
  cudaMemcpy(norm.mean.p, &zero, 4, 1);
  cudaMemcpy(norm.invStd.p, &one, 4, 1);
  cudaMemcpy(norm.scale.p, &half, 4, 1);
  cudaMemcpy(norm.shift.p, &zero, 4, 1);
  const auto y = applied<Bf16>(x, norm, 1, true);
  check(y[0] == 0 && y[1] > 0, "bf16 has no number for half of its smallest");
  apply<Bf16>(s, x, norm, true);
  normBackward<Bf16>(s, 1, x, norm, true, true);
  normBackward<float>(s, 1, x, norm, true, true);
}

// What did not win does not count, whatever it is.
void infiniteLosers() {
  const Shape s = {1, 2, 2, 8};
  std::vector<float> x(s.count(), 1);
  for (int c = 0; c < 8; c++) x[c] = -INFINITY;
  Norm norm(8);
  run("vgg4j_norm_frozen", GRID, BLOCK, norm.gamma.p, norm.beta.p, (float*) nullptr,
      norm.runningMean.p, norm.runningVar.p, norm.mean.p, norm.invStd.p, norm.scale.p, norm.shift.p,
      EPSILON, 8);
  Array<Bf16> dx(encode<Bf16>(x)), dy(encode<Bf16>(std::vector<float>(8, 1)));
  Array<unsigned char> winner(std::vector<unsigned char>(8, 1));
  Array<float> partial(16);
  runTyped<Bf16>("vgg4j_norm_backward_pool_sums", 1, 256, dy.p, winner.p, dx.p, norm.mean.p,
                 norm.invStd.p, partial.p, 1, 2, 2, 8, 1);
  for (const float sum : partial.get()) check(std::isfinite(sum), "an infinite loser");
}

template <class T>
void all() {
  for (const int channels : SOME_CHANNELS) {
    block<T>({2, 5, 7, channels}, 1);
    block<T>({2, 6, 3, channels}, 3);
    block<T>({1, 1, 1, channels}, 1);
    block<T>({3, 1, 4, channels}, 5);
  }
  block<T>({1, 5, 4, 2056}, 2);     // several groups, the last one not full
  block<T>({1, 3, 2, 259}, 2);      // the same, one channel at a time
  block<T>({2, 33, 31, 8}, 4);      // many rows a thread
  block<T>({1, 2, 2, 64}, 7);       // more parts than windows: some have none
}

}  // namespace

void testNormKernels() {
  all<float>();
  all<Bf16>();
  finishOfSums();
  for (const int channels : SOME_CHANNELS) {
    frozen(channels, true);
    frozen(channels, false);
  }
  smallestNumbers();
  infiniteLosers();
}
