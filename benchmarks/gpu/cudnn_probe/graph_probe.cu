// What does this GPU really do with the convolutions, fusions, norms and matrix products of VGG16?
//
// One program, several stages (first argument); each stage is one process, so that a crash loses one stage only.
// Results go to stdout, one JSON object a line; remarks go to stderr. Every return code is checked: a refused call becomes a
// line with "error" and the probe goes on. See README.md for how it is built, run and read.
//
//   graph_probe STAGE [--budget SECONDS] [--after CASE] [--progress FILE] [--batch N] [--device DEVICE.json]
//
// --budget    no new case starts after this many seconds; the process ends itself 5 s later at the latest
// --after     skip the first CASE cases (run.sh goes on behind the case that crashed)
// --progress  file that always holds the number of the running case
// --device    no GPU: only build the plans, for the device described there (cuDNN 9.8 and newer), and check the host code
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

typedef cudnnBackendDescriptor_t D;
typedef std::vector<int64_t> V;

// ---------------------------------------------------------------------------------------------------------------------
// Options, time, output
// ---------------------------------------------------------------------------------------------------------------------
static std::string stage, deviceFile, progressFile, gpuName = "none";
static double budget = 30;
static int skipCases = 0, batch = 64;
static bool planOnly() { return !deviceFile.empty(); }

static const auto started = std::chrono::steady_clock::now();
static double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); }

static std::string quoted(const std::string& s) {
  std::string r = "\"";
  for (unsigned char c : s) {
    if (c == '"' || c == '\\') { r += '\\'; r += (char) c; }
    else if (c < 32 || c > 126) r += ' ';
    else r += (char) c;
  }
  return r + "\"";
}

struct Line {  // one JSON object
  std::string s;
  explicit Line(const char* kind) {
    s = "{\"kind\":" + quoted(kind);
    str("stage", stage); str("gpu", gpuName); num("cudnn", (double) cudnnGetVersion());
  }
  Line& raw(const char* k, const std::string& v) { s += ",\"" + std::string(k) + "\":" + v; return *this; }
  Line& str(const char* k, const std::string& v) { return raw(k, quoted(v)); }
  Line& yes(const char* k, bool v) { return raw(k, v ? "true" : "false"); }
  Line& num(const char* k, double v) {
    char b[48];
    if (std::isnan(v)) return str(k, "nan");
    if (std::isinf(v)) return str(k, "inf");
    if (v == std::floor(v) && std::fabs(v) < 1e15) snprintf(b, sizeof b, "%.0f", v);
    else snprintf(b, sizeof b, "%.6g", v);
    return raw(k, b);
  }
  void print() {  // one write a line, at once: a crash later cannot take it back
    s += "}\n";
    fwrite(s.data(), 1, s.size(), stdout);
    fflush(stdout);
  }
};

// The first failure since the last takeError() wins; what follows from it is not interesting.
static std::string firstError;
static void fail(const std::string& what) { if (firstError.empty()) firstError = what; }
static bool good() { return firstError.empty(); }
static std::string takeError() { std::string e; e.swap(firstError); return e.substr(0, 400); }

static bool cu(cudaError_t e, const char* what) {
  if (e != cudaSuccess) { fail(std::string(what) + ": " + cudaGetErrorName(e) + " " + cudaGetErrorString(e)); cudaGetLastError(); }
  return e == cudaSuccess;
}
static std::string dnnError(cudnnStatus_t s) {
  char more[1024] = "";
  cudnnGetLastErrorString(more, sizeof more);
  char b[1300];
  snprintf(b, sizeof b, "%d %s %s", (int) s, cudnnGetErrorString(s), more);
  return b;
}
static bool dn(cudnnStatus_t s, const char* what) {
  if (s != CUDNN_STATUS_SUCCESS) fail(std::string(what) + ": " + dnnError(s));
  return s == CUDNN_STATUS_SUCCESS;
}
static bool bl(cublasStatus_t s, const char* what) {
  if (s != CUBLAS_STATUS_SUCCESS) fail(std::string(what) + ": cublas status " + std::to_string((int) s));
  return s == CUBLAS_STATUS_SUCCESS;
}

static int caseNumber = 0;
static std::string caseName;
// Announces a case. False: do not run it (done by an earlier process, or out of time).
static bool nextCase(const std::string& name) {
  static bool told = false;
  if (++caseNumber <= skipCases) return false;
  if (seconds() > budget) {
    if (!told) Line("skipped").str("from", name).num("seconds", seconds()).print();
    told = true;
    return false;
  }
  caseName = name;
  takeError();
  if (!progressFile.empty()) { std::ofstream f(progressFile); f << caseNumber << "\n"; }
  return true;
}

// An error that stays after it was read has destroyed the context: only a new process can go on.
static void endCase() {
  if (planOnly()) return;
  cudaError_t e = cudaDeviceSynchronize();
  if (e == cudaSuccess) return;
  cudaGetLastError();
  cudaError_t again = cudaDeviceSynchronize();
  Line(again ? "fatal" : "error").str("case", caseName).str("error", cudaGetErrorString(e)).print();
  if (again) _exit(3);
  cudaGetLastError();
}

// ---------------------------------------------------------------------------------------------------------------------
// Data on the device: fill, checksum, references in double. Simple on purpose: they judge everything else.
// ---------------------------------------------------------------------------------------------------------------------
enum Type { F32, BF16 };
static int64_t sizeOf(Type t) { return t == F32 ? 4 : 2; }
static const char* nameOf(Type t) { return t == F32 ? "fp32" : "bf16"; }
static cudnnDataType_t dnnType(Type t) { return t == F32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16; }

#define HD __host__ __device__
HD static inline double load(const void* p, int64_t i, int type) {
  return type == F32 ? (double) ((const float*) p)[i] : (double) __bfloat162float(((const __nv_bfloat16*) p)[i]);
}
HD static inline void store(void* p, int64_t i, int type, float v) {
  if (type == F32) ((float*) p)[i] = v;
  else ((__nv_bfloat16*) p)[i] = __float2bfloat16(v);
}
HD static inline uint64_t mix(uint64_t z) {  // splitmix64
  z += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
__global__ void fillKernel(void* p, int64_t n, int type, uint64_t seed, float scale, float shift) {
  int64_t step = (int64_t) gridDim.x * blockDim.x;
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
    float u = (float) (mix(seed * 0x100000001ull + i) >> 40) * (2.0f / 16777216.0f) - 1.0f;  // [-1, 1)
    store(p, i, type, u * scale + shift);
  }
}
// Sum of hashes of (place, bits): the order of the additions does not matter, the place of the bits does.
__global__ void checksumKernel(const uint32_t* p, int64_t words, unsigned long long* sum) {
  unsigned long long s = 0;
  int64_t step = (int64_t) gridDim.x * blockDim.x;
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < words; i += step) s += mix(((uint64_t) i << 32) ^ p[i]);
  atomicAdd(sum, s);
}
__global__ void notFiniteKernel(const void* p, int64_t n, int type, unsigned long long* count) {
  unsigned long long c = 0;
  int64_t step = (int64_t) gridDim.x * blockDim.x;
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) c += !isfinite(load(p, i, type));
  if (c) atomicAdd(count, c);
}
__global__ void burnKernel(float* out, int n) {  // keeps the clocks up before the first measurement
  float a = threadIdx.x, b = 1.0001f;
  for (int i = 0; i < n; i++) a = a * b + 0.5f;
  if (a == 12345.678f) *out = a;
}
// out = max(x * scale[c] + bias[c], 0) for an NHWC tensor, the prologue that cuDNN is asked to fuse
__global__ void scaleBiasReluKernel(const void* x, const float* scale, const float* bias, void* out, int64_t n, int c, int type) {
  int64_t step = (int64_t) gridDim.x * blockDim.x;
  for (int64_t i = (int64_t) blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) {
    int j = (int) (i % c);
    float v = (float) load(x, i, type) * scale[j] + bias[j];
    store(out, i, type, v > 0 ? v : 0);
  }
}

struct Shape { int n, c, k, h, w; };  // 3x3 filter, stride 1, padding 1: output as large as input
HD static inline int64_t place(bool nhwc, int C, int H, int W, int n, int c, int h, int w) {
  return nhwc ? (((int64_t) n * H + h) * W + w) * C + c : (((int64_t) n * C + c) * H + h) * W + w;
}
HD static inline int64_t terms(char op, Shape s) { return op == 'f' ? s.c * 9 : op == 'd' ? s.k * 9 : (int64_t) s.n * s.h * s.w; }
// Term j of the sum that makes one output element.
//   'f': a = x,  b = w,  output (n, k, p, q):  sum over c,r,s of x[n,c,p+r-1,q+s-1] * w[k,c,r,s]
//   'd': a = dy, b = w,  output (n, c, h, w):  sum over k,r,s of dy[n,k,h-r+1,w-s+1] * w[k,c,r,s]
//   'w': a = x,  b = dy, output (k, c, r, s):  sum over n,p,q of x[n,c,p+r-1,q+s-1] * dy[n,k,p,q]
HD static inline double term(char op, Shape s, bool nhwc, const void* a, int ta, const void* b, int tb, int i0, int i1, int i2, int i3, int j) {
  if (op == 'w') {
    int q = j % s.w, p = j / s.w % s.h, n = j / s.w / s.h, h = p + i2 - 1, w = q + i3 - 1;
    if (h < 0 || h >= s.h || w < 0 || w >= s.w) return 0;
    return load(a, place(nhwc, s.c, s.h, s.w, n, i1, h, w), ta) * load(b, place(nhwc, s.k, s.h, s.w, n, i0, p, q), tb);
  }
  int t = j % 9, channel = j / 9, r = t / 3, q = t % 3;
  int h = op == 'f' ? i2 + r - 1 : i2 - r + 1, w = op == 'f' ? i3 + q - 1 : i3 - q + 1;
  if (h < 0 || h >= s.h || w < 0 || w >= s.w) return 0;
  int k = op == 'f' ? i1 : channel, c = op == 'f' ? channel : i1;
  return load(a, place(nhwc, op == 'f' ? s.c : s.k, s.h, s.w, i0, channel, h, w), ta) * load(b, place(nhwc, s.c, 3, 3, k, c, r, q), tb);
}
HD static inline void outputDims(char op, Shape s, int* d) {
  d[0] = op == 'w' ? s.k : s.n;
  d[1] = op == 'f' ? s.k : s.c;
  d[2] = op == 'w' ? 3 : s.h;
  d[3] = op == 'w' ? 3 : s.w;
}
// Which element the i-th sample looks at: all in order if there are as many samples as elements, else random ones, a part of
// them at the borders, where padding goes wrong.
HD static inline void pick(char op, Shape s, int64_t i, bool all, int* at) {
  int d[4];
  outputDims(op, s, d);
  for (int a = 3; a >= 0; a--) {
    if (all) { at[a] = (int) (i % d[a]); i /= d[a]; }
    else at[a] = (int) (mix(i * 4 + a) % d[a]);
  }
  if (!all && i % 4 == 1) at[2] = i % 8 == 1 ? 0 : d[2] - 1;
  if (!all && i % 4 == 2) at[3] = i % 8 == 2 ? 0 : d[3] - 1;
}
struct Extra {  // what a fused operation does behind the convolution: + bias of the output's channel, ReLU, times (mask > 0)
  const void *bias, *mask;
  int type;
  bool relu;
};
// One block a sample: the sum in double, in parallel, then what the library wrote there.
__global__ void sampleKernel(char op, Shape s, bool nhwc, const void* a, int ta, const void* b, int tb, const void* out, int to, Extra e, bool all, double* ref, double* got) {
  __shared__ double part[256];
  int at[4], d[4];
  pick(op, s, blockIdx.x, all, at);
  outputDims(op, s, d);
  double sum = 0;
  int64_t n = terms(op, s);
  for (int64_t j = threadIdx.x; j < n; j += blockDim.x) sum += term(op, s, nhwc, a, ta, b, tb, at[0], at[1], at[2], at[3], (int) j);
  part[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 128; half; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    int64_t o = place(nhwc, d[1], d[2], d[3], at[0], at[1], at[2], at[3]);
    double v = part[0];
    if (e.bias) v += load(e.bias, at[1], e.type);
    if (e.relu && v < 0) v = 0;
    if (e.mask && !(load(e.mask, o, e.type) > 0)) v = 0;
    ref[blockIdx.x] = v;
    got[blockIdx.x] = load(out, o, to);
  }
}
// Sum and sum of squares of each channel of an NHWC tensor, one block a channel
__global__ void channelSumsKernel(const void* y, int type, int64_t rows, int c, double* sum, double* squares) {
  __shared__ double p[256], q[256];
  double a = 0, b = 0;
  for (int64_t i = threadIdx.x; i < rows; i += blockDim.x) { double v = load(y, i * c + blockIdx.x, type); a += v; b += v * v; }
  p[threadIdx.x] = a; q[threadIdx.x] = b;
  __syncthreads();
  for (int half = 128; half; half /= 2) {
    if (threadIdx.x < half) { p[threadIdx.x] += p[threadIdx.x + half]; q[threadIdx.x] += q[threadIdx.x + half]; }
    __syncthreads();
  }
  if (threadIdx.x == 0) { sum[blockIdx.x] = p[0]; squares[blockIdx.x] = q[0]; }
}

