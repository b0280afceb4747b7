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


float rounded(Type type, double value) {
  float v = (float) value;
  if (type == F32) return v;
  uint32_t bits;
  memcpy(&bits, &v, 4);
  const uint32_t low = bits & 0xffff;
  bits -= low;
  if (low > 0x8000 || (low == 0x8000 && bits >> 16 & 1)) bits += 0x10000;
  memcpy(&v, &bits, 4);
  return v;
}

const Problem FUSED = {3, 6, 9, 7, 10, 3, 1, 1, 1, 1};

// Runs every engine that is offered for the operations, which must be compiled at run time or not.
void runAll(
    Graphs& g, const std::vector<void*>& operations, const std::vector<int64_t>& ids,
    const std::vector<void*>& pointers, bool isCompiled, const std::function<void(double)>& compareTo) {
  int runs = 0;
  for (void* config : g.offers(g.graph(operations), 3)) {
    check((g.notes(config, 1305, 19) & 1) == isCompiled, "run-time compilation is noted");
    void* plan = g.plan(config);
    if (!plan || g.workspace(plan) > LIMIT) continue;
    check(!g.run(plan, ids, pointers), "execute a fusion");
    compareTo(g.notes(config) & TENSOR_CORE ? 1.0 / 1024 : 0);
    runs++;
  }
  check(runs >= 2, "a fusion is offered");
}

// Sums and sums of squares a channel, of what is stored.
void compareStatistics(const Values& y, const Values& sum, const Values& squares) {
  const std::vector<float> v = y.get(), s = sum.get(), q = squares.get();
  const int64_t channels = y.sizes[1], pixels = y.sizes[2] * y.sizes[3];
  for (int64_t c = 0; c < channels; c++) {
    double first = 0, second = 0, size = 0;
    for (int64_t n = 0; n < y.sizes[0]; n++) for (int64_t i = 0; i < pixels; i++) {
      const double one = v[(n * channels + c) * pixels + i];
      first += one;
      size += std::fabs(one);
      second += one * one;
    }
    near(s[c], first, 1e-6 * size, "a sum");
    near(q[c], second, 1e-6 * second, "a sum of squares");
  }
}

void convolutionAndStatistics(Type type) {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes channels = {1, s.k, 1, 1};
  Values x(type, s.x(), 1), w(type, s.filter(), 2), y(type, s.y()), sum(F32, channels), squares(F32, channels);
  void* ty = g.tensor(3, type, s.y());
  void* c = g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, type, s.x()), g.tensor(2, type, s.filter()), ty);
  void* st = g.statistics(ty, g.tensor(4, F32, channels), g.tensor(5, F32, channels));
  Doubles expected, sizes;
  reference('F', s, wide(x.get()), wide(w.get()), expected, sizes);
  // The order of the operations does not matter.
  for (const auto& operations : {std::vector<void*>{c, st}, std::vector<void*>{st, c}}) {
    runAll(g, operations, {1, 2, 3, 4, 5},
           {x.memory.p, w.memory.p, y.memory.p, sum.memory.p, squares.memory.p}, true, [&](double inputs) {
             compare(y, expected, sizes, type == F32 ? inputs : 0, "a convolution before statistics");
             compareStatistics(y, sum, squares);
           });
  }
}

void convolutionBiasRelu(Type type, Type biasType, bool relu) {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes channels = {1, s.k, 1, 1};
  Values x(type, s.x(), 1), w(type, s.filter(), 2), b(biasType, channels, 3), y(type, s.y());
  void *raw = g.virtualTensor(10, F32, s.y()), *biased = relu ? g.virtualTensor(11, F32, s.y()) : nullptr;
  void* ty = g.tensor(4, type, s.y());
  std::vector<void*> operations = {
      g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, type, s.x()), g.tensor(2, type, s.filter()), raw),
      g.pointwise(0, raw, g.tensor(3, biasType, channels), relu ? biased : ty)};
  if (relu) operations.push_back(g.pointwise(100, biased, nullptr, ty));
  Doubles expected, sizes;
  reference('F', s, wide(x.get()), wide(w.get()), expected, sizes);
  const std::vector<float> bias = b.get();
  for (size_t i = 0; i < expected.size(); i++) {
    expected[i] += bias[i / (s.p() * s.q()) % s.k];
    if (relu) expected[i] = std::max(expected[i], 0.0);
  }
  runAll(g, operations, {1, 2, 3, 4}, {x.memory.p, w.memory.p, b.memory.p, y.memory.p}, biasType != type, [&](double inputs) {
    compare(y, expected, sizes, type == F32 ? inputs : 0, "a convolution with bias");
  });
}

