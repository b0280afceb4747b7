// A little of cuDNN's graph API for the self-test: tensors, operations, plans and their execution.
#pragma once
#include <cstdint>
#include <cstring>

#include "check.h"

extern "C" {
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnSetStream(void*, void*);
void cudnnGetLastErrorString(char*, size_t);
int cudnnBackendCreateDescriptor(int, void**);
int cudnnBackendDestroyDescriptor(void*);
int cudnnBackendSetAttribute(void*, int, int, int64_t, const void*);
int cudnnBackendGetAttribute(void*, int, int, int64_t, int64_t*, void*);
int cudnnBackendFinalize(void*);
int cudnnBackendExecute(void*, void*, void*);
}

enum Type { F32 = 0, BF16 = 9 };
enum Layout { NHWC, NCHW, GAPS };
// cuDNN's numbers.
enum { T_HANDLE = 0, T_DATA = 1, T_BOOLEAN = 2, T_INT64 = 3, T_FLOAT = 4, T_POINTER = 6, T_KNOB = 9,
    T_DESCRIPTOR = 15, T_CHAR = 24 };
enum { BAD_PARAM = 2000, NOT_SUPPORTED = 3000 };

// All descriptors of a test; they are destroyed with it.
class Graphs {
 public:
  void* dnn = nullptr;

  Graphs() { check(!cudnnCreate(&dnn), "create cuDNN"); }
  ~Graphs() {
    for (void* d : all_) check(!cudnnBackendDestroyDescriptor(d), "destroy a descriptor");
    check(!cudnnDestroy(dnn), "destroy cuDNN");
  }

  void* make(int type) {
    void* d = nullptr;
    check(!cudnnBackendCreateDescriptor(type, &d), "create a descriptor");
    all_.push_back(d);
    return d;
  }

  // Before the end of the test.
  int destroy(void* d) {
    all_.erase(std::find(all_.begin(), all_.end(), d));
    return cudnnBackendDestroyDescriptor(d);
  }

  void set(void* d, int name, int type, std::initializer_list<int64_t> values) {
    std::vector<int64_t> wide(values);
    std::vector<int> narrow(values.begin(), values.end());
    const char flag = (char) wide[0];
    const void* p = type == T_INT64 ? (void*) wide.data() : type == T_BOOLEAN ? &flag : (void*) narrow.data();
    check(!cudnnBackendSetAttribute(d, name, type, (int64_t) wide.size(), p), "set an attribute");
  }

  void set(void* d, int name, void* part) {
    check(!cudnnBackendSetAttribute(d, name, T_DESCRIPTOR, 1, &part), "set a descriptor");
  }

  void* finish(void* d, const char* what) {
    check(!cudnnBackendFinalize(d), what);
    return d;
  }

  // Not final yet.
  void* openTensor(int64_t id, Type type, Layout layout, const std::vector<int64_t>& sizes) {
    void* d = make(17);
    set(d, 906, T_INT64, {id});
    set(d, 901, T_DATA, {type});
    set(d, 900, T_INT64, {16});
    const int64_t c = sizes[1], h = sizes[2], w = sizes[3];
    set(d, 902, T_INT64, {sizes[0], c, h, w});
    if (layout == NHWC) set(d, 903, T_INT64, {h * w * c, 1, w * c, c});
    if (layout == NCHW) set(d, 903, T_INT64, {c * h * w, h * w, w, 1});
    if (layout == GAPS) set(d, 903, T_INT64, {h * w * (c + 2) + 3, 1, w * (c + 2), c + 2});
    return d;
  }

  void* tensor(int64_t id, Type type, const std::vector<int64_t>& sizes, Layout layout = NHWC) {
    return finish(openTensor(id, type, layout, sizes), "a tensor");
  }

  void* virtualTensor(int64_t id, Type type, const std::vector<int64_t>& sizes) {
    void* d = openTensor(id, type, NHWC, sizes);
    set(d, 907, T_BOOLEAN, {1});
    return finish(d, "a virtual tensor");
  }

  void* shape(int64_t before, int64_t after, int64_t stride, int64_t dilation) {
    void* d = make(1);
    set(d, 106, T_INT64, {2});
    set(d, 100, T_DATA, {F32});
    set(d, 101, 7, {1});
    set(d, 105, T_INT64, {before, before});
    set(d, 104, T_INT64, {after, after});
    set(d, 103, T_INT64, {stride, stride});
    set(d, 102, T_INT64, {dilation, dilation});
    return finish(d, "a convolution descriptor");
  }

