// Batch normalization over the rows of several ranks against plain loops in double. All ranks are here, and what the
// collective adds up is added up in between.
#include "kernel_types.h"

namespace {

const float EPSILON = 1e-5f, FACTOR = 0.1f;

struct Batch {
  std::vector<int> rows;  // of each rank; 0 for one that runs over rows that do not count
  int channels, parts;
  float centre;  // of the values

  int ranks() const { return (int) rows.size(); }
  size_t momentCount() const { return ranks() * (1 + 2 * (size_t) channels); }
  long long run(int rank) const { return rows[rank] ? rows[rank] : 3; }
};

// Adds what a rank gives to what the others gave.
void addTo(std::vector<double>& all, const Array<double>& given) {
  const auto own = bitsOf(given);
  for (size_t i = 0; i < all.size(); i++) all[i] += own[i];
}

// The sums of a rank's rows, and its moments from these.
template <class T>
void moments(const Batch& b, int rank, const std::vector<float>& x, std::vector<double>& all) {
  Array<T> dx(encode<T>(x));
  Array<float> partial((size_t) b.parts * 2 * b.channels);
  Array<double> given(b.momentCount());
  runTyped<T>("vgg4j_norm_statistics", sumGrid<T>(b.channels, b.parts), 256, dx.p, partial.p,
              b.run(rank), b.channels, b.parts);
  runTyped<T>("vgg4j_norm_ranks_moments", finishGrid(b.channels), 256, partial.p, dx.p, b.parts,
              b.run(rank), b.channels, rank, b.ranks(), (int) (b.rows[rank] == 0), given.p);
  const auto values = given.get();
  for (size_t i = 0; i < values.size(); i++) {
    const bool isOwn = (int) (i / (1 + 2 * (size_t) b.channels)) == rank && b.rows[rank];
    check(isOwn || values[i] == 0, "a place of another rank");
  }
  addTo(all, given);
}

// Mean, inverse deviation and running statistics of all rows.
void finish(const Batch& b, const std::vector<std::vector<float>>& x, const std::vector<double>& all,
            bool hasBias, Array<float>& invStd) {
  Array<double> moments(all);
  Array<float> gamma(values(b.channels, 31)), beta(values(b.channels, 32)), bias(values(b.channels, 33)),
      runningMean(values(b.channels, 34)), runningVar(std::vector<float>(b.channels, 0.75f)),
      mean(b.channels), scale(b.channels), shift(b.channels);
  const auto g = gamma.get(), h = beta.get(), offset = bias.get(), old = runningMean.get();
  run("vgg4j_norm_ranks_finish", GRID, BLOCK, moments.p, b.ranks(), b.channels, gamma.p, beta.p,
      hasBias ? bias.p : nullptr, runningMean.p, runningVar.p, mean.p, invStd.p, scale.p, shift.p,
      EPSILON, FACTOR);
  const auto means = results(mean), inverses = results(invStd), scales = results(scale),
             shifts = results(shift), newMean = results(runningMean), newVar = results(runningVar);
  for (int c = 0; c < b.channels; c++) {
    double count = 0, m = 0, v = 0;
    for (int r = 0; r < b.ranks(); r++) {
      count += b.rows[r];
      for (int i = 0; i < b.rows[r]; i++) m += x[r][(size_t) i * b.channels + c];
    }
    m /= count;
    for (int r = 0; r < b.ranks(); r++) {
      for (int i = 0; i < b.rows[r]; i++) v += pow(x[r][(size_t) i * b.channels + c] - m, 2);
    }
    v /= count;
    const double inverse = 1 / sqrt(v + EPSILON), large = 1 + fabs(m), keep = 1 - (double) FACTOR;
    near(means[c], m, 2e-7 * large, "mean of ranks");
    near(inverses[c], inverse, 1e-5 * inverse, "inverse deviation of ranks");
    near(scales[c], g[c] * inverse, 1e-5 * inverse, "scale of ranks");
    near(shifts[c], h[c] - m * g[c] * inverse, 2e-5 * large * inverse, "shift of ranks");
    near(newMean[c], keep * old[c] + FACTOR * (m + (hasBias ? offset[c] : 0)), 2e-7 * large,
         "running mean of ranks");
    near(newVar[c], keep * 0.75 + FACTOR * v * count / (count - 1), 1e-6 * (1 + v),
         "running variance of ranks");
  }
}

// The gradients of each rank, from its sums in parts or over all of them, and what comes of the sums over all ranks.
void gradients(const Batch& b, const std::vector<double>& all, Array<float>& invStd) {
  const size_t c2 = 2 * (size_t) b.channels;
  std::vector<double> sums(c2), counted(c2);
  for (int r = 0; r < b.ranks(); r++) {
    const auto parts = values((size_t) b.parts * c2, 50 + r);
    std::vector<double> total(c2);
    for (size_t i = 0; i < parts.size(); i++) total[i % c2] += parts[i];
    Array<float> partial(parts), dgamma(b.channels), dbeta(b.channels), db(b.channels);
    Array<double> totals(total), given(c2);
    const bool isTotal = r % 2;
    run("vgg4j_norm_ranks_gradients", finishGrid(b.channels), 256, partial.p,
        isTotal ? totals.p : nullptr, b.parts, b.channels, (int) (b.rows[r] == 0), dgamma.p, dbeta.p,
        isTotal ? nullptr : db.p, given.p);
    const auto ofGamma = results(dgamma), ofBeta = results(dbeta), ofBias = db.get();
    for (int c = 0; c < b.channels; c++) {
      near(ofBeta[c], total[c], 1e-6, "dbeta of a rank");
      near(ofGamma[c], total[b.channels + c], 1e-6, "dgamma of a rank");
      check(isTotal ? std::isnan(ofBias[c]) : ofBias[c] == 0, "db of a rank");
    }
    addTo(sums, given);
    for (size_t i = 0; i < c2; i++) counted[i] += b.rows[r] ? total[i] : 0;
  }
  double count = 0;
  for (const int rows : b.rows) count += rows;
  Array<double> ofAll(sums), moments(all);
  for (const bool isEmpty : {false, true}) {
    Array<float> m1(b.channels), m2(b.channels);
    run("vgg4j_norm_ranks_means", GRID, BLOCK, ofAll.p, moments.p, b.ranks(), b.channels, (int) isEmpty,
        invStd.p, m1.p, m2.p);
    const auto first = results(m1), second = results(m2), inverse = invStd.get();
    for (int c = 0; c < b.channels; c++) {
      const double of = isEmpty ? 0 : 1 / count;
      near(first[c], counted[c] * of, 1e-6, "m1 of ranks");
      near(second[c], counted[b.channels + c] * of * inverse[c], 1e-6 * inverse[c], "m2 of ranks");
    }
  }
}

template <class T>
void batch(const Batch& b, bool hasBias) {
  std::vector<std::vector<float>> x;
  std::vector<double> all(b.momentCount());
  for (int r = 0; r < b.ranks(); r++) {
    auto own = values((size_t) b.run(r) * b.channels, 40 + r);
    // The ranks' means differ, too, and rows that do not count may be anything.
    for (float& v : own) v = b.rows[r] ? rounded<T>(b.centre + v + (float) r / 4) : NAN;
    moments<T>(b, r, own, all);
    x.push_back(own);
  }
  Array<float> invStd(b.channels);
  finish(b, x, all, hasBias, invStd);
  gradients(b, all, invStd);
}

template <class T>
void all(float large) {
  for (const int channels : SOME_CHANNELS) {
    batch<T>({{5, 9}, channels, 2, 0}, true);
    batch<T>({{4, 0, 1}, channels, 1, large}, false);
    batch<T>({{0, 0, 17, 2}, channels, 3, 0}, true);
    batch<T>({{6}, channels, 2, large}, false);
  }
  batch<T>({{40, 3}, 259, 2, large}, true);  // several groups
}

}  // namespace

void testNormRanksKernels() {
  all<float>(0x1p20f);  // the squares of such values have no digit left of the variance, in double either
  all<Bf16>(16);
}