void normBeforeConvolution(Type type, bool statistics) {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes in = {1, s.c, 1, 1}, out = {1, s.k, 1, 1};
  Values x(type, s.x(), 1), scale(F32, in, 2), shift(F32, in, 3), w(type, s.filter(), 4), y(type, s.y());
  Values sum(F32, out), squares(F32, out);
  void *scaled = g.virtualTensor(10, type, s.x()), *shifted = g.virtualTensor(11, type, s.x()),
       *positive = g.virtualTensor(12, type, s.x()), *ty = g.tensor(5, type, s.y());
  std::vector<void*> operations = {
      g.pointwise(1, g.tensor(1, type, s.x()), g.tensor(2, F32, in), scaled),
      g.pointwise(0, scaled, g.tensor(3, F32, in), shifted), g.pointwise(100, shifted, nullptr, positive),
      g.convolution('F', g.shape(1, 1, 1, 1), positive, g.tensor(4, type, s.filter()), ty)};
  std::vector<int64_t> ids = {1, 2, 3, 4, 5};
  std::vector<void*> pointers = {x.memory.p, scale.memory.p, shift.memory.p, w.memory.p, y.memory.p};
  if (statistics) {
    operations.push_back(g.statistics(ty, g.tensor(6, F32, out), g.tensor(7, F32, out)));
    ids.insert(ids.end(), {6, 7});
    pointers.insert(pointers.end(), {sum.memory.p, squares.memory.p});
  }
  const std::vector<float> a = scale.get(), b = shift.get(), v = x.get();
  Doubles read(v.size()), expected, sizes;
  for (size_t i = 0; i < v.size(); i++) {
    const int64_t c = (int64_t) i / (s.h * s.w) % s.c;
    read[i] = std::max(0.0f, rounded(type, rounded(type, v[i] * a[c]) + b[c]));
  }
  reference('F', s, read, wide(w.get()), expected, sizes);
  runAll(g, operations, ids, pointers, true, [&](double inputs) {
    compare(y, expected, sizes, type == F32 ? inputs : 0, "a norm before a convolution");
    if (statistics) compareStatistics(y, sum, squares);
  });
}

void dataGradientBehindRelu(Type type) {
  Graphs g;
  const Problem& s = FUSED;
  Values w(type, s.filter(), 1), dy(type, s.y(), 2), x(type, s.x(), 3), dx(type, s.x());
  void* raw = g.virtualTensor(10, F32, s.x());
  const std::vector<void*> operations = {
      g.convolution('D', g.shape(1, 1, 1, 1), raw, g.tensor(1, type, s.filter()), g.tensor(2, type, s.y())),
      g.pointwise(200, g.tensor(3, type, s.x()), raw, g.tensor(4, type, s.x()))};
  Doubles expected, sizes;
  reference('D', s, wide(w.get()), wide(dy.get()), expected, sizes);
  const std::vector<float> mask = x.get();
  for (size_t i = 0; i < expected.size(); i++) if (!(mask[i] > 0)) expected[i] = 0;
  runAll(g, operations, {1, 2, 3, 4}, {w.memory.p, dy.memory.p, x.memory.p, dx.memory.p}, true, [&](double inputs) {
    compare(dx, expected, sizes, type == F32 ? inputs : 0, "a data gradient behind a ReLU");
  });
}

// One plan for the first offer.
void* firstPlan(Graphs& g, const std::vector<void*>& operations) {
  return g.plan(g.offers(g.graph(operations), 3).at(0));
}