  // 'F', 'D' or 'W'; x and y are the sides, w the filter.
  void* convolution(char op, void* shape, void* x, void* w, void* y, float alpha = 1, float beta = 0) {
    void* d = make(op == 'F' ? 10 : op == 'D' ? 12 : 11);
    const int first = op == 'F' ? 700 : op == 'D' ? 706 : 712;
    check(!cudnnBackendSetAttribute(d, first, T_FLOAT, 1, &alpha), "alpha");
    check(!cudnnBackendSetAttribute(d, first + 1, T_FLOAT, 1, &beta), "beta");
    set(d, first + 2, shape);
    set(d, first + 3, w);
    set(d, first + 4, x);
    set(d, first + 5, y);
    return finish(d, "a convolution");
  }

  void* pointwise(int mode, void* x, void* b, void* y, bool keepsNan = false) {
    void *p = make(0), *d = make(13);
    set(p, 0, 14, {mode});
    set(p, 1, T_DATA, {F32});
    if (keepsNan) set(p, 2, 10, {1});
    set(d, 750, finish(p, "a pointwise descriptor"));
    set(d, 751, x);
    const bool backward = mode == 200;
    if (b) set(d, backward ? 757 : 752, b);
    set(d, backward ? 756 : 753, y);
    return finish(d, "a pointwise operation");
  }

  void* statistics(void* x, void* sum, void* squares) {
    void* d = make(14);
    set(d, 770, 16, {0});
    set(d, 771, T_DATA, {F32});
    set(d, 772, x);
    set(d, 773, sum);
    set(d, 774, squares);
    return finish(d, "statistics");
  }

  void* reduction(void* x, void* y) {
    void *r = make(21), *d = make(22);
    set(r, 1600, 18, {0});
    set(r, 1601, T_DATA, {F32});
    set(d, 1612, finish(r, "a reduction descriptor"));
    set(d, 1610, x);
    set(d, 1611, y);
    return finish(d, "a reduction");
  }

  void* openGraph(std::vector<void*> operations) {
    void* d = make(15);
    check(!cudnnBackendSetAttribute(d, 801, T_DESCRIPTOR, (int64_t) operations.size(), operations.data()),
          "operations");
    check(!cudnnBackendSetAttribute(d, 800, T_HANDLE, 1, &dnn), "a handle");
    return d;
  }

  void* graph(const std::vector<void*>& operations) { return finish(openGraph(operations), "a graph"); }

  // Engine configurations, as the heuristics rank them: mode 3 or, for the last resorts, 2.
  std::vector<void*> offers(void* graph, int mode) {
    void* d = make(4);
    set(d, 201, graph);
    set(d, 200, 8, {mode});
    finish(d, "heuristics");
    int64_t most = 0, count = -1;
    check(!cudnnBackendGetAttribute(d, 202, T_DESCRIPTOR, 0, &most, nullptr), "the number of offers");
    std::vector<void*> configs;
    for (int64_t i = 0; i < most; i++) configs.push_back(make(3));
    check(!cudnnBackendGetAttribute(d, 202, T_DESCRIPTOR, most, &count, configs.data()), "offers");
    check(count >= 0 && count < most, "fewer offers than said at first");
    configs.resize(count);
    return configs;
  }

  std::vector<void*> allOffers(void* graph) {
    std::vector<void*> all = offers(graph, 3);
    for (void* d : offers(graph, 2)) all.push_back(d);
    return all;
  }

  void* engine(void* config) {
    void* d = make(2);
    int64_t count;
    check(!cudnnBackendGetAttribute(config, 300, T_DESCRIPTOR, 1, &count, &d), "the engine");
    return d;
  }

  int64_t index(void* config) {
    int64_t count, index = -1;
    check(!cudnnBackendGetAttribute(engine(config), 1301, T_INT64, 1, &count, &index), "its index");
    return index;
  }

  // Bits of numerical (1303, type 11) or behaviour notes (1305, type 19).
  int notes(void* config, int name = 1303, int type = 11) {
    int64_t count = 0;
    int found[32], bits = 0;
    check(!cudnnBackendGetAttribute(engine(config), name, type, 32, &count, found), "notes");
    for (int64_t i = 0; i < count; i++) bits |= 1 << found[i];
    return bits;
  }

  // Null if the engine refuses.
  void* plan(void* config) {
    void* d = make(5);
    set(d, 401, config);
    check(!cudnnBackendSetAttribute(d, 400, T_HANDLE, 1, &dnn), "a handle");
    const int status = cudnnBackendFinalize(d);
    check(status == 0 || status == NOT_SUPPORTED, "a plan");
    return status ? nullptr : d;
  }

