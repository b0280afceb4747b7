// A device for the self-test: memory, a library of kernels, and launches, with every status checked.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

struct Grid {
  unsigned x, y, z;
};

extern "C" {
int cudaDeviceSetLimit(int, size_t);
int cudaDeviceGetLimit(size_t*, int);
int cudaMalloc(void**, size_t);
int cudaFree(void*);
int cudaMallocHost(void**, size_t);
int cudaFreeHost(void*);
int cudaPointerGetAttributes(void*, const void*);
int cudaMemcpy(void*, const void*, size_t, int);
int cudaMemcpyAsync(void*, const void*, size_t, int, void*);
int cudaMemset(void*, int, size_t);
int cudaDeviceSynchronize();
int cudaStreamCreateWithFlags(void**, unsigned);
int cudaStreamSynchronize(void*);
int cudaStreamWaitEvent(void*, void*, unsigned);
int cudaStreamDestroy(void*);
int cudaEventCreateWithFlags(void**, unsigned);
int cudaEventRecord(void*, void*);
int cudaEventQuery(void*);
int cudaEventSynchronize(void*);
int cudaEventDestroy(void*);
int cudaLibraryLoadData(void**, const void*, void*, void*, unsigned, void*, void*, unsigned);
int cudaLibraryGetKernel(void**, void*, const char*);
int cudaLibraryUnload(void*);
int cudaLaunchKernel(const void*, Grid, Grid, void**, size_t, void*);
int cudaGetLastError();
}

const int CONTROL = 0x51A40000;

inline size_t read(int what) {
  size_t value = 0;
  if (cudaDeviceGetLimit(&value, CONTROL + what)) abort();
  return value;
}

inline void set(int what, size_t value) {
  if (cudaDeviceSetLimit(CONTROL + what, value)) abort();
}

inline void faults(const char* spec) { set(0, (size_t) spec); }
inline void reset() { set(2, 0); }

extern int failures, checks;

inline void check(bool right, const char* what) {
  checks++;
  if (right) return;
  failures++;
  printf("FAILED %s\n", what);
}

inline void near(double value, double expected, double tolerance, const char* what) {
  checks++;
  // The opposite comparison would let NaN pass.
  if (std::fabs(value - expected) <= tolerance) return;
  if (failures++ < 20) printf("FAILED %s: %.9g is not %.9g\n", what, value, expected);
}

// An array on the device, initially NaN.
template <class T>
struct Array {
  T* p = nullptr;
  size_t count;

  explicit Array(size_t n) : count(n) {
    if (cudaMalloc((void**) &p, n * sizeof(T))) abort();
  }
  explicit Array(const std::vector<T>& values) : Array(values.size()) {
    if (cudaMemcpy(p, values.data(), count * sizeof(T), 1)) abort();
  }
  Array(const Array&) = delete;
  ~Array() { cudaFree(p); }

  void set(const std::vector<T>& values) {
    if (cudaMemcpy(p, values.data(), count * sizeof(T), 1)) abort();
  }

  std::vector<T> get() const {
    std::vector<T> values(count);
    if (cudaMemcpy(values.data(), p, count * sizeof(T), 2)) abort();
    return values;
  }
};

// Launches a kernel on the null stream with any arguments.
template <class... A>
int launch(const char* name, unsigned grid, unsigned block, A... arguments) {
  static void* library;
  if (!library) {
    // PTX text with all the names is enough for the stand-in.
    std::string image = ".version 9.0";
    for (const char* n : {"rows_to_channels", "channels_to_rows", "round_bf16", "widen_bf16", "sum_parts",
                          "norm_frozen", "norm_backward_finish", "norm_backward_totals", "loss_totals", "accumulate",
                          "norm_ranks_finish", "norm_ranks_gradients", "norm_ranks_means",
                          "adam_prepare", "sgd_momentum", "clip_squares", "clip_factor", "average", "exchange"}) {
      image += std::string(" vgg4j_") + n;
    }
    for (const char* n : {"images", "relu", "relu_backward", "dropout", "bias", "norm_statistics",
                          "norm_finish", "norm_apply", "norm_apply_pool", "unpool", "bias_backward",
                          "bias_backward_pool", "norm_backward_sums", "norm_apply_sums",
                          "norm_backward_pool_sums", "norm_backward", "norm_backward_pool", "max_pool", "max_pool_backward",
                          "adaptive_avg_pool", "adaptive_avg_pool_backward", "lrn", "lrn_backward",
                          "cross_entropy", "non_finite", "norm_ranks_moments"}) {
      for (const char* type : {"_f32", "_bf16"}) image += std::string(" vgg4j_") + n + type;
    }
    if (cudaLibraryLoadData(&library, image.c_str(), 0, 0, 0, 0, 0, 0)) abort();
  }
  void* kernel;
  if (int status = cudaLibraryGetKernel(&kernel, library, name)) return status;
  void* pointers[] = {&arguments...};
  return cudaLaunchKernel(kernel, {grid, 1, 1}, {block, 1, 1}, pointers, 0, nullptr);
}

// Repeatable values in [-1, 1).
inline std::vector<float> values(size_t n, unsigned seed) {
  std::vector<float> v(n);
  for (float& x : v) {
    seed = seed * 1664525u + 1013904223u;
    x = (float) (seed >> 8) / (1 << 23) - 1;
  }
  return v;
}