void pointwiseAndReductions() {
  Graphs g;
  const Sizes sizes = {2, 3, 4, 5}, one = {1, 1, 1, 1}, channels = {1, 3, 1, 1};
  Values x(F32, sizes, 1, GAPS), y(BF16, sizes), sum(F32, channels);
  float factor = 0.5f;
  void* scalar = g.openTensor(2, F32, NHWC, one);
  g.set(scalar, 908, T_BOOLEAN, {1});
  void* scaled = g.pointwise(1, g.tensor(1, F32, sizes, GAPS), g.finish(scalar, "by value"), g.tensor(3, BF16, sizes));
  check(!g.run(firstPlan(g, {scaled}), {1, 2, 3}, {x.memory.p, &factor, y.memory.p}), "a scalar by value");
  const std::vector<float> v = x.get(), w = y.get();
  for (size_t i = 0; i < v.size(); i++) check(w[i] == rounded(BF16, v[i] * factor), "rounded to bf16");
  void* reduction = g.reduction(g.tensor(1, F32, sizes, GAPS), g.tensor(2, F32, channels));
  check(!g.run(firstPlan(g, {reduction}), {1, 2}, {x.memory.p, sum.memory.p}), "a reduction");
  for (int c = 0; c < 3; c++) {
    double expected = 0;
    for (int i = 0; i < 40; i++) expected += v[(i / 20 * 3 + c) * 20 + i % 20];
    near(sum.get()[c], expected, 1e-5, "a reduction");
  }
  Values nan(F32, channels), positive(F32, channels);  // memory that was never written holds NaN
  for (const bool keeps : {true, false}) {
    void* relu = g.pointwise(100, g.tensor(1, F32, channels), nullptr, g.tensor(2, F32, channels), keeps);
    check(!g.run(firstPlan(g, {relu}), {1, 2}, {nan.memory.p, positive.memory.p}), "a ReLU");
    check(keeps ? positive.get()[0] != positive.get()[0] : positive.get()[0] == 0, "a ReLU and NaN");
  }
}

// Graphs for which there is no engine, as for the real one.
void nothingOffered() {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes in = {1, s.c, 1, 1};
  void *shape = g.shape(1, 1, 1, 1), *x = g.tensor(1, BF16, s.x()), *w = g.tensor(2, BF16, s.filter());
  void *y = g.tensor(3, BF16, s.y()), *scale = g.tensor(4, F32, in);
  auto none = [&](const std::vector<void*>& operations, const char* what) {
    check(g.allOffers(g.graph(operations)).empty(), what);
  };
  none({g.convolution('F', shape, g.tensor(1, BF16, s.x(), NCHW), w, y)}, "bf16 in NCHW");
  none({g.convolution('F', shape, x, g.tensor(2, F32, s.filter()), y)}, "two types");
  none({g.convolution('F', shape, x, w, g.tensor(3, F32, s.y()))}, "fp32 out of bf16");
  void *a = g.virtualTensor(10, F32, s.x()), *b = g.virtualTensor(11, F32, s.x()), *c = g.virtualTensor(12, F32, s.x());
  void *mul = g.pointwise(1, x, scale, a), *add = g.pointwise(0, a, scale, b), *relu = g.pointwise(100, b, nullptr, c);
  none({mul, add, relu, g.convolution('F', shape, c, w, y)}, "bf16 with fp32 inside");
  void* r = g.virtualTensor(13, BF16, s.x());
  void* first = g.pointwise(100, x, nullptr, r);
  none({first, g.convolution('F', shape, r, w, y)}, "only a ReLU before");
  none({first, g.convolution('W', shape, r, w, y)}, "a ReLU before the filter gradient");
  check(read(VIOLATIONS) == 0, "to ask is no violation");
}