static cudaStream_t stream;
static cudnnHandle_t handle;
static cublasLtHandle_t lt;

struct Buf {  // device memory, freed at the end of its scope
  void* p = nullptr;
  int64_t bytes = 0;
  explicit Buf(int64_t n) : bytes((n + 255) / 256 * 256) {
    if (bytes && !cu(cudaMalloc(&p, bytes), "cudaMalloc")) p = nullptr;
  }
  ~Buf() { if (p) cudaFree(p); }
  Buf(const Buf&) = delete;
  Buf& operator=(const Buf&) = delete;
  float* f() const { return (float*) p; }
};
static void launched(const char* what) { cu(cudaGetLastError(), what); }
static void fill(const Buf& b, int64_t n, Type t, uint64_t seed, float scale = 1, float shift = 0) {
  if (!b.p || !n) return;
  fillKernel<<<1056, 256, 0, stream>>>(b.p, n, t, seed, scale, shift);
  launched("fill");
}
static void poison(const Buf& b) { if (b.p) cu(cudaMemsetAsync(b.p, 0xff, b.bytes, stream), "poison"); }  // NaN in both types
static Buf* scratch;  // results of the small kernels below
static unsigned long long reduced(const std::function<void(unsigned long long*)>& f) {
  unsigned long long r = 0, *d = (unsigned long long*) scratch->p;
  cu(cudaMemsetAsync(d, 0, 8, stream), "memset");
  f(d);
  launched("reduction");
  cu(cudaMemcpyAsync(&r, d, 8, cudaMemcpyDeviceToHost, stream), "copy");
  cu(cudaStreamSynchronize(stream), "synchronize");
  return r;
}
static unsigned long long checksum(const void* p, int64_t bytes) {
  return reduced([&](unsigned long long* d) { checksumKernel<<<1056, 256, 0, stream>>>((const uint32_t*) p, (bytes + 3) / 4, d); });
}
static double notFinite(const void* p, int64_t n, Type t) {
  return (double) reduced([&](unsigned long long* d) { notFiniteKernel<<<1056, 256, 0, stream>>>(p, n, t, d); });
}
static double relative(const std::vector<double>& ref, const std::vector<double>& got) {
  double e = 0, r = 0;
  for (size_t i = 0; i < ref.size(); i++) { e += (got[i] - ref[i]) * (got[i] - ref[i]); r += ref[i] * ref[i]; }
  return r > 0 ? std::sqrt(e / r) : NAN;
}
static const int MAX_SAMPLES = 1 << 20;
// Relative error of a convolution's result against sums in double, at some elements (or all of them)
static double sampleError(char op, Shape s, bool nhwc, const void* a, Type ta, const void* b, Type tb, const void* out, Type to, int samples, Extra e = Extra{nullptr, nullptr, F32, false}) {
  int d[4];
  outputDims(op, s, d);
  int64_t elements = (int64_t) d[0] * d[1] * d[2] * d[3];
  int n = (int) std::min<int64_t>(std::min<int64_t>(samples, MAX_SAMPLES), elements);
  double* ref = (double*) scratch->p;
  double* got = ref + n;
  sampleKernel<<<n, 256, 0, stream>>>(op, s, nhwc, a, ta, b, tb, out, to, e, n == elements, ref, got);
  launched("reference");
  std::vector<double> r(n), g(n);
  if (!good()) return NAN;
  cu(cudaMemcpyAsync(r.data(), ref, n * 8, cudaMemcpyDeviceToHost, stream), "copy");
  cu(cudaMemcpyAsync(g.data(), got, n * 8, cudaMemcpyDeviceToHost, stream), "copy");
  cu(cudaStreamSynchronize(stream), "synchronize");
  return good() ? relative(r, g) : NAN;
}

// ---------------------------------------------------------------------------------------------------------------------
// Timing: CUDA events around one run, the cache emptied before each, median
// ---------------------------------------------------------------------------------------------------------------------
static Buf* flushBuffer;
struct Timing { double ms = NAN; int runs = 0; };
static Timing timed(const std::function<bool()>& run, int runs = 8) {
  Timing t;
  static std::vector<cudaEvent_t> ev;
  while (ev.size() < 32) { cudaEvent_t e; if (!cu(cudaEventCreate(&e), "event")) return t; ev.push_back(e); }
  float once = 0;
  if (!run() || !cu(cudaStreamSynchronize(stream), "warm-up")) return t;
  cu(cudaEventRecord(ev[0], stream), "record");
  if (!run()) return t;
  cu(cudaEventRecord(ev[1], stream), "record");
  if (!cu(cudaStreamSynchronize(stream), "warm-up") || !cu(cudaEventElapsedTime(&once, ev[0], ev[1]), "elapsed")) return t;
  if (once > 300) runs = 1;
  else if (once > 40) runs = 3;
  runs = std::min(runs, 16);
  for (int i = 0; i < runs; i++) {
    // also gives the host time to enqueue the run, so that launch costs do not show
    cu(cudaMemsetAsync(flushBuffer->p, i, flushBuffer->bytes, stream), "flush");
    cu(cudaEventRecord(ev[2 * i], stream), "record");
    if (!run()) return t;
    cu(cudaEventRecord(ev[2 * i + 1], stream), "record");
  }
  if (!cu(cudaStreamSynchronize(stream), "timed runs")) return t;
  std::vector<float> ms(runs);
  for (int i = 0; i < runs; i++) cu(cudaEventElapsedTime(&ms[i], ev[2 * i], ev[2 * i + 1]), "elapsed");
  if (!good()) return t;
  std::sort(ms.begin(), ms.end());
  t.ms = runs % 2 ? ms[runs / 2] : (ms[runs / 2 - 1] + ms[runs / 2]) / 2;
  t.runs = runs;
  return t;
}
// How many of ten runs give the bits of the first? The result is poisoned before each.
static int sameBits(const std::function<bool()>& run, const Buf& out, int64_t bytes) {
  unsigned long long first = 0;
  int same = 0;
  for (int i = 0; i < 10; i++) {
    poison(out);
    if (!run()) return -1;
    unsigned long long c = checksum(out.p, bytes);
    if (!good()) return -1;
    if (i == 0) first = c;
    same += c == first;
  }
  return same;
}

// ---------------------------------------------------------------------------------------------------------------------
// cuDNN's graph API
// ---------------------------------------------------------------------------------------------------------------------
static D deviceProperties;
static std::vector<D> pool;  // descriptors of the running case
static void freeDescriptors() {
  while (!pool.empty()) { cudnnBackendDestroyDescriptor(pool.back()); pool.pop_back(); }
}
static D make(cudnnBackendDescriptorType_t t) {
  D d = nullptr;
  if (dn(cudnnBackendCreateDescriptor(t, &d), "create descriptor")) pool.push_back(d);
  return d;
}
static void set(D d, cudnnBackendAttributeName_t n, cudnnBackendAttributeType_t t, int64_t count, const void* p) {
  if (!good()) return;
  char what[40];
  snprintf(what, sizeof what, "set attribute %d", (int) n);
  dn(cudnnBackendSetAttribute(d, n, t, count, p), what);
}
static void setD(D d, cudnnBackendAttributeName_t n, D v) { set(d, n, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &v); }
static void finish(D d, const char* what) { if (good()) dn(cudnnBackendFinalize(d), what); }

