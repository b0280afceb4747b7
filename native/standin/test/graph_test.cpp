// cuDNN's graph API against plain loops in double: convolutions, fusions, errors, faults and leaks.
#include "graph.h"

namespace {

using Sizes = std::vector<int64_t>;
using Doubles = std::vector<double>;

enum { QUIET = 5, MESSAGE = 7, VIOLATIONS = 36, DESCRIPTORS = 64 + 7 };
enum { TENSOR_CORE = 1, NONDETERMINISTIC = 16, INEXACT = 2 | 4 | 8 | 32 };
const int64_t LIMIT = (int64_t) 1 << 30;

struct Problem {
  int64_t n, c, h, w, k, r, before, after, stride, dilation;

  int64_t reach() const { return (r - 1) * dilation + 1; }
  int64_t p() const { return (h + before + after - reach()) / stride + 1; }
  int64_t q() const { return (w + before + after - reach()) / stride + 1; }
  Sizes x() const { return {n, c, h, w}; }
  Sizes filter() const { return {k, c, r, r}; }
  Sizes y() const { return {n, k, p(), q()}; }
};

Doubles wide(const std::vector<float>& v) { return Doubles(v.begin(), v.end()); }

// One of the three convolutions of two operands in NCHW order; `sizes` sums the absolute values.
void reference(char op, const Problem& s, const Doubles& a, const Doubles& b, Doubles& out, Doubles& sizes) {
  const Sizes result = op == 'F' ? s.y() : op == 'D' ? s.x() : s.filter();
  out.assign(result[0] * result[1] * result[2] * result[3], 0);
  sizes = out;
  for (int64_t n = 0; n < s.n; n++) for (int64_t k = 0; k < s.k; k++)
    for (int64_t p = 0; p < s.p(); p++) for (int64_t q = 0; q < s.q(); q++)
      for (int64_t c = 0; c < s.c; c++) for (int64_t i = 0; i < s.r; i++) for (int64_t j = 0; j < s.r; j++) {
        const int64_t h = p * s.stride - s.before + i * s.dilation;
        const int64_t w = q * s.stride - s.before + j * s.dilation;
        if (h < 0 || h >= s.h || w < 0 || w >= s.w) continue;
        const int64_t x = ((n * s.c + c) * s.h + h) * s.w + w, f = ((k * s.c + c) * s.r + i) * s.r + j;
        const int64_t y = ((n * s.k + k) * s.p() + p) * s.q() + q;
        const int64_t to = op == 'F' ? y : op == 'D' ? x : f;
        const double term = op == 'F' ? a[x] * b[f] : op == 'D' ? a[f] * b[y] : a[x] * b[y];
        out[to] += term;
        sizes[to] += std::fabs(term);
      }
}

// Tolerances: half a step of the type that is stored, and of the inputs where they are rounded.
void compare(const Values& v, const Doubles& expected, const Doubles& sizes, double inputs, const char* what) {
  const double step = v.type == BF16 ? 1.0 / 256 : 1.0 / (1 << 23);
  const std::vector<float> got = v.get();
  for (size_t i = 0; i < got.size(); i++) {
    near(got[i], expected[i], step * std::fabs(expected[i]) + (inputs + 1e-7) * sizes[i], what);
  }
}

double largestError(const Values& v, const Doubles& expected) {
  double largest = 0;
  const std::vector<float> got = v.get();
  for (size_t i = 0; i < got.size(); i++) largest = std::max(largest, std::fabs(got[i] - expected[i]));
  return largest;
}

// Runs every engine that is offered for one convolution.
void convolution(char op, Type type, Type outType, Layout layout, const Problem& s, float alpha, float beta) {
  Graphs g;
  const bool data = op == 'D', filter = op == 'W';
  Values x(data ? outType : type, s.x(), 1, layout), w(filter ? outType : type, s.filter(), 2, layout),
      y(op == 'F' ? outType : type, s.y(), 3, layout);
  Values& out = op == 'F' ? y : data ? x : w;
  void* o = g.convolution(op, g.shape(s.before, s.after, s.stride, s.dilation),
                          g.tensor(1, x.type, s.x(), layout), g.tensor(2, w.type, s.filter(), layout),
                          g.tensor(3, y.type, s.y(), layout), alpha, beta);
  Doubles expected, sizes;
  const std::vector<float> old = out.get();
  reference(op, s, wide((data ? w : x).get()), wide((op == 'F' ? w : y).get()), expected, sizes);
  for (size_t i = 0; i < expected.size(); i++) expected[i] = alpha * expected[i] + beta * old[i];
  int runs = 0, refused = 0, large = 0, strict = 0;
  for (void* config : g.allOffers(g.graph({o}))) {
    void* plan = g.plan(config);
    if (!plan) refused++;
    else if (g.workspace(plan) > LIMIT) large++;
    if (!plan || g.workspace(plan) > LIMIT) continue;
    beta == 0 ? out.clear() : out.put(old);
    check(!g.run(plan, {1, 2, 3}, {x.memory.p, w.memory.p, y.memory.p}), "execute");
    const int notes = g.notes(config);
    // Rounded inputs: half a step of TF32 each, or of bf16 where the engine says so.
    const bool rounds = type == F32 && (notes & (TENSOR_CORE | INEXACT));
    const double inputs = !rounds ? (notes & NONDETERMINISTIC ? 1e-6 : 0) : notes & 2 ? 1.0 / 128 : 1.0 / 1024;
    compare(out, expected, sizes, inputs, "a convolution");
    if (rounds) check(largestError(out, expected) > 1e-5, "TF32 shows");
    strict += !(notes & (TENSOR_CORE | INEXACT | NONDETERMINISTIC));
    runs++;
  }
  const bool compiledOnly = outType != type;
  check(runs >= (compiledOnly ? 1 : 8) && (compiledOnly || (refused && large && strict)), "engines of all kinds");
  out.put(old);
}

void convolutions() {
  const Problem odd = {3, 5, 7, 6, 4, 3, 1, 1, 1, 1}, wide = {2, 3, 33, 41, 6, 3, 1, 1, 1, 1};
  const Problem strided = {2, 3, 9, 8, 5, 3, 2, 1, 2, 1}, dilated = {2, 4, 9, 11, 3, 3, 0, 2, 1, 2};
  const Problem single = {5, 7, 1, 1, 9, 1, 0, 0, 1, 1}, image = {1, 1, 5, 9, 3, 5, 2, 2, 1, 1};
  for (const Problem& s : {odd, wide, strided, dilated, image}) {
    for (const char op : {'F', 'D', 'W'}) {
      convolution(op, F32, F32, NHWC, s, 1, 0);
      convolution(op, BF16, BF16, NHWC, s, 1, 0);
    }
  }
  for (const char op : {'F', 'D', 'W'}) {
    convolution(op, F32, F32, NCHW, odd, 1, 0);
    convolution(op, F32, F32, GAPS, odd, 1, 0);
    convolution(op, F32, F32, NHWC, odd, 0.5f, 2);
    convolution(op, BF16, BF16, NHWC, single, 1, 0);
  }
  convolution('W', BF16, F32, NHWC, odd, 1, 0);
}

}  // namespace

void testGraphs() {
  convolutions();
  reset();
}