void orders() {
  Graphs g;
  const Problem s = {4, 8, 12, 12, 8, 3, 1, 1, 1, 1};
  for (const char op : {'D', 'W'}) {
    Values x(F32, s.x(), 1), w(F32, s.filter(), 2), y(F32, s.y(), 3);
    const Values& out = op == 'D' ? x : w;
    void* o = g.convolution(op, g.shape(1, 1, 1, 1), g.tensor(1, F32, s.x()), g.tensor(2, F32, s.filter()), g.tensor(3, F32, s.y()));
    int changing = 0, first = -1, place = 0, strict = -1;
    for (void* config : g.allOffers(g.graph({o}))) {
      const int notes = g.notes(config);
      if (!(notes & (TENSOR_CORE | INEXACT))) {
        if (strict < 0) strict = notes;
        if (notes & NONDETERMINISTIC) changing++;
      }
      if (first < 0 && (notes & TENSOR_CORE)) first = place;
      place++;
      void* plan = g.plan(config);
      if (!plan || g.workspace(plan) > LIMIT) continue;
      std::vector<std::vector<float>> bits;
      for (int i = 0; i < 2; i++) {
        check(!g.run(plan, {1, 2, 3}, {x.memory.p, w.memory.p, y.memory.p}), "execute");
        bits.push_back(out.get());
      }
      check((bits[0] == bits[1]) == !(notes & NONDETERMINISTIC), "the same bits, unless noted otherwise");
    }
    check(first == 0 && changing >= 2 && (strict & NONDETERMINISTIC), "tensor cores first, then the nondeterministic");
  }
}

// A configuration from an engine's index and knobs is the one they were read from.
void knobs() {
  Graphs g;
  const Problem& s = FUSED;
  void* graph = g.graph({g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, BF16, s.x()), g.tensor(2, BF16, s.filter()), g.tensor(3, BF16, s.y()))});
  void* config = g.offers(graph, 3).at(1);
  int64_t count = -1;
  check(!cudnnBackendGetAttribute(config, 302, T_DESCRIPTOR, 0, &count, nullptr) && count == 0, "no number of choices");
  std::vector<void*> choices;
  for (int i = 0; i < 46; i++) choices.push_back(g.make(7));
  check(!cudnnBackendGetAttribute(config, 302, T_DESCRIPTOR, 46, &count, choices.data()) && count == 3, "knob choices");
  auto build = [&](const std::vector<std::pair<int, int64_t>>& values, int64_t index, int expected) {
    void *engine = g.make(2), *built = g.make(3);
    g.set(engine, 1300, graph);
    g.set(engine, 1301, T_INT64, {index});
    if (int status = cudnnBackendFinalize(engine)) return check(status == expected, "an engine"), (void*) nullptr;
    g.set(built, 300, engine);
    std::vector<void*> own;
    for (const auto& value : values) {
      void* choice = g.make(7);
      g.set(choice, 600, T_KNOB, {value.first});
      g.set(choice, 601, T_INT64, {value.second});
      own.push_back(g.finish(choice, "a choice"));
    }
    if (!own.empty()) check(!cudnnBackendSetAttribute(built, 302, T_DESCRIPTOR, (int64_t) own.size(), own.data()), "set choices");
    check(cudnnBackendFinalize(built) == expected, "a configuration");
    return built;
  };
  std::vector<std::pair<int, int64_t>> values(count);
  for (int64_t i = 0; i < count; i++) {
    int64_t one;
    check(!cudnnBackendGetAttribute(choices[i], 600, T_KNOB, 1, &one, &values[i].first), "a knob's type");
    check(!cudnnBackendGetAttribute(choices[i], 601, T_INT64, 1, &one, &values[i].second), "a knob's value");
  }
  const int64_t bytes = g.workspace(g.plan(config)), index = g.index(config);
  check(g.workspace(g.plan(build(values, index, 0))) == bytes, "the same plan again");
  check(g.workspace(g.plan(build({}, index, 0))) != bytes, "without its knobs it is another one");
  build({{45, 1}}, index, NOT_SUPPORTED);
  build({{2, 99}}, index, NOT_SUPPORTED);
  build({}, 17, NOT_SUPPORTED);
  void* info[46];
  for (void*& d : info) d = g.make(8);
  check(!cudnnBackendGetAttribute(g.engine(config), 1302, T_DESCRIPTOR, 46, &count, info) && count == 3, "knob information");
  int64_t most = -1;
  check(!cudnnBackendGetAttribute(info[0], 1201, T_INT64, 1, &count, &most) && most == 15, "a knob's range");
  check(read(VIOLATIONS) == 0, "to try is no violation");
}

