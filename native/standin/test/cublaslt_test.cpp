// cublasLt's products and epilogues against plain loops in double, and what it must refuse.
#include "check.h"

#include <cstdint>
#include <cstring>

extern "C" {
int cublasLtCreate(void**);
int cublasLtDestroy(void*);
int cublasLtMatmulDescCreate(void**, int, int);
int cublasLtMatmulDescSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulDescDestroy(void*);
int cublasLtMatrixLayoutCreate(void**, int, uint64_t, uint64_t, int64_t);
int cublasLtMatrixLayoutSetAttribute(void*, int, const void*, size_t);
int cublasLtMatrixLayoutDestroy(void*);
int cublasLtMatmulPreferenceCreate(void**);
int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, size_t);
int cublasLtMatmulPreferenceDestroy(void*);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, void*, int*);
int cublasLtMatmul(void*, void*, const void*, const void*, void*, const void*, void*, const void*,
                   const void*, void*, void*, void*, const void*, void*, size_t, void*);
}

namespace {

enum { F32 = 0, BF16 = 14, STRICT = 68, TF32 = 77, VIOLATIONS = 36, OBJECTS = 64 + 5 };
enum { PLAIN = 1, RELU = 2, BIAS = 4, RELU_BIAS = 6, RELU_AUX_BIAS = 134, DRELU = 136, DRELU_BGRAD = 152,
       BGRADA = 256, BGRADB = 512 };
enum { TRANSA = 3, TRANSB = 4, EPILOGUE = 7, VECTOR = 8, AUX = 11, AUX_LEADING = 12, VECTOR_TYPE = 26 };
const int OUTPUT_TYPE = 4;  // a reduction's rounding
const size_t WORKSPACE = 1 << 20;

void* lt;

struct Result {
  char algorithm[64];
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
};

uint16_t bits(float x) {
  uint32_t all;
  memcpy(&all, &x, 4);
  return (uint16_t) ((all + 0x7fff + (all >> 16 & 1)) >> 16);
}

float value(uint16_t x) {
  const uint32_t all = (uint32_t) x << 16;
  float f;
  memcpy(&f, &all, 4);
  return f;
}

// Numbers on the device in one of the two types, and what they are exactly.
struct Numbers {
  int type;
  std::vector<float> exact;
  Array<char> device;

  Numbers(int t, std::vector<float> v) : type(t), exact(std::move(v)), device(exact.size() * (t == F32 ? 4 : 2)) {
    std::vector<char> raw(device.count);
    for (size_t i = 0; i < exact.size(); i++) {
      if (type == F32) {
        memcpy(&raw[4 * i], &exact[i], 4);
      } else {
        const uint16_t b = bits(exact[i]);
        memcpy(&raw[2 * i], &b, 2);
        exact[i] = value(b);
      }
    }
    cudaMemcpy(device.p, raw.data(), raw.size(), 1);
  }

  std::vector<float> get() const {
    const std::vector<char> raw = device.get();
    std::vector<float> all(exact.size());
    for (size_t i = 0; i < all.size(); i++) {
      if (type == F32) {
        memcpy(&all[i], &raw[4 * i], 4);
      } else {
        uint16_t b;
        memcpy(&b, &raw[2 * i], 2);
        all[i] = value(b);
      }
    }
    return all;
  }
};

// D (m, n) = op(A) op(B) with a gap of 8 elements between the columns of each.
struct Product {
  const int m = 24, n = 17, k = 90;
  int ta, tb, in, out, compute;
  int lda = (ta ? k : m) + 8, ldb = (tb ? n : k) + 8, ldd = m + 8;
  Numbers a{in, values(lda * (ta ? m : k), 1)}, b{in, values(ldb * (tb ? k : n), 2)};
  Numbers d{out, values(ldd * n, 3)};
  void *operation, *la, *lb, *ld, *preference;
  Result results[8];
  int count = 0;