  int64_t workspace(void* plan) {
    int64_t count, bytes = -1;
    check(!cudnnBackendGetAttribute(plan, 402, T_INT64, 1, &count, &bytes), "the workspace");
    return bytes;
  }

  void* openPack(const std::vector<int64_t>& ids, std::vector<void*> pointers, void* workspace) {
    void* d = make(16);
    check(!cudnnBackendSetAttribute(d, 1000, T_INT64, (int64_t) ids.size(), ids.data()), "ids");
    check(!cudnnBackendSetAttribute(d, 1001, T_POINTER, (int64_t) pointers.size(), pointers.data()),
          "pointers");
    check(!cudnnBackendSetAttribute(d, 1003, T_POINTER, 1, &workspace), "a workspace");
    return d;
  }

  // Returns the status of the execution.
  int run(void* plan, const std::vector<int64_t>& ids, const std::vector<void*>& pointers) {
    const int64_t bytes = workspace(plan);
    Array<char> scratch(bytes);
    const int status =
        cudnnBackendExecute(dnn, plan, finish(openPack(ids, pointers, scratch.p), "a pack"));
    cudaDeviceSynchronize();
    return status;
  }

 private:
  std::vector<void*> all_;
};

// Values on the device in some type and layout, read and written as floats by their place (n, c, h, w).
struct Values {
  Type type;
  Layout layout;
  std::vector<int64_t> sizes;
  Array<char> memory;

  Values(Type t, const std::vector<int64_t>& s, Layout l = NHWC)
      : type(t), layout(l), sizes(s), memory(capacity()) {}

  Values(Type t, const std::vector<int64_t>& s, unsigned seed, Layout l = NHWC) : Values(t, s, l) {
    put(values(count(), seed));
  }

  int64_t count() const { return sizes[0] * sizes[1] * sizes[2] * sizes[3]; }
  size_t width() const { return type == BF16 ? 2 : 4; }
  size_t capacity() const {
    const int64_t c = sizes[1], pixels = sizes[2] * sizes[3];
    return width() * (layout == GAPS ? (sizes[0] - 1) * (pixels * (c + 2) + 3) + (pixels - 1) * (c + 2) + c : count());
  }

  // Where the i-th value of an NCHW order lies.
  size_t place(int64_t i) const {
    const int64_t c = sizes[1], h = sizes[2], w = sizes[3];
    const int64_t x = i % w, y = i / w % h, k = i / w / h % c, n = i / w / h / c;
    if (layout == NCHW) return i;
    const int64_t wide = layout == GAPS ? c + 2 : c, gap = layout == GAPS ? 3 : 0;
    return n * (h * w * wide + gap) + (y * w + x) * wide + k;
  }

  void put(const std::vector<float>& v) {
    std::vector<char> bytes(capacity(), 0x5a);
    for (int64_t i = 0; i < count(); i++) {
      uint32_t bits;
      memcpy(&bits, &v[i], 4);
      // The half nearest to the float, ties away from 0: the values here need no better rule.
      const uint16_t half = (uint16_t) ((bits + 0x8000u) >> 16);
      if (type == BF16) memcpy(&bytes[2 * place(i)], &half, 2);
      else memcpy(&bytes[4 * place(i)], &v[i], 4);
    }
    if (cudaMemcpy(memory.p, bytes.data(), bytes.size(), 1)) abort();
  }

  std::vector<float> get() const {
    const std::vector<char> bytes = memory.get();
    std::vector<float> v(count());
    for (int64_t i = 0; i < count(); i++) {
      if (type == BF16) {
        uint16_t half;
        memcpy(&half, &bytes[2 * place(i)], 2);
        const uint32_t wide = (uint32_t) half << 16;
        memcpy(&v[i], &wide, 4);
      } else {
        memcpy(&v[i], &bytes[4 * place(i)], 4);
      }
    }
    return v;
  }

  void clear() { if (cudaMemset(memory.p, 0xff, capacity())) abort(); }
};

using Sizes = std::vector<int64_t>;

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

const Problem FUSED = {3, 6, 9, 7, 10, 3, 1, 1, 1, 1};

// One plan for the first offer.
inline void* firstPlan(Graphs& g, const std::vector<void*>& operations) {
  return g.plan(g.offers(g.graph(operations), 3).at(0));
}