// A plan is read from its text, in another graph's stead and without any.
void texts() {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes in = {1, s.c, 1, 1};
  Values x(F32, s.x(), 1), scale(F32, in, 2), shift(F32, in, 3), w(F32, s.filter(), 4), y(F32, s.y());
  void *scaled = g.virtualTensor(10, F32, s.x()), *shifted = g.virtualTensor(11, F32, s.x()), *positive = g.virtualTensor(12, F32, s.x());
  void* graph = g.graph({g.pointwise(1, g.tensor(1, F32, s.x()), g.tensor(2, F32, in), scaled),
      g.pointwise(0, scaled, g.tensor(3, F32, in), shifted), g.pointwise(100, shifted, nullptr, positive, true),
      g.convolution('F', g.shape(1, 1, 1, 1), positive, g.tensor(4, F32, s.filter()), g.tensor(5, F32, s.y()))});
  void* plan = g.plan(g.offers(graph, 3).at(1));
  int64_t bytes = 0, count = 0;
  check(!cudnnBackendGetAttribute(plan, 405, T_CHAR, 0, &bytes, nullptr), "the size of a text");
  std::string text(bytes, '#');
  check(!cudnnBackendGetAttribute(plan, 405, T_CHAR, bytes, &count, &text[0]) && count == bytes, "a text");
  const std::vector<int64_t> ids = {1, 2, 3, 4, 5};
  const std::vector<void*> pointers = {x.memory.p, scale.memory.p, shift.memory.p, w.memory.p, y.memory.p};
  check(!g.run(plan, ids, pointers), "execute");
  const std::vector<float> expected = y.get();
  y.clear();
  auto restore = [&](const std::string& from, int status) {
    void* d = g.make(5);
    check(!cudnnBackendSetAttribute(d, 400, T_HANDLE, 1, &g.dnn), "a handle");
    check(!cudnnBackendSetAttribute(d, 405, T_CHAR, (int64_t) from.size(), from.data()), "set a text");
    check(cudnnBackendFinalize(d) == status, "a plan from a text");
    return d;
  };
  check(!g.run(restore(text, 0), ids, pointers) && y.get() == expected, "the plan of a text");
  for (const size_t length : {(size_t) 1, text.size() / 2, text.size() - 1}) {
    restore(text.substr(0, length), BAD_PARAM);
  }
  for (size_t at = 0; at < text.size(); at++) {
    std::string damaged = text;
    damaged[at]++;
    restore(damaged, BAD_PARAM);
  }
  check(read(VIOLATIONS) == 0, "a damaged text is no violation");
}

// The call has the status, complains once, and says why.
void wrong(int status, int expected, const char* text, const char* what) {
  char complaint[1024], last[1024];
  set(MESSAGE, (size_t) complaint);
  cudnnGetLastErrorString(last, sizeof last);
  check(status == expected && read(VIOLATIONS) == 1 && !strcmp(complaint, last), what);
  check(strstr(last, text) != nullptr, last);
  reset();
}

void wrongDescriptors() {
  Graphs g;
  const Sizes s = {2, 3, 4, 5};
  void *t = g.tensor(1, F32, s), *open = g.make(17), *d;
  int64_t id = 7, count, two[2] = {1, 1}, values[4] = {2, 3, 4, 5};
  wrong(cudnnBackendCreateDescriptor(38, &d), NOT_SUPPORTED, "type 38", "a kind that is not there");
  wrong(cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id), BAD_PARAM, "is final", "set what is final");
  wrong(cudnnBackendFinalize(t), BAD_PARAM, "already", "finalize twice");
  wrong(cudnnBackendSetAttribute(open, 906, T_FLOAT, 1, &id), 2010, "type 3, not 4", "a wrong type");
  wrong(cudnnBackendSetAttribute(open, 906, T_INT64, 2, two), BAD_PARAM, "2 elements", "a wrong count");
  wrong(cudnnBackendSetAttribute(open, 906, T_INT64, 1, nullptr), BAD_PARAM, "906", "a null pointer");
  wrong(cudnnBackendSetAttribute(open, 102, T_INT64, 1, &id), BAD_PARAM, "no attribute 102", "another's attribute");
  wrong(cudnnBackendGetAttribute(open, 902, T_INT64, 4, &count, values), 1001, "not final", "get what is not final");
  wrong(cudnnBackendGetAttribute(t, 902, T_FLOAT, 4, &count, values), 2010, "type 3, not 4", "get a wrong type");
  check(!cudnnBackendGetAttribute(t, 902, T_INT64, 2, &count, values) && count == 2, "get a part");
  wrong(cudnnBackendFinalize(open), BAD_PARAM, "without attribute", "a tensor without attributes");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 903, T_INT64, {60, 20, 5});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "4 dimensions and 3 strides", "strides of another number");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 903, T_INT64, {60, 1, 15, 2});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "in one place", "strides that overlap");
  d = g.openTensor(2, F32, NHWC, s);
  g.set(d, 901, T_DATA, {2});
  wrong(cudnnBackendFinalize(d), NOT_SUPPORTED, "data type 2", "half precision");
  check(!g.destroy(t), "destroy a tensor");
  wrong(cudnnBackendFinalize(t), BAD_PARAM, "not alive", "a dead descriptor");
  wrong(cudnnBackendDestroyDescriptor(t), BAD_PARAM, "not alive", "destroyed twice");
}