  Product(int transA, int transB, int input, int output, int computeType)
      : ta(transA), tb(transB), in(input), out(output), compute(computeType) {
    check(!cublasLtMatmulDescCreate(&operation, compute, F32), "create an operation");
    put(TRANSA, ta);
    put(TRANSB, tb);
    check(!cublasLtMatrixLayoutCreate(&la, in, ta ? k : m, ta ? m : k, lda), "create A's layout");
    check(!cublasLtMatrixLayoutCreate(&lb, in, tb ? n : k, tb ? k : n, ldb), "create B's layout");
    check(!cublasLtMatrixLayoutCreate(&ld, out, m, n, ldd), "create D's layout");
    check(!cublasLtMatmulPreferenceCreate(&preference), "create a preference");
    prefer(1, WORKSPACE);
  }
  ~Product() {
    check(!cublasLtMatmulDescDestroy(operation), "destroy an operation");
    for (void* layout : {la, lb, ld}) check(!cublasLtMatrixLayoutDestroy(layout), "destroy a layout");
    check(!cublasLtMatmulPreferenceDestroy(preference), "destroy a preference");
  }

  template <class T>
  void put(int attribute, T v) {
    check(!cublasLtMatmulDescSetAttribute(operation, attribute, &v, sizeof v), "set an attribute");
  }
  template <class T>
  void prefer(int attribute, T v) {
    check(!cublasLtMatmulPreferenceSetAttribute(preference, attribute, &v, sizeof v), "set a preference");
  }
  void attach(int epilogue, const Numbers* vector) {
    put(EPILOGUE, epilogue);
    if (!vector) return;
    put(VECTOR, (void*) vector->device.p);
    put(VECTOR_TYPE, vector->type);
  }
  int search() {
    return cublasLtMatmulAlgoGetHeuristic(lt, operation, la, lb, ld, ld, preference, 8, results, &count);
  }
  int run(int algorithm, float alpha = 1, float beta = 0) {
    Array<char> workspace(WORKSPACE);
    const int status = cublasLtMatmul(lt, operation, &alpha, a.device.p, la, b.device.p, lb, &beta,
                                      d.device.p, ld, d.device.p, ld, results[algorithm].algorithm,
                                      workspace.p, results[algorithm].workspace, nullptr);
    cudaDeviceSynchronize();
    return status;
  }
  double sum(int i, int j) const {
    double s = 0;
    for (int p = 0; p < k; p++) {
      s += (double) a.exact[ta ? p + i * lda : i + p * lda] * b.exact[tb ? j + p * ldb : p + j * ldb];
    }
    return s;
  }
  // Of a result near `size`: the types' rounding, and that of sums of k products in single precision.
  double tolerance(double size) const {
    return (out == BF16 ? 0x1p-8 : 0x1p-22) * (size + 1) + (compute == TF32 ? k * 0x1p-10 / 4 : 0);
  }
};

void plain(int ta, int tb, int in, int out, int compute) {
  Product p(ta, tb, in, out, compute);
  p.prefer(3, 2);  // split sums in single precision only
  check(!p.search() && p.count == 2, "two algorithms");
  check(p.results[0].workspace > 0 && p.results[1].workspace == 0, "one with a workspace, one without");
  const auto before = p.d.get();
  double largest = 0;
  for (int r = 0; r < p.count; r++) {
    const auto old = p.d.get();
    check(!p.run(r, 0.5f, 2), "a product");
    const auto d = p.d.get();
    for (int i = 0; i < p.m; i++) for (int j = 0; j < p.n; j++) {
      const double expected = 0.5 * p.sum(i, j) + 2 * old[i + j * p.ldd];
      near(d[i + j * p.ldd], expected, p.tolerance(fabs(expected)), "a product");
      largest = std::max(largest, fabs(d[i + j * p.ldd] - expected));
    }
    check(d[p.m] == before[p.m], "a product leaves the gap between columns");
  }
  if (compute == TF32) check(largest > 1e-4, "TF32 shows");
}

void forwardEpilogues(int in, int out, int compute) {
  Product p(1, 0, in, out, compute);
  const Numbers bias(out, values(p.m, 4));
  std::vector<float> last;
  for (const int epilogue : {(int) RELU, (int) BIAS, (int) RELU_BIAS, (int) RELU_AUX_BIAS}) {
    Array<unsigned char> mask(128 / 8 * p.n);
    p.attach(epilogue, epilogue & BIAS ? &bias : nullptr);
    p.put(AUX, (void*) mask.p);
    p.put(AUX_LEADING, (int64_t) 128);
    check(!p.search(), "an epilogue");
    check(!p.run(p.count - 1), "a product with an epilogue");
    const auto d = p.d.get();
    const auto bit = mask.get();
    for (int i = 0; i < p.m; i++) for (int j = 0; j < p.n; j++) {
      double expected = p.sum(i, j) + (epilogue & BIAS ? bias.exact[i] : 0);
      const double tolerance = p.tolerance(fabs(expected));
      const bool positive = expected > 0;
      if (epilogue & RELU) expected = std::max(expected, 0.0);
      near(d[i + j * p.ldd], expected, tolerance, "an epilogue");
      if (epilogue == RELU_AUX_BIAS && expected > tolerance) {
        check((bit[(j * 128 + i) / 8] >> i % 8 & 1) == positive, "ReLU's bits");
      }
    }
  }
}

void backwardEpilogues(int in, int out, int compute) {
  Product p(0, 1, in, out, compute);
  const std::vector<unsigned char> mask(128 / 8 * p.n, 0x35);
  Array<unsigned char> aux(mask);
  p.put(AUX, (void*) aux.p);
  p.put(AUX_LEADING, (int64_t) 128);
  for (const int epilogue : {(int) DRELU, (int) DRELU_BGRAD, (int) BGRADA, (int) BGRADB}) {
    Numbers sums(out, std::vector<float>(epilogue == BGRADB ? p.n : p.m, NAN));
    p.attach(epilogue, &sums);
    check(!p.search(), "a gradient's epilogue");
    check(!p.run(p.count - 1), "a product with a gradient's epilogue");
    const auto d = p.d.get(), got = sums.get();
    std::vector<double> expected(sums.exact.size());
    for (int i = 0; i < p.m; i++) for (int j = 0; j < p.n; j++) {
      const bool kept = !(epilogue & 8) || (0x35 >> i % 8 & 1);
      const double one = kept ? p.sum(i, j) : 0;
      near(d[i + j * p.ldd], one, p.tolerance(fabs(one)), "a gradient");
      if (epilogue == DRELU_BGRAD) expected[i] += one;
    }
    for (int q = 0; q < p.k; q++) {
      if (epilogue == BGRADA) for (int i = 0; i < p.m; i++) expected[i] += p.a.exact[i + q * p.lda];
      if (epilogue == BGRADB) for (int j = 0; j < p.n; j++) expected[j] += p.b.exact[j + q * p.ldb];
    }
    if (epilogue == DRELU) continue;
    for (size_t i = 0; i < got.size(); i++) {
      // The sums over A and B are of the inputs themselves, with TF32 too.
      const double size = fabs(expected[i]);
      near(got[i], expected[i],
           epilogue == DRELU_BGRAD ? p.n * p.tolerance(size) : (out == BF16 ? 0x1p-8 : 0x1p-20) * (size + 1),
           "a bias's gradient");
    }
  }
}

// A reduction in bfloat16 loses digits, and only programs that allow it get one.
void reductions() {
  double largest[2] = {};
  for (const int allowed : {0, 1}) {
    Product p(0, 0, BF16, BF16, STRICT);
    p.prefer(3, allowed ? OUTPUT_TYPE : 2);
    check(!p.search() && p.count == 2, "a reduction and none");
    check(!p.run(0), "a product in parts");
    const auto d = p.d.get();
    for (int i = 0; i < p.m; i++) for (int j = 0; j < p.n; j++) {
      largest[allowed] = std::max(largest[allowed], fabs(d[i + j * p.ldd] - p.sum(i, j)));
    }
  }
  check(largest[1] > 1.5 * largest[0], "rounding between the parts shows");
}

void refusals() {
  Product p(0, 0, BF16, BF16, STRICT);
  const Numbers bias(F32, values(p.m, 4));
  p.attach(BIAS, &bias);
  check(p.search() == 7, "a bias in single precision beside bfloat16");
  p.attach(PLAIN, nullptr);
  check(!p.search() && p.count == 4, "all algorithms");
  p.prefer(1, p.results[1].workspace - 1);
  check(!p.search() && p.count == 2, "a limit of the workspace leaves out what needs more");
  const float one = 1, zero = 0;
  Array<char> workspace(WORKSPACE);
  auto multiply = [&](void* a, void* d, void* algorithm, size_t bytes) {
    return cublasLtMatmul(lt, p.operation, &one, a, p.la, p.b.device.p, p.lb, &zero, d, p.ld, d, p.ld,
                          algorithm, workspace.p, bytes, nullptr);
  };
  char* a = p.a.device.p;
  char* d = p.d.device.p;
  void* first = p.results[0].algorithm;
  check(multiply(a, d, first, p.results[0].workspace - 1) == 7, "a workspace that is too small");
  check(multiply(a, d, nullptr, WORKSPACE) == 7, "no algorithm");
  {
    Array<char> larger(p.a.device.count + 16);
    check(multiply(larger.p + 16, d, first, WORKSPACE) == 7, "less alignment than promised");
    check(multiply(larger.p + 8, d, first, WORKSPACE) == 13, "less alignment than anything has");
    reset();
  }
  check(multiply(a, a, first, WORKSPACE) != 0, "an output that is an input");
  reset();
  {
    Array<char> small(p.d.device.count / 2);
    check(multiply(a, small.p, first, WORKSPACE) == 13, "an output that is too small");
    reset();
  }
  check(cublasLtMatmul(lt, p.operation, d, a, p.la, p.b.device.p, p.lb, &zero, d, p.ld, d, p.ld, first,
                       workspace.p, WORKSPACE, nullptr) == 7,
        "alpha on the device");
  check(cublasLtMatmul(lt, p.operation, &one, a, p.lb, p.b.device.p, p.la, &zero, d, p.ld, d, p.ld, first,
                       workspace.p, WORKSPACE, nullptr) == 7,
        "layouts exchanged");
  p.put(TRANSA, 1);
  check(p.search() == 7, "shapes that do not fit");
  p.put(TRANSA, 0);
  p.put(EPILOGUE, (int) RELU);
  check(multiply(a, d, first, WORKSPACE) == 7, "an algorithm of another product");
  const long long wide = 1;
  check(cublasLtMatmulDescSetAttribute(p.operation, TRANSA, &wide, 8) == 7, "an attribute of another size");
  const int rows = 1, number = 32;
  check(cublasLtMatmulDescSetAttribute(p.operation, EPILOGUE, &number, 4) == 7, "an epilogue of GELU");
  check(cublasLtMatrixLayoutSetAttribute(p.la, 1, &rows, 4) == 7, "rows first");
  void* none;
  check(cublasLtMatrixLayoutCreate(&none, F32, 8, 2, 7) == 7, "columns that overlap");
  check(cublasLtMatmulDescCreate(&none, 64, F32) == 7, "sums in half precision");
  check(cublasLtMatmulDescDestroy(lt) == 7, "a handle is no descriptor");
  reset();
}

// A product that waits on a stream, whose descriptors are gone when it runs.
void waiting() {
  void* stream;
  cudaStreamCreateWithFlags(&stream, 1);
  Array<float> d(24 * 17);
  {
    Product p(0, 0, F32, F32, STRICT);
    void* packed;
    check(!cublasLtMatrixLayoutCreate(&packed, F32, p.m, p.n, p.m), "create a layout");
    std::swap(packed, p.ld);
    check(!p.search(), "an algorithm");
    const float one = 1, zero = 0;
    check(!cublasLtMatmul(lt, p.operation, &one, p.a.device.p, p.la, p.b.device.p, p.lb, &zero, d.p, p.ld,
                          d.p, p.ld, p.results[p.count - 1].algorithm, nullptr, 0, stream),
          "a product that waits");
    std::swap(packed, p.ld);
    check(!cublasLtMatrixLayoutDestroy(packed), "destroy a layout");
    check(std::isnan(d.get()[0]), "nobody waited for it");
    check(!cudaStreamSynchronize(stream), "it runs");
    near(d.get()[0], p.sum(0, 0), p.tolerance(1), "a product that waited");
  }
  cudaStreamDestroy(stream);
}

}  // namespace

void testCublasLt() {
  const size_t before = read(VIOLATIONS);
  check(!cublasLtCreate(&lt), "create cublasLt");
  for (int trans = 0; trans < 4; trans++) {
    plain(trans & 1, trans / 2, F32, F32, STRICT);
    plain(trans & 1, trans / 2, F32, F32, TF32);
    plain(trans & 1, trans / 2, BF16, BF16, STRICT);
    plain(trans & 1, trans / 2, BF16, F32, STRICT);
  }
  for (auto epilogues : {forwardEpilogues, backwardEpilogues}) {
    epilogues(F32, F32, STRICT);
    epilogues(F32, F32, TF32);
    epilogues(BF16, BF16, STRICT);
    epilogues(BF16, F32, STRICT);
  }
  reductions();
  check(read(VIOLATIONS) == before, "nothing to complain of so far");
  refusals();
  waiting();
  check(!cublasLtDestroy(lt), "destroy cublasLt");
  check(read(OBJECTS) == 0, "no object of cublasLt is left");
  check(cublasLtDestroy(lt) != 0, "destroy it again");
  reset();
}