struct Tensor { D d = nullptr; int64_t id = 0; };
static Tensor tensor(const V& dims, Type type, bool nhwc, bool isVirtual = false) {
  static int64_t ids = 0;
  Tensor t;
  t.d = make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  t.id = ++ids;
  V s(4);
  if (nhwc) { s[1] = 1; s[3] = dims[1]; s[2] = s[3] * dims[3]; s[0] = s[2] * dims[2]; }
  else { s[3] = 1; s[2] = dims[3]; s[1] = s[2] * dims[2]; s[0] = s[1] * dims[1]; }
  int64_t alignment = 16;
  cudnnDataType_t dt = dnnType(type);
  set(t.d, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &dt);
  set(t.d, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims.data());
  set(t.d, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, s.data());
  set(t.d, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &t.id);
  set(t.d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
  if (isVirtual) set(t.d, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &isVirtual);
  finish(t.d, "tensor");
  return t;
}
static const cudnnDataType_t FLOAT_TYPE = CUDNN_DATA_FLOAT;
// op 'f': y = x * w; 'd': x = dgrad(w, y); 'w': w = wgrad(x, y)
static D convolution(char op, Tensor x, Tensor w, Tensor y) {
  D c = make(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  int64_t two = 2, one[2] = {1, 1};
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  set(c, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &two);
  set(c, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &FLOAT_TYPE);
  set(c, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
  set(c, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, one);
  set(c, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, one);
  set(c, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, one);
  set(c, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, one);
  finish(c, "convolution");
  float alpha = 1, beta = 0;
  D o;
#define CONV(NAME, X, W, Y) \
  setD(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_CONV_DESC, c); \
  setD(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##X, x.d); setD(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##W, w.d); \
  setD(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_##Y, y.d); \
  set(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_ALPHA, CUDNN_TYPE_FLOAT, 1, &alpha); \
  set(o, CUDNN_ATTR_OPERATION_CONVOLUTION_##NAME##_BETA, CUDNN_TYPE_FLOAT, 1, &beta)
  if (op == 'f') { o = make(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR); CONV(FORWARD, X, W, Y); }
  else if (op == 'd') { o = make(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR); CONV(BWD_DATA, DX, W, DY); }
  else { o = make(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR); CONV(BWD_FILTER, X, DW, DY); }
#undef CONV
  finish(o, "convolution operation");
  return o;
}
// y = mode(x, b); with dy: y = mode's derivative at x, times dy
static D pointwise(cudnnPointwiseMode_t mode, Tensor x, const Tensor* b, Tensor y, const Tensor* dy = nullptr) {
  D p = make(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  set(p, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
  set(p, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &FLOAT_TYPE);
  finish(p, "pointwise");
  D o = make(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  setD(o, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, p);
  setD(o, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x.d);
  if (b) setD(o, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b->d);
  if (dy) { setD(o, CUDNN_ATTR_OPERATION_POINTWISE_DYDESC, dy->d); setD(o, CUDNN_ATTR_OPERATION_POINTWISE_DXDESC, y.d); }
  else setD(o, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y.d);
  finish(o, "pointwise operation");
  return o;
}
static D genstats(Tensor x, Tensor sum, Tensor squares) {
  D o = make(CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR);
  cudnnGenStatsMode_t m = CUDNN_GENSTATS_SUM_SQSUM;
  set(o, CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_TYPE_GENSTATS_MODE, 1, &m);
  set(o, CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &FLOAT_TYPE);
  setD(o, CUDNN_ATTR_OPERATION_GENSTATS_XDESC, x.d);
  setD(o, CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, sum.d);
  setD(o, CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, squares.d);
  finish(o, "genstats operation");
  return o;
}

static const char* noteName(int n) {
  static const char* t[] = {"tensor-core", "down-convert", "reduced-precision", "fft", "nondeterministic", "winograd", "winograd4", "winograd6", "winograd13", "strict-nan"};
  return n >= 0 && n < 10 ? t[n] : "unknown";
}
static const char* behaviourName(int n) {
  static const char* t[] = {"runtime-compiled", "int8-filter", "int8-bias", "native-graph", "cublaslt"};
  return n >= 0 && n < 5 ? t[n] : "unknown";
}
struct Plan {
  D plan = nullptr;
  int64_t engine = -1, workspace = 0;
  std::string knobs, notes, behaviour;
  bool deterministic = true, compiled = false, tensorCores = false;
  double buildMs = 0;
  int rank = 0;  // place in cuDNN's list, from 1; the fallback list goes on counting
};
static Line& describe(Line& l, const Plan& p) {
  return l.num("engine", (double) p.engine).str("knobs", p.knobs).str("notes", p.notes).str("behaviour", p.behaviour)
      .num("workspace", (double) p.workspace).num("build_ms", p.buildMs).num("rank", p.rank);
}
// What a precision allows. Inputs rounded down and sums in less than fp32 are never wanted. "strict": no tensor cores (TF32), no
// transforms: only engines whose fp32 is fp32.
static bool allowed(int note, bool strict) {
  if (note == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS || note == CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION) return false;
  return !strict || note == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC || note == 9 /* strict NaN propagation, 9.1 */;
}
struct Search { int want = 4; bool strict = false; int64_t workspaceLimit = 2LL << 30; double buildLimitMs = 6000; int attempts = 24; int compiledLimit = 2; int perEngine = 3; };
struct Found { std::vector<Plan> plans; int offered = 0, filtered = 0, refused = 0, tooLarge = 0; std::string why; };

// Plans for a graph, best guess first: heuristics mode A, then the fallback list. Stops at the wanted number, but looks on for one
// deterministic plan when it has none. Leaves no error behind; `why` holds the last reason for a refusal.
static Found plansFor(const std::vector<D>& ops, Search q) {
  Found r;
  if (!good()) { r.why = takeError(); return r; }
  D g = make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  set(g, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, (int64_t) ops.size(), ops.data());
  if (!planOnly()) set(g, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  finish(g, "operation graph");
  if (!good()) { r.why = takeError(); return r; }
  double spent = 0;
  int attempts = 0, rank = 0, compiledBuilt = 0;
  auto deterministicFound = [&] { for (auto& p : r.plans) if (p.deterministic) return true; return false; };
  for (cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    if ((int) r.plans.size() >= q.want && deterministicFound()) break;
    D h = make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    setD(h, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, g);
    set(h, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
#if CUDNN_VERSION >= 90800
    if (planOnly()) setD(h, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, deviceProperties);
#endif
    finish(h, "heuristics");
    int64_t n = 0;
    if (good()) dn(cudnnBackendGetAttribute(h, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &n, nullptr), "number of results");
    if (!good()) { r.why = takeError(); continue; }
    n = std::min<int64_t>(n, 200);
    std::vector<D> cfg(n);
    for (auto& c : cfg) c = make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    int64_t got = 0;
    if (n) dn(cudnnBackendGetAttribute(h, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, &got, cfg.data()), "results");
    if (!good()) { r.why = takeError(); continue; }
    got = std::min(got, n);
    r.offered += (int) got;
    for (int64_t i = 0; i < got; i++) {
      rank++;
      bool full = (int) r.plans.size() >= q.want;
      if (full && deterministicFound()) break;
      if (attempts >= q.attempts || spent > q.buildLimitMs) { if (r.why.empty()) r.why = "gave up looking"; break; }
      Plan p;
      p.rank = rank;
      int64_t c = 0, notes = 0, ways = 0;
      D e = make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
      cudnnBackendNumericalNote_t numerical[32];
      cudnnBackendBehaviorNote_t behaviour[32];
      dn(cudnnBackendGetAttribute(cfg[i], CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &c, &e), "engine");
      if (good()) dn(cudnnBackendGetAttribute(e, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &c, &p.engine), "engine index");
      if (good()) dn(cudnnBackendGetAttribute(e, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, 32, &notes, numerical), "numerical notes");
      if (good()) dn(cudnnBackendGetAttribute(e, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, 32, &ways, behaviour), "behaviour notes");
      if (!good()) { r.why = takeError(); r.refused++; continue; }
      bool fits = true;
      for (int64_t j = 0; j < std::min<int64_t>(notes, 32); j++) {
        fits &= allowed(numerical[j], q.strict);
        p.deterministic &= numerical[j] != CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
        p.tensorCores |= numerical[j] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
        p.notes += (j ? " " : "") + std::string(noteName(numerical[j]));
      }
      for (int64_t j = 0; j < std::min<int64_t>(ways, 32); j++) {
        p.compiled |= behaviour[j] == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
        p.behaviour += (j ? " " : "") + std::string(behaviourName(behaviour[j]));
      }
      // each runtime-compiled engine costs half a second or more to finalize: only a few of them; and not one engine with all its knobs
      int sameEngine = (int) std::count_if(r.plans.begin(), r.plans.end(), [&](const Plan& o) { return o.engine == p.engine; });
      // a slow last resort (no tensor cores where the first choice has them) tells nothing
      fits &= r.plans.empty() || p.tensorCores || !r.plans[0].tensorCores;
      if (!fits || sameEngine >= q.perEngine || (full && !p.deterministic) || (p.compiled && compiledBuilt >= q.compiledLimit)) { r.filtered++; continue; }
      attempts++;
      compiledBuilt += p.compiled;
      double t0 = seconds();
      p.plan = make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      setD(p.plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, cfg[i]);
      if (!planOnly()) set(p.plan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
#if CUDNN_VERSION >= 90800
      else setD(p.plan, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, deviceProperties);
#endif
      finish(p.plan, "plan");
      p.buildMs = (seconds() - t0) * 1000;
      spent += p.buildMs;
      if (good()) dn(cudnnBackendGetAttribute(p.plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &c, &p.workspace), "workspace size");
      if (!good()) { r.why = takeError(); r.refused++; continue; }
      if (p.workspace > q.workspaceLimit) { r.tooLarge++; continue; }
      // the knobs, only for the record
      int64_t k = 0;
      if (cudnnBackendGetAttribute(cfg[i], CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &k, nullptr) == CUDNN_STATUS_SUCCESS && k > 0) {
        k = std::min<int64_t>(k, 64);
        std::vector<D> choices(k);
        for (auto& ch : choices) ch = make(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
        int64_t kn = 0;
        if (good() && cudnnBackendGetAttribute(cfg[i], CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, k, &kn, choices.data()) == CUDNN_STATUS_SUCCESS)
          for (int64_t j = 0; j < std::min(k, kn); j++) {
            cudnnBackendKnobType_t type = (cudnnBackendKnobType_t) 0;
            int64_t value = 0;
            cudnnBackendGetAttribute(choices[j], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &c, &type);
            cudnnBackendGetAttribute(choices[j], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &c, &value);
            p.knobs += (j ? " " : "") + std::to_string((int) type) + "=" + std::to_string(value);
          }
      }
      takeError();
      r.plans.push_back(p);
    }
  }
  return r;
}

typedef std::vector<std::pair<Tensor, void*>> Binding;
static D variantPack(const Binding& b, void* workspace) {
  D v = make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  V ids;
  std::vector<void*> pointers;
  for (auto& t : b) { ids.push_back(t.first.id); pointers.push_back(t.second); }
  set(v, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, (int64_t) ids.size(), ids.data());
  set(v, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, (int64_t) pointers.size(), pointers.data());
  set(v, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
  finish(v, "variant pack");
  return v;
}
static bool execute(const Plan& p, D pack) { return dn(cudnnBackendExecute(handle, p.plan, pack), "execute"); }

// ---------------------------------------------------------------------------------------------------------------------
// Stages conv-*, error: single convolutions
// ---------------------------------------------------------------------------------------------------------------------
static const Shape LAYERS[] = {{0, 1, 64, 224, 224}, {0, 8, 64, 224, 224}, {0, 64, 64, 224, 224}, {0, 64, 128, 112, 112}, {0, 128, 128, 112, 112}, {0, 128, 256, 56, 56},
                               {0, 256, 256, 56, 56}, {0, 256, 512, 28, 28}, {0, 512, 512, 28, 28}, {0, 512, 512, 14, 14}};
static std::string layerName(Shape s) { return std::to_string(s.c) + "->" + std::to_string(s.k) + "@" + std::to_string(s.h); }
static const char* opName(char op) { return op == 'f' ? "fwd" : op == 'd' ? "dgrad" : "wgrad"; }
static double flops(Shape s) { return 2.0 * s.n * s.h * s.w * s.c * s.k * 9; }

struct ConvData {  // input and output of one convolution, as 'term' wants them
  Buf x, w, y;
  Type xt, wt, yt;
  Shape s;
  ConvData(Shape s, char op, Type data, Type dw)
      : x(planOnly() ? 0 : (int64_t) s.n * s.c * s.h * s.w * sizeOf(data)), w(planOnly() ? 0 : (int64_t) s.k * s.c * 9 * sizeOf(op == 'w' ? dw : data)),
        y(planOnly() ? 0 : (int64_t) s.n * s.k * s.h * s.w * sizeOf(data)), xt(data), wt(op == 'w' ? dw : data), yt(data), s(s) {
    if (planOnly() || !good()) return;
    // uniform in [-1, 1); a mean other than 0 would hide nothing and cost accuracy in bf16
    if (op != 'd') fill(x, (int64_t) s.n * s.c * s.h * s.w, xt, 1);
    if (op != 'w') fill(w, (int64_t) s.k * s.c * 9, wt, 2);
    if (op != 'f') fill(y, (int64_t) s.n * s.k * s.h * s.w, yt, 3);
  }
  const Buf& out(char op) const { return op == 'f' ? y : op == 'd' ? x : w; }
  Type outType(char op) const { return op == 'f' ? yt : op == 'd' ? xt : wt; }
  int64_t outElements(char op) const { int d[4]; outputDims(op, s, d); return (int64_t) d[0] * d[1] * d[2] * d[3]; }
  double error(char op, bool nhwc, int samples, Extra e = Extra{nullptr, nullptr, F32, false}) const {
    const Buf &a = op == 'd' ? y : x, &b = op == 'w' ? y : w;
    return sampleError(op, s, nhwc, a.p, op == 'd' ? yt : xt, b.p, op == 'w' ? yt : wt, out(op).p, outType(op), samples, e);
  }
};
static Buf* workspace;  // shared by the cases of a stage

struct ConvKind { const char* precision; Type data, dw; bool nhwc, strict; };
static Line convLine(const char* kind, ConvKind t, Shape s, char op) {
  Line l(kind);
  l.str("precision", t.precision).str("layout", t.nhwc ? "NHWC" : "NCHW").str("layer", layerName(s)).num("batch", s.n).str("op", opName(op));
  if (op == 'w') l.str("dw", nameOf(t.dw));
  return l;
}
static void convCase(ConvKind t, Shape s, char op, Search search, int samples) {
  std::string name = std::string(t.precision) + (t.nhwc ? " NHWC " : " NCHW ") + opName(op) + (op == 'w' ? std::string(" dw ") + nameOf(t.dw) : "") + " " + layerName(s);
  if (!nextCase(name)) return;
  {
    ConvData data(s, op, t.data, t.dw);
    search.strict = t.strict;
    Found f;
    Tensor x = tensor({s.n, s.c, s.h, s.w}, data.xt, t.nhwc), w = tensor({s.k, s.c, 3, 3}, data.wt, t.nhwc), y = tensor({s.n, s.k, s.h, s.w}, data.yt, t.nhwc);
    D o = convolution(op, x, w, y);
    if (good()) f = plansFor({o}, search);
    else f.why = takeError();
    if (f.plans.empty() || planOnly()) {
      Line l = convLine(f.plans.empty() ? "no-plan" : "plans", t, s, op);
      l.num("offered", f.offered).num("filtered", f.filtered).num("refused", f.refused).num("too_large", f.tooLarge).num("found", (double) f.plans.size());
      if (f.plans.empty()) l.str("error", f.why);
      else { std::string all; for (auto& p : f.plans) all += (all.empty() ? "" : "; ") + std::to_string(p.engine) + (p.notes.empty() ? "" : " ") + p.notes + (p.compiled ? " compiled " + std::to_string((int) p.buildMs) + " ms" : ""); l.str("engines", all); }
      l.print();
    }
    int best = -1, bestDeterministic = -1;
    std::vector<double> ms(f.plans.size(), NAN);
    std::vector<D> packs(f.plans.size(), nullptr);
    const Buf& out = data.out(op);
    for (size_t i = 0; i < f.plans.size() && !planOnly(); i++) {
      const Plan& p = f.plans[i];
      packs[i] = variantPack({{x, data.x.p}, {w, data.w.p}, {y, data.y.p}}, workspace->p);
      poison(out);
      Timing tm;
      double err = NAN, bad = NAN;
      if (good()) tm = timed([&] { return execute(p, packs[i]); });
      if (good()) { err = data.error(op, t.nhwc, samples); bad = notFinite(out.p, data.outElements(op), data.outType(op)); }
      Line l = convLine("conv", t, s, op);
      describe(l, p).num("ms", tm.ms).num("runs", tm.runs).num("tflops", flops(s) / tm.ms / 1e9).num("rel_err", err).num("not_finite", bad);
      if (!good()) { tm.ms = NAN; l.str("error", takeError()); }
      l.print();
      cudaError_t sticky = cudaStreamSynchronize(stream);
      if (sticky != cudaSuccess) break;  // endCase decides what that means
      ms[i] = tm.ms;
      if (std::isnan(tm.ms)) continue;
      if (best < 0 || tm.ms < ms[best]) best = (int) i;
      if (p.deterministic && (bestDeterministic < 0 || tm.ms < ms[bestDeterministic])) bestDeterministic = (int) i;
      if (seconds() > budget + 2) break;
    }
    for (int i : {best, bestDeterministic}) {
      if (i < 0) continue;
      int same = sameBits([&] { return execute(f.plans[i], packs[i]); }, out, data.outElements(op) * sizeOf(data.outType(op)));
      Line l = convLine("repeat", t, s, op);
      describe(l, f.plans[i]).num("ms", ms[i]).num("same_of_10", same).yes("noted_deterministic", f.plans[i].deterministic);
      if (!good()) l.str("error", takeError());
      l.print();
      if (best == bestDeterministic) break;  // said once
    }
  }
  freeDescriptors();
  endCase();
}
static void convStage(const std::vector<ConvKind>& kinds, Search search) {
  for (auto& t : kinds)
    for (Shape s : LAYERS) {
      s.n = batch;
      for (char op : {'f', 'd', 'w'}) {
        if (op == 'd' && s.c <= 8) continue;  // the images need no gradient
        if (op != 'w' && t.dw != t.data) continue;  // only the weight gradient differs
        convCase(t, s, op, search, op == 'w' ? 96 : 512);
      }
    }
}
// Every element of a small convolution with H != W and C != K: shows whether fp32 is fp32, and that nothing is transposed.
static void errorStage() {
  Shape s = {2, 32, 48, 13, 17};
  Search q;
  q.want = 6; q.attempts = 40; q.compiledLimit = 1;
  for (ConvKind t : {ConvKind{"bf16", BF16, BF16, true, false}, ConvKind{"bf16", BF16, F32, true, false}, ConvKind{"tf32", F32, F32, true, false}, ConvKind{"tf32", F32, F32, false, false},
                     ConvKind{"strict", F32, F32, true, true}, ConvKind{"strict", F32, F32, false, true}})
    for (char op : {'f', 'd', 'w'})
      if (op == 'w' || t.dw == t.data) convCase(t, s, op, q, MAX_SAMPLES);
}

// ---------------------------------------------------------------------------------------------------------------------
// Stage fusion: bf16 NHWC graphs of several operations, beside the convolution alone
// ---------------------------------------------------------------------------------------------------------------------
static void fusionCase(const std::string& what, Shape s, Type data, Type inside) {
  const char* precision = data == F32 ? "tf32" : "bf16";
  if (!nextCase(what + " " + precision + " inside " + nameOf(inside) + " " + layerName(s))) return;
  {
    bool backward = what.rfind("dgrad", 0) == 0, prologue = what.rfind("scale", 0) == 0, stats = what.find("genstats") != std::string::npos;
    bool drelu = what == "dgrad+drelu", biasRelu = what == "conv+bias+relu";
    char op = backward ? 'd' : 'f';
    ConvData d(s, op, data, data);
    int64_t nx = (int64_t) s.n * s.c * s.h * s.w;
    bool real = !planOnly();
    Buf scale(real ? s.c * 4 : 0), bias(real ? s.c * 4 : 0), mask(real && drelu ? nx * sizeOf(data) : 0), kBias(real ? s.k * sizeOf(data) : 0), sum(real ? s.k * 4 : 0), squares(real ? s.k * 4 : 0),
        applied(real && prologue ? nx * sizeOf(data) : 0);
    fill(scale, s.c, F32, 4, 0.5f, 1); fill(bias, s.c, F32, 5, 0.5f); fill(kBias, s.k, data, 6, 10);
    if (drelu) fill(mask, nx, data, 7);
    V X = {s.n, s.c, s.h, s.w}, W = {s.k, s.c, 3, 3}, Y = {s.n, s.k, s.h, s.w}, C = {1, s.c, 1, 1}, K = {1, s.k, 1, 1};
    std::vector<D> ops;
    Tensor x = tensor(X, data, true, drelu), w = tensor(W, data, true), y = tensor(Y, data, true, biasRelu);
    Binding b = {{w, d.w.p}};
    if (!drelu) b.push_back({x, d.x.p});
    if (!biasRelu) b.push_back({y, d.y.p});
    if (drelu) {  // the gradient of the convolution's input passes on only where the ReLU's input was positive
      Tensor m = tensor(X, data, true), out = tensor(X, data, true);
      x = tensor(X, inside, true, true);
      ops = {convolution('d', x, w, y), pointwise(CUDNN_POINTWISE_RELU_BWD, m, nullptr, out, &x)};
      b.push_back({m, mask.p}); b.push_back({out, d.x.p});
    } else if (prologue) {
      Tensor sc = tensor(C, F32, true), bi = tensor(C, F32, true), t1 = tensor(X, inside, true, true), t2 = tensor(X, inside, true, true), t3 = tensor(X, inside, true, true);
      ops = {pointwise(CUDNN_POINTWISE_MUL, x, &sc, t1), pointwise(CUDNN_POINTWISE_ADD, t1, &bi, t2), pointwise(CUDNN_POINTWISE_RELU_FWD, t2, nullptr, t3), convolution('f', t3, w, y)};
      b.push_back({sc, scale.p}); b.push_back({bi, bias.p});
    } else if (biasRelu) {
      Tensor c = tensor(Y, inside, true, true), z = tensor(Y, inside, true, true), kb = tensor(K, data, true), out = tensor(Y, data, true);
      ops = {convolution('f', x, w, c), pointwise(CUDNN_POINTWISE_ADD, c, &kb, z), pointwise(CUDNN_POINTWISE_RELU_FWD, z, nullptr, out)};
      b.push_back({kb, kBias.p}); b.push_back({out, d.y.p});
    } else ops = {convolution(op, x, w, y)};
    if (stats) {
      Tensor s1 = tensor(K, F32, true), s2 = tensor(K, F32, true);
      ops.push_back(genstats(y, s1, s2));
      b.push_back({s1, sum.p}); b.push_back({s2, squares.p});
    }
    Search q;
    q.want = what == "conv" || what == "dgrad" || biasRelu ? 3 : 2;
    q.compiledLimit = data == BF16 && stats ? 2 : 1;  // half a second or more each
    q.buildLimitMs = 4000;
    Found f;
    if (good()) f = plansFor(ops, q);
    else f.why = takeError();
    auto line = [&](const char* kind) {
      Line l(kind);
      return l.str("what", what).str("precision", precision).str("inside", nameOf(inside)).str("layout", "NHWC").str("layer", layerName(s)).num("batch", s.n).num("offered", f.offered);
    };
    if (f.plans.empty()) line("no-fusion").num("refused", f.refused).num("filtered", f.filtered).str("error", f.why).print();
    if (prologue && real && good()) {
      scaleBiasReluKernel<<<1056, 256, 0, stream>>>(d.x.p, scale.f(), bias.f(), applied.p, nx, s.c, data);
      launched("prologue");
    }
    for (auto& p : f.plans) {
      Line l = line("fusion");
      describe(l, p);
      if (planOnly()) { l.yes("plan_only", true).print(); continue; }
      D pack = variantPack(b, workspace->p);
      const Buf& out = d.out(op);
      poison(out); poison(sum); poison(squares);
      Timing tm;
      double err = NAN, bad = NAN, statsError = NAN;
      int same = -1;
      if (good()) tm = timed([&] { return execute(p, pack); });
      if (good()) {
        Extra e{biasRelu ? kBias.p : nullptr, drelu ? mask.p : nullptr, data, biasRelu};
        err = prologue ? sampleError('f', s, true, applied.p, data, d.w.p, data, d.y.p, data, 512, e) : d.error(op, true, 512, e);
        bad = notFinite(out.p, d.outElements(op), data);
      }
      if (good() && stats) {
        double *a = (double*) scratch->p, *q2 = a + s.k;
        channelSumsKernel<<<s.k, 256, 0, stream>>>(d.y.p, data, (int64_t) s.n * s.h * s.w, s.k, a, q2);
        launched("channel sums");
        std::vector<double> ref(2 * s.k), got(2 * s.k);
        std::vector<float> g(2 * s.k);
        cu(cudaMemcpyAsync(ref.data(), a, 2 * s.k * 8, cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaMemcpyAsync(g.data(), sum.p, s.k * 4, cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaMemcpyAsync(g.data() + s.k, squares.p, s.k * 4, cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaStreamSynchronize(stream), "synchronize");
        for (int i = 0; i < 2 * s.k; i++) got[i] = g[i];
        // sums cancel (they are small beside the values), so measure each against what a channel's values could add up to
        double e1 = 0, n1 = 0, e2 = 0, n2 = 0;
        for (int i = 0; i < s.k; i++) {
          e1 += std::pow(got[i] - ref[i], 2); n1 += ref[s.k + i] * s.n * s.h * s.w;
          e2 += std::pow(got[s.k + i] - ref[s.k + i], 2); n2 += std::pow(ref[s.k + i], 2);
        }
        statsError = std::max(std::sqrt(e1 / n1), std::sqrt(e2 / n2));
      }
      if (good()) same = sameBits([&] { return execute(p, pack); }, out, d.outElements(op) * sizeOf(data));
      l.num("ms", tm.ms).num("runs", tm.runs).num("tflops", flops(s) / tm.ms / 1e9).num("rel_err", err).num("not_finite", bad).num("same_of_10", same);
      if (stats) l.num("stats_err", statsError);
      if (!good()) l.str("error", takeError());
      l.print();
      if (cudaStreamSynchronize(stream) != cudaSuccess) break;
    }
  }
  freeDescriptors();
  endCase();
}
static void fusionStage() {
  for (Shape s : {Shape{batch, 64, 64, 224, 224}, Shape{batch, 256, 256, 56, 56}, Shape{batch, 512, 512, 14, 14}})
    for (const char* what : {"conv", "conv+genstats", "scale+bias+relu->conv+genstats", "dgrad", "dgrad+drelu", "conv+bias+relu", "scale+bias+relu->conv"})
      // prologues in bf16 are offered only with bf16 between the operations, the epilogues with fp32 too
      fusionCase(what, s, BF16, what[0] == 's' ? BF16 : F32);
  for (Shape s : {Shape{batch, 64, 64, 224, 224}, Shape{batch, 256, 256, 56, 56}})
    for (const char* what : {"conv", "conv+genstats", "scale+bias+relu->conv+genstats", "dgrad+drelu"}) fusionCase(what, s, F32, F32);
}

// ---------------------------------------------------------------------------------------------------------------------
// Stage legacy: cudnnConvolution*, the API with algorithm numbers
// ---------------------------------------------------------------------------------------------------------------------
struct LegacyConv {
  cudnnTensorDescriptor_t x = nullptr, y = nullptr;
  cudnnFilterDescriptor_t w = nullptr;
  cudnnConvolutionDescriptor_t conv = nullptr;
  LegacyConv(Shape s, Type t, bool nhwc, cudnnMathType_t math) {
    cudnnTensorFormat_t f = nhwc ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW;
    dn(cudnnCreateTensorDescriptor(&x), "create"); dn(cudnnCreateTensorDescriptor(&y), "create");
    dn(cudnnCreateFilterDescriptor(&w), "create"); dn(cudnnCreateConvolutionDescriptor(&conv), "create");
    if (!good()) return;
    dn(cudnnSetTensor4dDescriptor(x, f, dnnType(t), s.n, s.c, s.h, s.w), "x");
    dn(cudnnSetTensor4dDescriptor(y, f, dnnType(t), s.n, s.k, s.h, s.w), "y");
    dn(cudnnSetFilter4dDescriptor(w, dnnType(t), f, s.k, s.c, 3, 3), "w");
    dn(cudnnSetConvolution2dDescriptor(conv, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT), "conv");
    dn(cudnnSetConvolutionMathType(conv, math), "math type");
  }
  ~LegacyConv() {
    if (x) cudnnDestroyTensorDescriptor(x);
    if (y) cudnnDestroyTensorDescriptor(y);
    if (w) cudnnDestroyFilterDescriptor(w);
    if (conv) cudnnDestroyConvolutionDescriptor(conv);
  }
};
struct Algorithm { int algo, status, math; bool deterministic; double ms; int64_t memory; };
template <typename P> static std::vector<Algorithm> listed(const P* p, int n) {
  std::vector<Algorithm> r;
  for (int i = 0; i < n; i++) r.push_back({(int) p[i].algo, (int) p[i].status, (int) p[i].mathType, p[i].determinism == CUDNN_DETERMINISTIC, p[i].time, (int64_t) p[i].memory});
  return r;
}
// Both questions: find (runs every algorithm, within the workspace) or get (guesses)
static std::vector<Algorithm> algorithms(char op, bool find, const LegacyConv& c, const ConvData& d, int64_t limit) {
  int n = 0;
  if (op == 'f') {
    cudnnConvolutionFwdAlgoPerf_t p[16];
    if (!dn(find ? cudnnFindConvolutionForwardAlgorithmEx(handle, c.x, d.x.p, c.w, d.w.p, c.conv, c.y, d.y.p, 16, &n, p, workspace->p, limit)
                 : cudnnGetConvolutionForwardAlgorithm_v7(handle, c.x, c.w, c.conv, c.y, 16, &n, p), "algorithms")) return {};
    return listed(p, n);
  }
  if (op == 'd') {
    cudnnConvolutionBwdDataAlgoPerf_t p[16];
    if (!dn(find ? cudnnFindConvolutionBackwardDataAlgorithmEx(handle, c.w, d.w.p, c.y, d.y.p, c.conv, c.x, d.x.p, 16, &n, p, workspace->p, limit)
                 : cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, c.w, c.y, c.conv, c.x, 16, &n, p), "algorithms")) return {};
    return listed(p, n);
  }
  cudnnConvolutionBwdFilterAlgoPerf_t p[16];
  if (!dn(find ? cudnnFindConvolutionBackwardFilterAlgorithmEx(handle, c.x, d.x.p, c.y, d.y.p, c.conv, c.w, d.w.p, 16, &n, p, workspace->p, limit)
               : cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, c.x, c.y, c.conv, c.w, 16, &n, p), "algorithms")) return {};
  return listed(p, n);
}
static bool runLegacy(char op, const LegacyConv& c, const ConvData& d, int algo, size_t bytes) {
  float one = 1, zero = 0;
  void* ws = bytes ? workspace->p : nullptr;
  if (op == 'f') return dn(cudnnConvolutionForward(handle, &one, c.x, d.x.p, c.w, d.w.p, c.conv, (cudnnConvolutionFwdAlgo_t) algo, ws, bytes, &zero, c.y, d.y.p), "convolution");
  if (op == 'd') return dn(cudnnConvolutionBackwardData(handle, &one, c.w, d.w.p, c.y, d.y.p, c.conv, (cudnnConvolutionBwdDataAlgo_t) algo, ws, bytes, &zero, c.x, d.x.p), "convolution");
  return dn(cudnnConvolutionBackwardFilter(handle, &one, c.x, d.x.p, c.y, d.y.p, c.conv, (cudnnConvolutionBwdFilterAlgo_t) algo, ws, bytes, &zero, c.w, d.w.p), "convolution");
}
static size_t legacyWorkspace(char op, const LegacyConv& c, int algo) {
  size_t n = 0;
  if (op == 'f') dn(cudnnGetConvolutionForwardWorkspaceSize(handle, c.x, c.w, c.conv, c.y, (cudnnConvolutionFwdAlgo_t) algo, &n), "workspace size");
  else if (op == 'd') dn(cudnnGetConvolutionBackwardDataWorkspaceSize(handle, c.w, c.y, c.conv, c.x, (cudnnConvolutionBwdDataAlgo_t) algo, &n), "workspace size");
  else dn(cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, c.x, c.y, c.conv, c.w, (cudnnConvolutionBwdFilterAlgo_t) algo, &n), "workspace size");
  return n;
}
static void legacyCase(const char* precision, Type t, bool nhwc, cudnnMathType_t math, bool find, Shape s, char op, int samples) {
  const int64_t limit = 1LL << 30;  // what the engine allows itself
  if (!nextCase(std::string("legacy ") + precision + (nhwc ? " NHWC " : " NCHW ") + opName(op) + " " + layerName(s))) return;
  {
    ConvData d(s, op, t, t);
    LegacyConv c(s, t, nhwc, math);
    int done[2] = {-1, -1};
    int doneMath[2] = {-1, -1};
    for (int pass = 0; pass < (find ? 2 : 1); pass++) {  // first what Get_v7 guesses, then what Find measures
      std::vector<Algorithm> all;
      if (good()) all = algorithms(op, pass == 1, c, d, limit);
      std::string list;
      const Algorithm* chosen = nullptr;
      for (auto& a : all) {
        bool fits = a.status == 0 && a.memory <= limit && (math != CUDNN_FMA_MATH || a.math == CUDNN_FMA_MATH);
        if (!chosen && fits) chosen = &a;
        char b[120];
        snprintf(b, sizeof b, "%s%d: status %d math %d%s %.1f MiB", list.empty() ? "" : "; ", a.algo, a.status, a.math, a.deterministic ? "" : " nondeterministic", a.memory / 1048576.0);
        if (a.status == 0 || list.size() < 300) list += b;
        if (pass == 1 && a.status == 0) { snprintf(b, sizeof b, " %.3f ms", a.ms); list += b; }
      }
      Line l("legacy");
      l.str("precision", precision).str("layout", nhwc ? "NHWC" : "NCHW").str("layer", layerName(s)).num("batch", s.n).str("op", opName(op)).str("by", pass ? "find" : "get").str("all", list);
      if (!chosen) l.str("error", good() ? "no algorithm within the limits" : takeError());
      else {
        dn(cudnnSetConvolutionMathType(c.conv, (cudnnMathType_t) chosen->math), "math type");
        size_t bytes = legacyWorkspace(op, c, chosen->algo);
        if (good() && (int64_t) bytes > limit) fail("workspace grew beyond the limit");
        l.num("algo", chosen->algo).num("math", chosen->math).yes("noted_deterministic", chosen->deterministic).num("workspace", (double) bytes);
        if (pass == 1 && done[0] == chosen->algo && doneMath[0] == chosen->math) l.str("same_as", "get").num("find_ms", chosen->ms);
        else {
          poison(d.out(op));
          // Find ran over the output buffer only, so the inputs are still there
          Timing tm;
          if (good()) tm = timed([&] { return runLegacy(op, c, d, chosen->algo, bytes); });
          double err = NAN;
          int same = -1;
          if (good()) err = d.error(op, nhwc, samples);
          if (good() && op != 'f') same = sameBits([&] { return runLegacy(op, c, d, chosen->algo, bytes); }, d.out(op), d.outElements(op) * sizeOf(t));
          l.num("ms", tm.ms).num("runs", tm.runs).num("tflops", flops(s) / tm.ms / 1e9).num("rel_err", err).num("same_of_10", same);
        }
        done[pass] = chosen->algo;
        doneMath[pass] = chosen->math;
        if (!good()) l.str("error", takeError());
        dn(cudnnSetConvolutionMathType(c.conv, math), "math type");
      }
      l.print();
      if (cudaStreamSynchronize(stream) != cudaSuccess) break;
    }
  }
  endCase();
}
static void legacyStage() {
  auto all = [](const char* precision, Type t, bool nhwc, cudnnMathType_t math, bool find) {
    for (Shape s : LAYERS) {
      s.n = batch;
      for (char op : {'f', 'd', 'w'})
        if (s.c != 8 && (op != 'd' || s.c > 8)) legacyCase(precision, t, nhwc, math, find, s, op, op == 'w' ? 96 : 512);
    }
  };
  // the small case first: which math is which
  for (char op : {'f', 'd', 'w'})
    for (bool nhwc : {false, true}) {
      Shape s = {2, 32, 48, 13, 17};
      legacyCase("default", F32, nhwc, CUDNN_DEFAULT_MATH, false, s, op, MAX_SAMPLES);
      legacyCase("fma", F32, nhwc, CUDNN_FMA_MATH, false, s, op, MAX_SAMPLES);
      legacyCase("bf16", BF16, nhwc, CUDNN_TENSOR_OP_MATH, false, s, op, MAX_SAMPLES);
    }
  all("default", F32, false, CUDNN_DEFAULT_MATH, true);
  all("default", F32, true, CUDNN_DEFAULT_MATH, true);
  all("bf16", BF16, true, CUDNN_TENSOR_OP_MATH, false);
  all("fma", F32, false, CUDNN_FMA_MATH, false);
  all("fma", F32, true, CUDNN_FMA_MATH, false);
}

// ---------------------------------------------------------------------------------------------------------------------
// Stage norm: batch norm and pooling of the legacy API
// ---------------------------------------------------------------------------------------------------------------------
struct LegacyTensor {
  cudnnTensorDescriptor_t d = nullptr;
  LegacyTensor() { dn(cudnnCreateTensorDescriptor(&d), "create"); }
  ~LegacyTensor() { if (d) cudnnDestroyTensorDescriptor(d); }
  void set(Type t, bool nhwc, int n, int c, int h, int w) {
    if (d) dn(cudnnSetTensor4dDescriptor(d, nhwc ? CUDNN_TENSOR_NHWC : CUDNN_TENSOR_NCHW, dnnType(t), n, c, h, w), "tensor");
  }
};
static Line bnLine(const char* kind, const char* what, Type t, bool nhwc, int n, int c, int h) {
  Line l(kind);
  return l.str("what", what).str("precision", nameOf(t)).str("layout", nhwc ? "NHWC" : "NCHW").num("batch", n).num("channels", c).num("size", h);
}
// fused: the Ex functions with ReLU, the way to cuDNN's fast NHWC kernels
static void bnCase(Type t, bool nhwc, cudnnBatchNormMode_t mode, bool fused, int n, int c, int h) {
  std::string what = mode == CUDNN_BATCHNORM_SPATIAL ? "spatial" : "spatial-persistent";
  if (fused) what += "+relu";
  if (!nextCase("batch norm " + what + " " + nameOf(t) + (nhwc ? " NHWC " : " NCHW ") + std::to_string(c) + "@" + std::to_string(h))) return;
  {
    int64_t e = (int64_t) n * c * h * h;
    Buf x(e * sizeOf(t)), y(e * sizeOf(t)), dy(e * sizeOf(t)), dx(e * sizeOf(t)), small(8 * c * 4);
    float* v[8];  // gamma, beta, running mean, running variance, saved mean, saved 1/std, dgamma, dbeta
    for (int i = 0; i < 8; i++) v[i] = small.p ? small.f() + i * c : nullptr;
    fill(x, e, t, 1, 2, 0.5f); fill(dy, e, t, 2); fill(small, 8 * c, F32, 3, 0.5f, 1);
    LegacyTensor dt, dp;
    dt.set(t, nhwc, n, c, h, h);
    if (good()) dn(cudnnDeriveBNTensorDescriptor(dp.d, dt.d, mode), "derive");
    cudnnActivationDescriptor_t act = nullptr;
    size_t fws = 0, bws = 0, reserve = 0;
    cudnnBatchNormOps_t ops = CUDNN_BATCHNORM_OPS_BN_ACTIVATION;
    if (fused && good()) {
      dn(cudnnCreateActivationDescriptor(&act), "activation");
      if (good()) dn(cudnnSetActivationDescriptor(act, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0), "activation");
      if (good()) dn(cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(handle, mode, ops, dt.d, nullptr, dt.d, dp.d, act, &fws), "forward workspace");
      if (good()) dn(cudnnGetBatchNormalizationBackwardExWorkspaceSize(handle, mode, ops, dt.d, dt.d, dt.d, nullptr, dt.d, dp.d, act, &bws), "backward workspace");
      if (good()) dn(cudnnGetBatchNormalizationTrainingExReserveSpaceSize(handle, mode, ops, act, dt.d, &reserve), "reserve");
      if (good() && (int64_t) std::max(fws, bws) > workspace->bytes) fail("workspace too large");
    }
    Buf kept(good() ? reserve : 0);
    float one = 1, zero = 0;
    double factor = 1, epsilon = 1e-5;
    auto forward = [&] {
      if (fused) return dn(cudnnBatchNormalizationForwardTrainingEx(handle, mode, ops, &one, &zero, dt.d, x.p, nullptr, nullptr, dt.d, y.p, dp.d, v[0], v[1], factor, v[2], v[3], epsilon, v[4], v[5],
                                                                    act, workspace->p, fws, kept.p, reserve), "forward");
      return dn(cudnnBatchNormalizationForwardTraining(handle, mode, &one, &zero, dt.d, x.p, dt.d, y.p, dp.d, v[0], v[1], factor, v[2], v[3], epsilon, v[4], v[5]), "forward");
    };
    auto backward = [&] {
      if (fused) return dn(cudnnBatchNormalizationBackwardEx(handle, mode, ops, &one, &zero, &one, &zero, dt.d, x.p, dt.d, y.p, dt.d, dy.p, nullptr, nullptr, dt.d, dx.p, dp.d, v[0], v[1], v[6], v[7],
                                                             epsilon, v[4], v[5], act, workspace->p, bws, kept.p, reserve), "backward");
      return dn(cudnnBatchNormalizationBackward(handle, mode, &one, &zero, &one, &zero, dt.d, x.p, dt.d, dy.p, dt.d, dx.p, dp.d, v[0], v[6], v[7], epsilon, v[4], v[5]), "backward");
    };
    if (e <= 4096) {  // small: is the running variance divided by n or by n - 1?
      Line l = bnLine("bn-divisor", what.c_str(), t, nhwc, n, c, h);
      std::vector<uint8_t> raw(e * sizeOf(t));
      std::vector<float> run(c), saved(c);
      if (good()) forward();
      if (good()) {
        cu(cudaMemcpyAsync(raw.data(), x.p, e * sizeOf(t), cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaMemcpyAsync(run.data(), v[3], c * 4, cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaMemcpyAsync(saved.data(), v[5], c * 4, cudaMemcpyDeviceToHost, stream), "copy");
        cu(cudaStreamSynchronize(stream), "synchronize");
      }
      if (good()) {  // channel 0 by hand
        double m = 0, q = 0;
        int64_t k = (int64_t) n * h * h;
        for (int64_t i = 0; i < k; i++) m += load(raw.data(), place(nhwc, c, h, h, (int) (i / h / h), 0, (int) (i / h % h), (int) (i % h)), t) / k;
        for (int64_t i = 0; i < k; i++) q += std::pow(load(raw.data(), place(nhwc, c, h, h, (int) (i / h / h), 0, (int) (i / h % h), (int) (i % h)), t) - m, 2);
        l.num("values", (double) k).num("running_over_biased", run[0] / (q / k)).num("running_over_unbiased", run[0] / (q / (k - 1))).num("saved_over_expected", saved[0] * std::sqrt(q / k + epsilon));
      }
      if (!good()) l.str("error", takeError());
      l.print();
    } else {
      Line l = bnLine("bn", what.c_str(), t, nhwc, n, c, h);
      poison(y); poison(dx);
      Timing f, b;
      int sameForward = -1, sameBackward = -1;
      double bad = NAN;
      std::string forwardError, backwardError;
      if (good()) f = timed(forward);
      if (good()) sameForward = sameBits(forward, y, e * sizeOf(t));
      if (!good()) forwardError = takeError();
      else b = timed(backward);
      if (good() && forwardError.empty()) sameBackward = sameBits(backward, dx, e * sizeOf(t));
      if (good() && forwardError.empty()) bad = notFinite(y.p, e, t) + notFinite(dx.p, e, t);
      if (!good()) backwardError = takeError();
      l.num("fwd_ms", f.ms).num("bwd_ms", b.ms).num("fwd_same_of_10", sameForward).num("bwd_same_of_10", sameBackward).num("not_finite", bad).num("workspace", (double) std::max(fws, bws)).num("reserve", (double) reserve);
      // bytes that must move: forward two reads and a write, backward four reads and a write
      l.num("fwd_GBps", 3.0 * e * sizeOf(t) / f.ms / 1e6).num("bwd_GBps", 5.0 * e * sizeOf(t) / b.ms / 1e6);
      if (!forwardError.empty()) l.str("error", forwardError);
      if (!backwardError.empty()) l.str("bwd_error", backwardError);
      l.print();
    }
    if (act) cudnnDestroyActivationDescriptor(act);
  }
  endCase();
}
static void poolCase(Type t, bool nhwc, cudnnPoolingMode_t mode, int n, int c, int h) {
  std::string what = mode == CUDNN_POOLING_MAX ? "max" : "max-deterministic";
  if (!nextCase("pooling " + what + " " + nameOf(t) + (nhwc ? " NHWC " : " NCHW ") + std::to_string(c) + "@" + std::to_string(h))) return;
  {
    int64_t e = (int64_t) n * c * h * h;
    Buf x(e * sizeOf(t)), y(e / 4 * sizeOf(t)), dy(e / 4 * sizeOf(t)), dx(e * sizeOf(t));
    fill(x, e, t, 1); fill(dy, e / 4, t, 2);
    poison(y); poison(dx);
    LegacyTensor tx, ty;
    tx.set(t, nhwc, n, c, h, h); ty.set(t, nhwc, n, c, h / 2, h / 2);
    cudnnPoolingDescriptor_t p = nullptr;
    dn(cudnnCreatePoolingDescriptor(&p), "create");
    if (good()) dn(cudnnSetPooling2dDescriptor(p, mode, CUDNN_PROPAGATE_NAN, 2, 2, 0, 0, 2, 2), "pooling");
    float one = 1, zero = 0;
    auto forward = [&] { return dn(cudnnPoolingForward(handle, p, &one, tx.d, x.p, &zero, ty.d, y.p), "forward"); };
    auto backward = [&] { return dn(cudnnPoolingBackward(handle, p, &one, ty.d, y.p, ty.d, dy.p, tx.d, x.p, &zero, tx.d, dx.p), "backward"); };
    Timing f, b;
    int same = -1;
    double bad = NAN;
    if (good()) f = timed(forward);
    if (good()) b = timed(backward);
    if (good()) same = sameBits(backward, dx, e * sizeOf(t));
    if (good()) bad = notFinite(y.p, e / 4, t) + notFinite(dx.p, e, t);
    Line l = bnLine("pool", what.c_str(), t, nhwc, n, c, h);
    l.num("fwd_ms", f.ms).num("bwd_ms", b.ms).num("bwd_same_of_10", same).num("not_finite", bad);
    l.num("fwd_GBps", 1.25 * e * sizeOf(t) / f.ms / 1e6).num("bwd_GBps", 2.5 * e * sizeOf(t) / b.ms / 1e6);
    if (!good()) l.str("error", takeError());
    l.print();
    if (p) cudnnDestroyPoolingDescriptor(p);
  }
  endCase();
}
static void normStage() {
  struct { Type t; bool nhwc; } kinds[] = {{BF16, true}, {F32, false}, {F32, true}};
  for (auto k : kinds)
    for (cudnnBatchNormMode_t mode : {CUDNN_BATCHNORM_SPATIAL, CUDNN_BATCHNORM_SPATIAL_PERSISTENT}) bnCase(k.t, k.nhwc, mode, false, 2, 8, 2);
  int sizes[][2] = {{64, 224}, {256, 56}, {512, 14}};
  for (auto& s : sizes)
    for (auto k : kinds) {
      bnCase(k.t, k.nhwc, CUDNN_BATCHNORM_SPATIAL, false, batch, s[0], s[1]);
      bnCase(k.t, k.nhwc, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, false, batch, s[0], s[1]);
      if (k.nhwc) bnCase(k.t, true, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, true, batch, s[0], s[1]);
    }
  for (auto k : kinds) {
    poolCase(k.t, k.nhwc, CUDNN_POOLING_MAX, batch, 64, 224);
    poolCase(k.t, k.nhwc, CUDNN_POOLING_MAX_DETERMINISTIC, batch, 64, 224);
    poolCase(k.t, k.nhwc, CUDNN_POOLING_MAX, batch, 512, 14);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Stages ceil and lt: matrix products through cublasLt, column-major as it counts
// ---------------------------------------------------------------------------------------------------------------------
// D (m x n) = op(A) (m x k) * op(B) (k x n)
struct Gemm { int m, n, k; bool ta, tb; Type in, out; cublasComputeType_t compute; };
__global__ void gemmSampleKernel(Gemm g, const void* a, const void* b, const void* d, const void* bias, int biasType, bool relu, const uint8_t* aux, int64_t auxLd, double* ref, double* got) {
  __shared__ double part[256];
  int i = (int) (mix(2 * blockIdx.x) % g.m), j = (int) (mix(2 * blockIdx.x + 1) % g.n);
  double sum = 0;
  for (int p = threadIdx.x; p < g.k; p += blockDim.x)
    sum += load(a, g.ta ? p + (int64_t) i * g.k : i + (int64_t) p * g.m, g.in) * load(b, g.tb ? j + (int64_t) p * g.n : p + (int64_t) j * g.k, g.in);
  part[threadIdx.x] = sum;
  __syncthreads();
  for (int half = 128; half; half /= 2) {
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    double v = part[0];
    if (bias) v += load(bias, i, biasType);
    if (relu && v < 0) v = 0;
    int64_t bit = (int64_t) j * auxLd + i;
    if (aux && !(aux[bit / 8] >> (bit % 8) & 1)) v = 0;  // one bit an element, a column's bits in a row
    ref[blockIdx.x] = v;
    got[blockIdx.x] = load(d, i + (int64_t) j * g.m, g.out);
  }
}
static cudaDataType cudaType(Type t) { return t == F32 ? CUDA_R_32F : CUDA_R_16BF; }
static const size_t LT_WORKSPACE = 32 << 20;
struct LtResult { int offered = 0; double ms = NAN, relError = NAN, vectorError = NAN; int algoRank = 0, same = -1; size_t workspace = 0; };

struct LtCall {  // descriptors of one product; kept alive for the run
  cublasLtMatmulDesc_t desc = nullptr;
  cublasLtMatrixLayout_t a = nullptr, b = nullptr, d = nullptr;
  cublasLtMatmulPreference_t pref = nullptr;
  std::vector<cublasLtMatmulHeuristicResult_t> found;
  Gemm g;
  LtCall(Gemm gemm, cublasLtEpilogue_t epilogue, void* bias, Type biasType, void* aux, int64_t auxLd) : g(gemm) {
    bl(cublasLtMatmulDescCreate(&desc, g.compute, CUDA_R_32F), "matmul descriptor");
    if (!good()) return;
    auto put = [&](cublasLtMatmulDescAttributes_t n, const void* v, size_t size) { bl(cublasLtMatmulDescSetAttribute(desc, n, v, size), "matmul attribute"); };
    cublasOperation_t ta = g.ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb = g.tb ? CUBLAS_OP_T : CUBLAS_OP_N;
    put(CUBLASLT_MATMUL_DESC_TRANSA, &ta, sizeof ta);
    put(CUBLASLT_MATMUL_DESC_TRANSB, &tb, sizeof tb);
    put(CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    if (bias) {
      int32_t bt = cudaType(biasType);
      put(CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
      put(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bt, sizeof bt);
    }
    if (aux) {
      put(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, &aux, sizeof aux);
      put(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, &auxLd, sizeof auxLd);
    }
    bl(cublasLtMatrixLayoutCreate(&a, cudaType(g.in), g.ta ? g.k : g.m, g.ta ? g.m : g.k, g.ta ? g.k : g.m), "layout");
    bl(cublasLtMatrixLayoutCreate(&b, cudaType(g.in), g.tb ? g.n : g.k, g.tb ? g.k : g.n, g.tb ? g.n : g.k), "layout");
    bl(cublasLtMatrixLayoutCreate(&d, cudaType(g.out), g.m, g.n, g.m), "layout");
    bl(cublasLtMatmulPreferenceCreate(&pref), "preference");
    if (!good()) return;
    bl(cublasLtMatmulPreferenceSetAttribute(pref, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &LT_WORKSPACE, sizeof LT_WORKSPACE), "preference");
    found.resize(16);
    int n = 0;
    cublasStatus_t s = cublasLtMatmulAlgoGetHeuristic(lt, desc, a, b, d, d, pref, 16, found.data(), &n);
    if (s != CUBLAS_STATUS_SUCCESS && s != CUBLAS_STATUS_NOT_SUPPORTED) bl(s, "heuristic");
    found.resize(s == CUBLAS_STATUS_SUCCESS ? n : 0);
  }
  bool run(int i, const void* pa, const void* pb, void* pd) {
    float one = 1, zero = 0;
    return bl(cublasLtMatmul(lt, desc, &one, pa, a, pb, b, &zero, pd, d, pd, d, &found[i].algo, workspace->p, LT_WORKSPACE, stream), "matmul");
  }
  ~LtCall() {
    if (pref) cublasLtMatmulPreferenceDestroy(pref);
    for (auto l : {a, b, d}) if (l) cublasLtMatrixLayoutDestroy(l);
    if (desc) cublasLtMatmulDescDestroy(desc);
  }
};
static const char* epilogueName(cublasLtEpilogue_t e) {
  return e == CUBLASLT_EPILOGUE_DEFAULT ? "plain" : e == CUBLASLT_EPILOGUE_BIAS ? "BIAS" : e == CUBLASLT_EPILOGUE_RELU_AUX_BIAS ? "RELU_AUX_BIAS"
       : e == CUBLASLT_EPILOGUE_RELU_BIAS ? "RELU_BIAS" : e == CUBLASLT_EPILOGUE_DRELU_BGRAD ? "DRELU_BGRAD" : e == CUBLASLT_EPILOGUE_BGRADB ? "BGRADB" : "other";
}
static std::vector<double> vectorOf(const void* p, int64_t n, Type t) {
  std::vector<uint8_t> raw(n * sizeOf(t));
  std::vector<double> r(n, NAN);
  if (cu(cudaMemcpyAsync(raw.data(), p, raw.size(), cudaMemcpyDeviceToHost, stream), "copy") && cu(cudaStreamSynchronize(stream), "synchronize"))
    for (int64_t i = 0; i < n; i++) r[i] = load(raw.data(), i, t);
  return r;
}
static std::vector<double> vectorOfDoubles(const double* p, int n) {
  std::vector<double> r(n, NAN);
  if (cu(cudaMemcpyAsync(r.data(), p, n * 8, cudaMemcpyDeviceToHost, stream), "copy")) cu(cudaStreamSynchronize(stream), "synchronize");
  return r;
}
static void ltCase(const std::string& what, const char* precision, Gemm g, cublasLtEpilogue_t epilogue, Type biasType, int tries = 4) {
  if (!nextCase(what + " " + precision + " " + epilogueName(epilogue))) return;
  {
    Buf a((int64_t) g.m * g.k * sizeOf(g.in)), b((int64_t) g.k * g.n * sizeOf(g.in)), d((int64_t) g.m * g.n * sizeOf(g.out));
    int64_t auxLd = (g.m + 127) / 128 * 128;
    int vectorLength = epilogue == CUBLASLT_EPILOGUE_BGRADB ? g.n : g.m;
    Buf bias((int64_t) vectorLength * 4), aux(auxLd / 8 * g.n);
    fill(a, (int64_t) g.m * g.k, g.in, 1); fill(b, (int64_t) g.k * g.n, g.in, 2); fill(bias, vectorLength, biasType, 3, 10);
    fill(aux, aux.bytes / 4, F32, 4, 1e9f);  // for DRELU: any bits will do
    bool hasBias = epilogue != CUBLASLT_EPILOGUE_DEFAULT, relu = epilogue == CUBLASLT_EPILOGUE_RELU_AUX_BIAS || epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    bool writesVector = epilogue == CUBLASLT_EPILOGUE_BGRADB || epilogue == CUBLASLT_EPILOGUE_DRELU_BGRAD;
    bool hasAux = epilogue == CUBLASLT_EPILOGUE_RELU_AUX_BIAS || epilogue == CUBLASLT_EPILOGUE_DRELU_BGRAD;
    LtResult r;
    Line l("lt");
    l.str("what", what).str("precision", precision).str("epilogue", epilogueName(epilogue)).num("m", g.m).num("n", g.n).num("k", g.k).str("in", nameOf(g.in)).str("out", nameOf(g.out));
    if (hasBias) l.str("vector", nameOf(biasType));
    if (good()) {
      LtCall c(g, epilogue, hasBias ? bias.p : nullptr, biasType, hasAux ? aux.p : nullptr, auxLd);
      r.offered = good() ? (int) c.found.size() : 0;
      for (int i = 0; i < std::min<int>(tries, r.offered) && good(); i++) {
        if (c.found[i].state != CUBLAS_STATUS_SUCCESS) continue;
        Timing t = timed([&] { return c.run(i, a.p, b.p, d.p); });
        std::string e = takeError();
        if (!e.empty()) { l.str("try_error", e); if (cudaStreamSynchronize(stream) != cudaSuccess) break; continue; }
        if (std::isnan(r.ms) || t.ms < r.ms) { r.ms = t.ms; r.algoRank = i + 1; r.workspace = c.found[i].workspaceSize; }
      }
      if (r.algoRank && good()) {
        auto run = [&] { return c.run(r.algoRank - 1, a.p, b.p, d.p); };
        r.same = sameBits(run, d, (int64_t) g.m * g.n * sizeOf(g.out));
        if (writesVector) { poison(bias); run(); }
        const int n = 1024;
        double *ref = (double*) scratch->p, *got = ref + n;
        bool checkAux = epilogue == CUBLASLT_EPILOGUE_DRELU_BGRAD;
        gemmSampleKernel<<<n, 256, 0, stream>>>(g, a.p, b.p, d.p, hasBias && !writesVector ? bias.p : nullptr, biasType, relu, checkAux ? (const uint8_t*) aux.p : nullptr, auxLd, ref, got);
        launched("reference");
        r.relError = relative(vectorOfDoubles(ref, n), vectorOfDoubles(got, n));
        if (writesVector && good()) {
          std::vector<double> v = vectorOf(bias.p, vectorLength, biasType), w(vectorLength, 0.0);
          if (epilogue == CUBLASLT_EPILOGUE_BGRADB) {
            std::vector<double> m = vectorOf(b.p, (int64_t) g.n * g.k, g.in);
            for (int j = 0; j < g.n; j++) for (int p = 0; p < g.k; p++) w[j] += m[g.tb ? j + (int64_t) p * g.n : p + (int64_t) j * g.k];
          } else {
            std::vector<double> m = vectorOf(d.p, (int64_t) g.m * g.n, g.out);
            for (int i = 0; i < g.m; i++) for (int j = 0; j < g.n; j++) w[i] += m[i + (int64_t) j * g.m];
          }
          r.vectorError = relative(w, v);
        }
      }
    }
    double fl = 2.0 * g.m * g.n * g.k;
    l.num("offered", r.offered).num("ms", r.ms).num("tflops", fl / r.ms / 1e9).num("rank", r.algoRank).num("workspace", (double) r.workspace).num("rel_err", r.relError).num("same_of_10", r.same);
    // the matrices read and written once: at batch 64 these products are bound by memory
    l.num("GBps", ((double) g.m * g.k * sizeOf(g.in) + (double) g.k * g.n * sizeOf(g.in) + (double) g.m * g.n * sizeOf(g.out)) / r.ms / 1e6);
    if (writesVector) l.num("vector_err", r.vectorError);
    if (!good()) l.str("error", takeError());
    l.print();
  }
  endCase();
}
static void ceilStage() {
  if (nextCase("copy")) {
    {
      int64_t n = 2LL << 30;
      Buf a(n), b(n);
      fill(a, n / 4, F32, 1);
      Timing t;
      if (good()) t = timed([&] { return cu(cudaMemcpyAsync(b.p, a.p, n, cudaMemcpyDeviceToDevice, stream), "copy"); });
      Line l("ceiling");
      l.str("what", "device copy, read + write").num("bytes", (double) n).num("ms", t.ms).num("GBps", 2.0 * n / t.ms / 1e6);
      if (!good()) l.str("error", takeError());
      l.print();
    }
    endCase();
  }
  const int n = 8192;
  ltCase("8192^3", "bf16", {n, n, n, true, false, BF16, BF16, CUBLAS_COMPUTE_32F}, CUBLASLT_EPILOGUE_DEFAULT, BF16, 3);
  ltCase("8192^3", "tf32", {n, n, n, true, false, F32, F32, CUBLAS_COMPUTE_32F_FAST_TF32}, CUBLASLT_EPILOGUE_DEFAULT, F32, 3);
  ltCase("8192^3", "strict", {n, n, n, true, false, F32, F32, CUBLAS_COMPUTE_32F}, CUBLASLT_EPILOGUE_DEFAULT, F32, 2);
}
static void ltStage() {
  // Row-major x [N,I], W [O,I], y [N,O] are the column-major matrices x (I x N), W (I x O), y (O x N).
  struct { const char* name; Type t; cublasComputeType_t c; } kinds[] = {{"bf16", BF16, CUBLAS_COMPUTE_32F}, {"tf32", F32, CUBLAS_COMPUTE_32F_FAST_TF32}, {"strict", F32, CUBLAS_COMPUTE_32F}};
  int layers[][2] = {{25088, 4096}, {4096, 4096}, {4096, 10}};
  for (auto& k : kinds)
    for (auto& l : layers) {
      int I = l[0], O = l[1], N = batch;
      std::string name = std::to_string(I) + "->" + std::to_string(O);
      Gemm y = {O, N, I, true, false, k.t, k.t, k.c}, dx = {I, N, O, false, false, k.t, k.t, k.c}, dw = {I, O, N, false, true, k.t, k.t, k.c};
      ltCase(name + " fwd", k.name, y, CUBLASLT_EPILOGUE_DEFAULT, k.t);
      ltCase(name + " fwd", k.name, y, CUBLASLT_EPILOGUE_BIAS, k.t);
      ltCase(name + " fwd", k.name, y, CUBLASLT_EPILOGUE_RELU_BIAS, k.t);
      ltCase(name + " fwd", k.name, y, CUBLASLT_EPILOGUE_RELU_AUX_BIAS, k.t);
      ltCase(name + " dgrad", k.name, dx, CUBLASLT_EPILOGUE_DEFAULT, k.t);
      ltCase(name + " dgrad", k.name, dx, CUBLASLT_EPILOGUE_DRELU_BGRAD, k.t);  // the layer before's ReLU and bias gradient
      ltCase(name + " wgrad", k.name, dw, CUBLASLT_EPILOGUE_DEFAULT, k.t);
      ltCase(name + " wgrad", k.name, dw, CUBLASLT_EPILOGUE_BGRADB, k.t);
      if (k.t == BF16) {  // gradients in fp32 for fp32 master weights; a bias kept in fp32
        Gemm dw32 = dw;
        dw32.out = F32;
        ltCase(name + " wgrad", "bf16", dw32, CUBLASLT_EPILOGUE_DEFAULT, F32);
        ltCase(name + " wgrad", "bf16", dw32, CUBLASLT_EPILOGUE_BGRADB, F32);
        ltCase(name + " fwd", "bf16", y, CUBLASLT_EPILOGUE_BIAS, F32);
      }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Stage capture: which calls can be recorded in a CUDA graph, and do ten replays give the bits of an eager run?
// ---------------------------------------------------------------------------------------------------------------------
static void captureCase(const std::string& what, const std::function<bool()>& run, const Buf& out, int64_t bytes) {
  Line l("capture");
  l.str("what", what);
  unsigned long long eager = 0;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  size_t nodes = 0;
  int same = -1;
  bool captured = false;
  poison(out);
  if (good() && run() && cu(cudaStreamSynchronize(stream), "eager run")) eager = checksum(out.p, bytes);
  if (good()) {
    if (cu(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "begin capture")) {
      run();
      cu(cudaStreamEndCapture(stream, &graph), "end capture");  // always ends it, also after a refused call
    }
    if (good() && graph) {
      cu(cudaGraphGetNodes(graph, nullptr, &nodes), "nodes");
      captured = cu(cudaGraphInstantiate(&exec, graph, 0), "instantiate");
    }
    if (captured) {
      same = 0;
      for (int i = 0; i < 10 && good(); i++) {
        poison(out);
        cu(cudaGraphLaunch(exec, stream), "launch");
        same += checksum(out.p, bytes) == eager;
      }
    }
  }
  l.yes("captured", captured).num("nodes", (double) nodes).num("same_of_10", same);
  if (!good()) l.str("error", takeError());
  l.print();
  if (exec) cudaGraphExecDestroy(exec);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
}
static void captureGraphApi(const char* name, Shape s, char op, Type data, Type dw, bool compiledToo) {
  if (!nextCase(std::string("capture graph API ") + name)) return;
  {
    ConvData d(s, op, data, dw);
    Tensor x = tensor({s.n, s.c, s.h, s.w}, d.xt, true), w = tensor({s.k, s.c, 3, 3}, d.wt, true), y = tensor({s.n, s.k, s.h, s.w}, d.yt, true);
    D o = convolution(op, x, w, y);
    Search q;
    q.want = 1;
    q.compiledLimit = compiledToo ? 2 : 0;
    Found f = plansFor({o}, q);
    if (f.plans.empty()) Line("capture").str("what", name).str("error", "no plan: " + f.why).print();
    for (auto& p : f.plans) {
      D pack = variantPack({{x, d.x.p}, {w, d.w.p}, {y, d.y.p}}, workspace->p);
      int64_t bytes = d.outElements(op) * sizeOf(d.outType(op));
      captureCase("graph API " + std::string(name) + ", engine " + std::to_string(p.engine) + (p.deterministic ? "" : " nondeterministic"), [&] { return execute(p, pack); }, d.out(op), bytes);
#if CUDNN_VERSION >= 90500
      // the other way: cuDNN writes the nodes itself; only engines with the native-graph note can
      cudaGraph_t g = nullptr;
      if (good() && cu(cudaGraphCreate(&g, 0), "create graph")) {
        cudnnStatus_t st = cudnnBackendPopulateCudaGraph(handle, p.plan, pack, g);
        Line l("populate");
        l.str("what", name).num("engine", (double) p.engine).str("behaviour", p.behaviour).num("status", st);
        if (st != CUDNN_STATUS_SUCCESS) l.str("error", dnnError(st));
        l.print();
        cudaGraphDestroy(g);
      }
      takeError();
#endif
    }
  }
  freeDescriptors();
  endCase();
}
static void captureStage() {
  Shape s = {batch, 256, 256, 56, 56};
  captureGraphApi("bf16 NHWC fwd", s, 'f', BF16, BF16, false);
  captureGraphApi("bf16 NHWC dgrad", s, 'd', BF16, BF16, false);
  captureGraphApi("bf16 NHWC wgrad", s, 'w', BF16, BF16, false);
  captureGraphApi("bf16 NHWC wgrad dw fp32", s, 'w', BF16, F32, true);
  captureGraphApi("tf32 NHWC fwd", s, 'f', F32, F32, false);
  captureGraphApi("tf32 NHWC wgrad", s, 'w', F32, F32, false);
  for (char op : {'f', 'd', 'w'}) {
    if (!nextCase(std::string("capture legacy convolution ") + opName(op))) continue;
    {
      ConvData d(s, op, F32, F32);
      LegacyConv c(s, F32, false, CUDNN_DEFAULT_MATH);
      std::vector<Algorithm> all;
      if (good()) all = algorithms(op, false, c, d, 1LL << 30);
      const Algorithm* chosen = nullptr;
      for (auto& a : all) if (!chosen && a.status == 0 && a.memory <= 1LL << 30) chosen = &a;
      std::string name = std::string("legacy convolution NCHW ") + opName(op);
      if (!chosen) Line("capture").str("what", name).str("error", good() ? "no algorithm" : takeError()).print();
      else {
        dn(cudnnSetConvolutionMathType(c.conv, (cudnnMathType_t) chosen->math), "math type");
        size_t bytes = legacyWorkspace(op, c, chosen->algo);
        captureCase(name + ", algorithm " + std::to_string(chosen->algo), [&] { return runLegacy(op, c, d, chosen->algo, bytes); }, d.out(op), d.outElements(op) * 4);
      }
    }
    endCase();
  }
  struct { Type t; bool nhwc; cudnnBatchNormMode_t mode; const char* name; } norms[] = {{F32, false, CUDNN_BATCHNORM_SPATIAL, "batch norm spatial fp32 NCHW"}, {F32, true, CUDNN_BATCHNORM_SPATIAL_PERSISTENT, "batch norm persistent fp32 NHWC"},
                                                                                     {BF16, true, CUDNN_BATCHNORM_SPATIAL, "batch norm spatial bf16 NHWC"}};
  for (auto& m : norms) {
    if (!nextCase(std::string("capture ") + m.name)) continue;
    {
      int64_t e = (int64_t) s.n * s.c * s.h * s.w;
      Buf x(e * sizeOf(m.t)), y(e * sizeOf(m.t)), dx(e * sizeOf(m.t)), small(8 * s.c * 4);
      fill(x, e, m.t, 1); fill(y, e, m.t, 2); fill(small, 8 * s.c, F32, 3, 0.5f, 1);
      float* v[8];
      for (int i = 0; i < 8; i++) v[i] = small.p ? small.f() + i * s.c : nullptr;
      LegacyTensor dt, dp;
      dt.set(m.t, m.nhwc, s.n, s.c, s.h, s.w);
      if (good()) dn(cudnnDeriveBNTensorDescriptor(dp.d, dt.d, m.mode), "derive");
      float one = 1, zero = 0;
      captureCase(std::string(m.name) + " fwd", [&] { return dn(cudnnBatchNormalizationForwardTraining(handle, m.mode, &one, &zero, dt.d, x.p, dt.d, y.p, dp.d, v[0], v[1], 1, v[2], v[3], 1e-5, v[4], v[5]), "forward"); }, y, e * sizeOf(m.t));
      fill(y, e, m.t, 2);  // y serves as dy
      captureCase(std::string(m.name) + " bwd", [&] { return dn(cudnnBatchNormalizationBackward(handle, m.mode, &one, &zero, &one, &zero, dt.d, x.p, dt.d, y.p, dt.d, dx.p, dp.d, v[0], v[6], v[7], 1e-5, v[4], v[5]), "backward"); }, dx, e * sizeOf(m.t));
    }
    endCase();
  }
  for (Type t : {BF16, F32}) {
    if (!nextCase(std::string("capture cublasLt ") + nameOf(t))) continue;
    {
      Gemm g = {4096, batch, 4096, true, false, t, t, t == F32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F};
      Buf a((int64_t) g.m * g.k * sizeOf(t)), b((int64_t) g.k * g.n * sizeOf(t)), d((int64_t) g.m * g.n * sizeOf(t));
      fill(a, (int64_t) g.m * g.k, t, 1); fill(b, (int64_t) g.k * g.n, t, 2);
      LtCall c(g, CUBLASLT_EPILOGUE_DEFAULT, nullptr, t, nullptr, 0);
      std::string name = std::string("cublasLt 4096->4096 ") + nameOf(t);
      if (good() && !c.found.empty()) captureCase(name, [&] { return c.run(0, a.p, b.p, d.p); }, d, (int64_t) g.m * g.n * sizeOf(t));
      else Line("capture").str("what", name).str("error", good() ? "no heuristic result" : takeError()).print();
    }
    endCase();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Self-test on the host: the reference against a second formulation (scatter instead of gather)
// ---------------------------------------------------------------------------------------------------------------------
static int selfTest() {
  int wrong = 0;
  for (bool nhwc : {true, false}) {
    Shape s = {2, 3, 5, 6, 7};
    std::vector<float> x(s.n * s.c * s.h * s.w), w(s.k * s.c * 9), y(s.n * s.k * s.h * s.w);
    auto random = [](std::vector<float>& v, uint64_t seed) { for (size_t i = 0; i < v.size(); i++) v[i] = (float) (mix(seed << 32 | i) >> 40) / 8388608.0f - 1; };
    random(x, 1); random(w, 2); random(y, 3);
    std::vector<double> fy(y.size(), 0.0), fx(x.size(), 0.0), fw(w.size(), 0.0);
    for (int n = 0; n < s.n; n++) for (int k = 0; k < s.k; k++) for (int c = 0; c < s.c; c++) for (int h = 0; h < s.h; h++) for (int v = 0; v < s.w; v++)
      for (int r = 0; r < 3; r++) for (int q = 0; q < 3; q++) {  // input (h, v) meets filter (r, q) at output (h - r + 1, v - q + 1)
        int oh = h - r + 1, ow = v - q + 1;
        if (oh < 0 || ow < 0 || oh >= s.h || ow >= s.w) continue;
        auto px = place(nhwc, s.c, s.h, s.w, n, c, h, v), pw = place(nhwc, s.c, 3, 3, k, c, r, q), py = place(nhwc, s.k, s.h, s.w, n, k, oh, ow);
        fy[py] += (double) x[px] * w[pw]; fx[px] += (double) y[py] * w[pw]; fw[pw] += (double) x[px] * y[py];
      }
    for (char op : {'f', 'd', 'w'}) {
      const std::vector<double>& want = op == 'f' ? fy : op == 'd' ? fx : fw;
      int d[4];
      outputDims(op, s, d);
      std::vector<int> seen(want.size(), 0);
      double worst = 0;
      for (int64_t i = 0; i < (int64_t) want.size(); i++) {
        int at[4];
        pick(op, s, i, true, at);
        double sum = 0;
        for (int64_t j = 0; j < terms(op, s); j++)
          sum += term(op, s, nhwc, op == 'd' ? y.data() : x.data(), F32, op == 'w' ? y.data() : w.data(), F32, at[0], at[1], at[2], at[3], (int) j);
        int64_t o = place(nhwc, d[1], d[2], d[3], at[0], at[1], at[2], at[3]);
        seen[o]++;
        worst = std::max(worst, std::fabs(sum - want[o]));
      }
      bool fine = worst < 1e-12 && std::count(seen.begin(), seen.end(), 1) == (int64_t) seen.size();
      for (int64_t i = 0; i < 1000; i++) {  // random places stay inside
        int at[4];
        pick(op, s, i, false, at);
        for (int a = 0; a < 4; a++) fine &= at[a] >= 0 && at[a] < d[a];
      }
      printf("%s %s: largest difference %g, %s\n", nhwc ? "NHWC" : "NCHW", opName(op), worst, fine ? "ok" : "WRONG");
      wrong += !fine;
    }
  }
  return wrong;
}

// ---------------------------------------------------------------------------------------------------------------------
static bool openDevice() {
  int driver = 0, runtime = 0, count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (!cu(cudaGetDeviceCount(&count), "device count")) return false;
  if (count < 1) { fail("no GPU"); return false; }
  cudaDeviceProp p;
  if (!cu(cudaGetDeviceProperties(&p, 0), "properties") || !cu(cudaSetDevice(0), "set device")) return false;
  gpuName = p.name;
  if (!cu(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream")) return false;
  if (!dn(cudnnCreate(&handle), "cudnnCreate") || !dn(cudnnSetStream(handle, stream), "cudnnSetStream") || !bl(cublasLtCreate(&lt), "cublasLtCreate")) return false;
  size_t freeBytes = 0, total = 0;
  cudaMemGetInfo(&freeBytes, &total);
  // cuDNN's runtime-compiled engines load NVRTC by name: without it they vanish silently
  void* nvrtc = dlopen("libnvrtc.so.13", RTLD_NOW);
  if (!nvrtc) nvrtc = dlopen("libnvrtc.so.12", RTLD_NOW);
  int major = 0, minor = 0;
  if (nvrtc) if (auto f = (int (*)(int*, int*)) dlsym(nvrtc, "nvrtcVersion")) f(&major, &minor);
  scratch = new Buf(2LL * MAX_SAMPLES * 8);
  flushBuffer = new Buf(256LL << 20);  // several times the second-level cache
  workspace = new Buf(2LL << 30);
  Line("device").num("driver", driver).num("runtime", runtime).num("cublaslt", (double) cublasLtGetVersion()).str("nvrtc", nvrtc ? std::to_string(major) + "." + std::to_string(minor) : "missing")
      .num("compiled_for_cudnn", CUDNN_VERSION).str("cc", std::to_string(p.major) + "." + std::to_string(p.minor)).num("sms", p.multiProcessorCount).num("l2", p.l2CacheSize)
      .num("memory", (double) total).num("free", (double) freeBytes).num("start_s", seconds()).print();
  // Some tenths of a second of work, so that the clocks are up when measuring begins
  double end = seconds() + 0.3;
  while (good() && seconds() < end) {
    burnKernel<<<1056, 256, 0, stream>>>((float*) scratch->p, 100000);
    launched("warm-up");
    cu(cudaStreamSynchronize(stream), "warm-up");
  }
  return good();
}
static bool describeDevice() {
#if CUDNN_VERSION >= 90800
  std::ifstream f(deviceFile);
  std::stringstream text;
  text << f.rdbuf();
  std::string json = text.str();
  if (!dn(cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &deviceProperties), "create")) return false;
  set(deviceProperties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, (int64_t) json.size(), json.data());
  finish(deviceProperties, "device");
  gpuName = "described";
#else
  fail("this cuDNN cannot describe a device");
#endif
  return good();
}

int main(int argc, char** argv) {
  if (argc < 2) { fprintf(stderr, "usage: graph_probe STAGE [--budget S] [--after CASE] [--progress FILE] [--batch N] [--device JSON]\n"); return 2; }
  stage = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    std::string a = argv[i];
    if (a == "--budget") budget = atof(argv[i + 1]);
    else if (a == "--after") skipCases = atoi(argv[i + 1]);
    else if (a == "--progress") progressFile = argv[i + 1];
    else if (a == "--batch") batch = atoi(argv[i + 1]);
    else if (a == "--device") deviceFile = argv[i + 1];
    else { fprintf(stderr, "unknown option %s\n", argv[i]); return 2; }
  }
  if (stage == "selftest") return selfTest();
  // A call that never comes back must not eat the device's time: the process ends itself.
  std::thread([] {
    while (seconds() < budget + 5) std::this_thread::sleep_for(std::chrono::milliseconds(200));
    std::string s = "{\"kind\":\"watchdog\",\"stage\":" + quoted(stage) + ",\"case\":" + std::to_string(caseNumber) + "}\n";
    if (write(1, s.data(), s.size()) < 0) {}
    _exit(4);
  }).detach();
  if (planOnly() ? !describeDevice() : !openDevice()) { Line("fatal").str("error", takeError()).print(); return 1; }

  const ConvKind bf16 = {"bf16", BF16, BF16, true, false}, bf16Dw32 = {"bf16", BF16, F32, true, false}, tf32 = {"tf32", F32, F32, true, false}, strictLast = {"strict", F32, F32, true, true},
                 strictFirst = {"strict", F32, F32, false, true};
  Search few, strict;
  few.compiledLimit = 1;
  strict.attempts = 12; strict.want = 3; strict.compiledLimit = 1;
  if (stage == "ceil") ceilStage();
  else if (stage == "conv-bf16") convStage({bf16, bf16Dw32}, few);
  else if (stage == "conv-tf32") convStage({tf32}, few);
  else if (stage == "conv-strict") convStage({strictFirst, strictLast}, strict);
  else if (stage == "error") errorStage();
  else if (stage == "fusion") fusionStage();
  else if (planOnly()) fprintf(stderr, "stage %s needs a GPU\n", stage.c_str());
  else if (stage == "legacy") legacyStage();
  else if (stage == "norm") normStage();
  else if (stage == "capture") captureStage();
  else if (stage == "lt") ltStage();
  else { fprintf(stderr, "unknown stage %s\n", stage.c_str()); return 2; }
  Line("end").num("cases", caseNumber).num("seconds", seconds()).print();
  fflush(stdout);
  _exit(0);  // without the libraries' exit handlers, which have been known to hang or crash
}