// Operations, graphs and plans whose parts do not fit.
void wrongGraphs() {
  Graphs g;
  const Problem& s = FUSED;
  void *shape = g.shape(1, 1, 1, 1), *x = g.tensor(1, F32, s.x()), *w = g.tensor(2, F32, s.filter());
  void *y = g.tensor(3, F32, s.y()), *open = g.openTensor(9, F32, NHWC, s.y());
  auto convolution = [&](void* image, void* filter, void* output, void* descriptor) {
    void* d = g.make(10);
    g.set(d, 702, descriptor);
    g.set(d, 703, filter);
    g.set(d, 704, image);
    g.set(d, 705, output);
    return cudnnBackendFinalize(d);
  };
  wrong(convolution(x, w, g.tensor(3, F32, {s.n, s.k, s.p(), s.q() + 1}), shape), 2008, "do not fit", "a wrong size");
  wrong(convolution(x, g.tensor(2, F32, {s.c, s.k, 3, 3}), y, shape), 2008, "do not fit", "K and C exchanged");
  wrong(convolution(x, w, open, shape), 2004, "not final", "a tensor that is not final");
  wrong(convolution(x, w, y, x), BAD_PARAM, "no convolution descriptor", "a tensor as convolution descriptor");
  wrong(convolution(x, shape, y, shape), BAD_PARAM, "no tensor", "a convolution descriptor as tensor");
  void* gone = g.tensor(4, F32, s.x());
  void* d = g.make(10);
  g.set(d, 704, gone);
  g.set(d, 702, shape);
  g.set(d, 703, w);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "without attribute 705", "no output");
  g.set(d, 705, y);
  check(!g.destroy(gone), "destroy x");
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "not alive", "a part that is dead");
  const int64_t three[3] = {1, 1, 1};
  d = g.make(1);
  g.set(d, 106, T_INT64, {2});
  g.set(d, 100, T_DATA, {F32});
  g.set(d, 101, 7, {1});
  for (const int name : {102, 103, 104, 105}) cudnnBackendSetAttribute(d, name, T_INT64, name == 103 ? 3 : 2, three);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "3 values", "three strides");

  void* good = g.convolution('F', shape, x, w, y);
  wrong(cudnnBackendFinalize(g.openGraph({good, good})), BAD_PARAM, "two operations write", "an operation twice");
  wrong(cudnnBackendFinalize(g.openGraph({x})), BAD_PARAM, "among the operations", "a tensor in a graph");
  void* twin = g.tensor(1, F32, s.filter());
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, x, twin, y)})), BAD_PARAM, "two tensors have the id 1", "an id for two tensors");
  void *unread = g.virtualTensor(5, F32, s.y()), *unwritten = g.virtualTensor(6, F32, s.x());
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, x, w, unread)})), BAD_PARAM, "reads the virtual tensor 5", "an unread virtual tensor");
  wrong(cudnnBackendFinalize(g.openGraph({g.convolution('F', shape, unwritten, w, y)})), BAD_PARAM, "writes the virtual tensor 6", "an unwritten virtual tensor");
  d = g.make(15);
  cudnnBackendSetAttribute(d, 801, T_DESCRIPTOR, 1, &good);
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "without attribute 800", "a graph without a handle");
  void *dead = g.dnn, *another = g.make(15);
  check(!cudnnCreate(&dead) && !cudnnDestroy(dead), "a handle that dies");
  wrong(cudnnBackendSetAttribute(another, 800, T_HANDLE, 1, &dead), BAD_PARAM, "not alive", "a dead handle");
  d = g.make(4);
  g.set(d, 201, x);
  g.set(d, 200, 8, {3});
  wrong(cudnnBackendFinalize(d), BAD_PARAM, "no operation graph", "heuristics of a tensor");
  // Nor are the results of heuristics configurations yet that nobody asked for.
  d = g.make(5);
  g.set(d, 401, g.make(3));
  check(!cudnnBackendSetAttribute(d, 400, T_HANDLE, 1, &g.dnn), "a handle");
  wrong(cudnnBackendFinalize(d), 2004, "not final", "a plan of an empty configuration");
  // What is final holds what it needs.
  void *own = g.shape(1, 1, 1, 1), *a = g.tensor(1, F32, s.x());
  void* operation = g.convolution('F', own, a, w, y);
  check(!g.destroy(own) && !g.destroy(a), "destroy the parts");
  void* graph = g.graph({operation});
  check(!g.destroy(operation), "destroy the operation");
  void* config = g.offers(graph, 3).at(0);
  check(!g.destroy(graph), "destroy the graph");
  check(g.plan(config) != nullptr, "a plan without its parts");
}

