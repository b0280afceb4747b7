// cuDNN's graph API against plain loops in double: convolutions, fusions, orders, knobs and texts.
#include "graph.h"

void testGraphErrors();

namespace {

using Doubles = std::vector<double>;

Doubles wide(const std::vector<float>& v) { return Doubles(v.begin(), v.end()); }

// One of the three convolutions of two operands in NCHW order; `sizes` sums the absolute values.
void reference(char op, const Problem& s, const Doubles& a, const Doubles& b, Doubles& out,
    Doubles& sizes) {
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
void compare(const Values& v, const Doubles& expected, const Doubles& sizes, double inputs,
    const char* what) {
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
void convolution(char op, Type type, Type outType, Layout layout, const Problem& s, float alpha,
    float beta) {
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
  check(runs >= (compiledOnly ? 1 : 8) && (compiledOnly || (refused && large && strict)),
      "engines of all kinds");
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
  Values x(type, s.x(), 1), w(type, s.filter(), 2), y(type, s.y()), sum(F32, channels), squares(F32,
      channels);
  void* ty = g.tensor(3, type, s.y());
  void* c = g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, type, s.x()), g.tensor(2, type,
      s.filter()), ty);
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
  runAll(g, operations, {1, 2, 3, 4}, {x.memory.p, w.memory.p, b.memory.p, y.memory.p},
      biasType != type, [&](double inputs) {
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
  runAll(g, operations, {1, 2, 3, 4}, {w.memory.p, dy.memory.p, x.memory.p, dx.memory.p}, true,
      [&](double inputs) {
    compare(dx, expected, sizes, type == F32 ? inputs : 0, "a data gradient behind a ReLU");
  });
}

void pointwiseAndReductions() {
  Graphs g;
  const Sizes sizes = {2, 3, 4, 5}, one = {1, 1, 1, 1}, channels = {1, 3, 1, 1};
  Values x(F32, sizes, 1, GAPS), y(BF16, sizes), sum(F32, channels);
  float factor = 0.5f;
  void* scalar = g.openTensor(2, F32, NHWC, one);
  g.set(scalar, 908, T_BOOLEAN, {1});
  void* scaled = g.pointwise(1, g.tensor(1, F32, sizes, GAPS), g.finish(scalar, "by value"), g.tensor(3,
      BF16, sizes));
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
  void *a = g.virtualTensor(10, F32, s.x()), *b = g.virtualTensor(11, F32, s.x()),
      *c = g.virtualTensor(12, F32, s.x());
  void *mul = g.pointwise(1, x, scale, a), *add = g.pointwise(0, a, scale, b), *relu = g.pointwise(100,
      b, nullptr, c);
  none({mul, add, relu, g.convolution('F', shape, c, w, y)}, "bf16 with fp32 inside");
  void* last = g.virtualTensor(14, BF16, s.x());
  none({mul, add, g.pointwise(100, b, nullptr, last), g.convolution('F', shape, last, w, y)},
      "only the last in bf16");
  const Sizes out = {1, s.k, 1, 1};
  void *hidden = g.virtualTensor(15, BF16, s.y()), *sum = g.tensor(5, F32, out), *squares = g.tensor(6,
      F32, out);
  none({g.convolution('F', shape, x, w, hidden), g.statistics(hidden, sum, squares)},
      "statistics of what is not stored");
  none({g.convolution('F', shape, x, w, y), g.pointwise(0, y, sum, g.tensor(7, BF16, s.y()))},
      "a bias after what is stored");
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
    void* o = g.convolution(op, g.shape(1, 1, 1, 1), g.tensor(1, F32, s.x()), g.tensor(2, F32,
        s.filter()), g.tensor(3, F32, s.y()));
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
    check(first == 0 && changing >= 2 && (strict & NONDETERMINISTIC),
        "tensor cores first, then the nondeterministic");
  }
}

// A configuration from an engine's index and knobs is the one they were read from.
void knobs() {
  Graphs g;
  const Problem& s = FUSED;
  void* graph = g.graph({g.convolution('F', g.shape(1, 1, 1, 1), g.tensor(1, BF16, s.x()), g.tensor(2,
      BF16, s.filter()), g.tensor(3, BF16, s.y()))});
  void* config = g.offers(graph, 3).at(1);
  int64_t count = -1;
  check(!cudnnBackendGetAttribute(config, 302, T_DESCRIPTOR, 0, &count, nullptr) && count == 0,
      "no number of choices");
  std::vector<void*> choices;
  for (int i = 0; i < 46; i++) choices.push_back(g.make(7));
  check(!cudnnBackendGetAttribute(config, 302, T_DESCRIPTOR, 46, &count, choices.data()) && count == 3,
      "knob choices");
  auto build = [&](const std::vector<std::pair<int, int64_t>>& values, int64_t index, int expected) {
    void *engine = g.make(2), *built = g.make(3);
    g.set(engine, 1300, graph);
    g.set(engine, 1301, T_INT64, {index});
    if (const int status = cudnnBackendFinalize(engine)) {
      check(status == expected, "an engine");
      return (void*) nullptr;
    }
    g.set(built, 300, engine);
    std::vector<void*> own;
    for (const auto& value : values) {
      void* choice = g.make(7);
      g.set(choice, 600, T_KNOB, {value.first});
      g.set(choice, 601, T_INT64, {value.second});
      own.push_back(g.finish(choice, "a choice"));
    }
    if (!own.empty()) check(!cudnnBackendSetAttribute(built, 302, T_DESCRIPTOR, (int64_t) own.size(),
        own.data()), "set choices");
    check(cudnnBackendFinalize(built) == expected, "a configuration");
    return built;
  };
  std::vector<std::pair<int, int64_t>> values(count);
  for (int64_t i = 0; i < count; i++) {
    int64_t one;
    check(!cudnnBackendGetAttribute(choices[i], 600, T_KNOB, 1, &one, &values[i].first), "a knob's type");
    check(!cudnnBackendGetAttribute(choices[i], 601, T_INT64, 1, &one, &values[i].second),
        "a knob's value");
  }
  const int64_t bytes = g.workspace(g.plan(config)), index = g.index(config);
  check(g.workspace(g.plan(build(values, index, 0))) == bytes, "the same plan again");
  check(g.workspace(g.plan(build({}, index, 0))) != bytes, "without its knobs it is another one");
  void* bare = g.make(3);
  g.set(bare, 300, g.engine(config));
  check(g.workspace(g.plan(g.finish(bare, "a configuration"))) != bytes, "nor does the engine have them");
  build({{45, 1}}, index, NOT_SUPPORTED);
  build({{2, 99}}, index, NOT_SUPPORTED);
  build({}, 17, NOT_SUPPORTED);
  void* info[46];
  for (void*& d : info) d = g.make(8);
  check(!cudnnBackendGetAttribute(g.engine(config), 1302, T_DESCRIPTOR, 46, &count, info) && count == 3,
      "knob information");
  int64_t most = -1;
  check(!cudnnBackendGetAttribute(info[0], 1201, T_INT64, 1, &count, &most) && most == 15,
      "a knob's range");
  check(read(VIOLATIONS) == 0, "to try is no violation");
}

// A plan is read from its text, in another graph's stead and without any.
void texts() {
  Graphs g;
  const Problem& s = FUSED;
  const Sizes in = {1, s.c, 1, 1};
  Values x(F32, s.x(), 1), scale(F32, in, 2), shift(F32, in, 3), w(F32, s.filter(), 4), y(F32, s.y());
  std::vector<float> images = x.get();
  images[0] = NAN;  // whether a ReLU keeps NaN is a part of the plan
  x.put(images);
  void *scaled = g.virtualTensor(10, F32, s.x()), *shifted = g.virtualTensor(11, F32, s.x()),
      *positive = g.virtualTensor(12, F32, s.x());
  void* graph = g.graph({g.pointwise(1, g.tensor(1, F32, s.x()), g.tensor(2, F32, in), scaled),
      g.pointwise(0, scaled, g.tensor(3, F32, in), shifted), g.pointwise(100, shifted, nullptr,
          positive, true),
      g.convolution('F', g.shape(1, 1, 1, 1), positive, g.tensor(4, F32, s.filter()), g.tensor(5, F32,
          s.y()))});
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
  check(!g.run(restore(text, 0), ids, pointers), "execute the plan of a text");
  const std::vector<float> again = y.get();
  check(!memcmp(again.data(), expected.data(), 4 * again.size()), "the plan of a text");
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
  reset();
  testGraphErrors();
}