void wrongExecutions() {
  Graphs g;
  const Problem& s = FUSED;
  Values x(F32, s.x(), 1), w(F32, s.filter(), 2), y(F32, s.y());
  void* graph = g.graph({g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, F32, s.x()), g.tensor(2, F32, s.filter()), g.tensor(3, F32, s.y()))});
  void* plan = g.plan(g.offers(graph, 3).at(0));
  const int64_t bytes = g.workspace(plan);
  Array<char> scratch(bytes + 4), small(bytes - 1);
  auto execute = [&](const std::vector<int64_t>& ids, const std::vector<void*>& pointers, void* workspace) {
    return cudnnBackendExecute(g.dnn, plan, g.finish(g.openPack(ids, pointers, workspace), "a pack"));
  };
  void *px = x.memory.p, *pw = w.memory.p, *py = y.memory.p;
  std::vector<char> host(1 << 16);
  wrong(execute({1, 2}, {px, pw}, scratch.p), BAD_PARAM, "binds nothing to tensor 3", "an unbound tensor");
  wrong(execute({1, 2, 3, 4}, {px, pw, py, px}, scratch.p), BAD_PARAM, "binds no tensor 4", "an unknown id");
  wrong(execute({1, 2, 3}, {py, pw, py}, scratch.p), BAD_PARAM, "overlaps", "an output that is an input");
  wrong(execute({1, 2, 3}, {host.data(), pw, py}, scratch.p), BAD_PARAM, "not a device pointer", "a host pointer");
  wrong(execute({1, 2, 3}, {px, nullptr, py}, scratch.p), BAD_PARAM, "not a device pointer", "a null pointer");
  wrong(execute({1, 2, 3}, {(char*) px + 4, pw, py}, scratch.p), 2003, "not aligned to 16", "a misaligned pointer");
  wrong(execute({1, 2, 3}, {px, pw, py}, nullptr), BAD_PARAM, "the workspace", "no workspace");
  wrong(execute({1, 2, 3}, {px, pw, py}, scratch.p + 4), 2003, "the workspace", "a misaligned workspace");
  wrong(execute({1, 2, 3}, {px, pw, py}, small.p), 5000, "exceed", "a workspace that is too small");
  wrong(execute({1, 2, 3}, {pw, px, py}, scratch.p), 5000, "exceed", "operands exchanged");
  wrong(cudnnBackendFinalize(g.openPack({1, 2}, {px}, nullptr)), BAD_PARAM, "2 ids and 1 pointers", "a pointer too few");
  wrong(cudnnBackendFinalize(g.openPack({1, 1}, {px, px}, nullptr)), BAD_PARAM, "id 1 twice", "an id twice");
  void* pack = g.openPack({1, 2, 3}, {px, pw, py}, scratch.p);
  wrong(cudnnBackendExecute(g.dnn, plan, pack), 2004, "not final", "a pack that is not final");
  g.finish(pack, "a pack");
  wrong(cudnnBackendExecute(g.dnn, pack, plan), BAD_PARAM, "a variant pack and a plan", "plan and pack exchanged");
  wrong(cudnnBackendExecute(nullptr, plan, pack), BAD_PARAM, "handle", "no handle");
  check(!cudnnBackendExecute(g.dnn, plan, pack), "execute");
  check(y.get()[0] == y.get()[0], "and wait");
  check((unsigned char) scratch.get()[bytes - 1] == 0xff, "the workspace holds garbage");
  void* freed;
  {
    Values early(F32, s.x(), 1);
    freed = early.memory.p;
  }
  wrong(execute({1, 2, 3}, {freed, pw, py}, scratch.p), 5000, "exceed", "freed memory");
  void* stale = plan;
  check(!g.destroy(plan), "destroy the plan");
  wrong(cudnnBackendExecute(g.dnn, stale, pack), BAD_PARAM, "not alive", "a dead plan");
}

void faultsAndLeaks() {
  const Problem& s = FUSED;
  {
    Graphs g;
    check(read(DESCRIPTORS) == 0, "no descriptors at first");
    void *t = g.make(17), *none = nullptr;
    int64_t id = 1, count = 0;
    check(read(DESCRIPTORS) == 1, "descriptors are counted");
    faults("cudnnBackendCreateDescriptor@1=4003");
    check(cudnnBackendCreateDescriptor(17, &none) == 4003 && !none && read(DESCRIPTORS) == 1, "creating fails");
    faults("cudnnBackendSetAttribute@2=2000");
    check(!cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id), "the first");
    check(cudnnBackendSetAttribute(t, 906, T_INT64, 1, &id) == 2000, "the second fails");
    faults("cudnnBackendFinalize@1=3000");
    void* f = g.openTensor(1, F32, NHWC, s.x());
    check(cudnnBackendFinalize(f) == 3000, "finalizing fails");
    check(!cudnnBackendFinalize(f), "and may be tried again");
    faults("cudnnBackendGetAttribute@1");
    check(cudnnBackendGetAttribute(f, 906, T_INT64, 1, &count, &id) == 5000, "getting fails");
    faults("cudnnBackendDestroyDescriptor@1=5000");
    check(g.destroy(t) == 5000, "destroying fails");
    check(read(DESCRIPTORS) == 1, "and still destroys");
    reset();
    Values x(F32, s.x(), 1), w(F32, s.filter(), 2), y(F32, s.y());
    void* plan = firstPlan(g, {g.convolution('F', g.shape(1, 1, 1, 1), f, g.tensor(2, F32, s.filter()), g.tensor(3, F32, s.y()))});
    const std::vector<void*> pointers = {x.memory.p, w.memory.p, y.memory.p};
    faults("cudnnBackendExecute@1=5000");
    check(g.run(plan, {1, 2, 3}, pointers) == 5000, "executing fails");
    faults("cudnnBackendExecute@1=700~");
    check(!g.run(plan, {1, 2, 3}, pointers) && cudaDeviceSynchronize() == 700, "executing fails later");
    reset();
    check(read(VIOLATIONS) == 0, "faults are no violations");
  }
  check(read(DESCRIPTORS) == 0, "no descriptors are left");
}

}  // namespace

void testGraphs() {
  convolutions();
  for (const Type type : {F32, BF16}) {
    convolutionAndStatistics(type);
    for (const bool relu : {false, true}) {
      convolutionBiasRelu(type, type, relu);
      if (type == BF16) convolutionBiasRelu(type, F32, relu);  // no engine compiled in advance
    }
    normBeforeConvolution(type, false);
    normBeforeConvolution(type, true);
    dataGradientBehindRelu(type);
  }
  pointwiseAndReductions();
  nothingOffered();
  orders();
  knobs();
  texts();
  wrongDescriptors();
  wrongGraphs();
  wrongExecutions();
  faultsAndLeaks();
  reset();
}
