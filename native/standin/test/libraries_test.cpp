// cuBLAS's and NVRTC's operations against plain loops in double.
#include "check.h"

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*,
                   int, const float*, float*, int);
int nvrtcCreateProgram(void**, const char*, const char*, int, void*, void*);
int nvrtcCompileProgram(void*, int, const char**);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcDestroyProgram(void**);
}

namespace {

const float ONE = 1, HALF = 0.5f;

void products() {
  void* blas;
  check(!cublasCreate_v2(&blas), "create cuBLAS");
  for (int trans = 0; trans < 4; trans++) {
    const int m = 5, n = 7, k = 70, ta = trans & 1, tb = trans / 2;
    const int lda = (ta ? k : m) + 2, ldb = (tb ? n : k) + 1, ldc = m + 3;
    const auto a = values(lda * (ta ? m : k), 1), b = values(ldb * (tb ? k : n), 2), c = values(ldc * n, 3);
    Array<float> pa(a), pb(b), pc(c);
    check(!cublasSgemm_v2(blas, ta, tb, m, n, k, &ONE, pa.p, lda, pb.p, ldb, &HALF, pc.p, ldc), "gemm");
    const auto r = pc.get();
    for (int i = 0; i < m; i++) for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        sum += (double) a[ta ? p + i * lda : i + p * lda] * b[tb ? j + p * ldb : p + j * ldb];
      }
      near(r[i + j * ldc], sum + 0.5 * c[i + j * ldc], 1e-5, "gemm");
    }
    check(r[m] == c[m], "gemm leaves the gap between columns");
  }
  check(!cublasDestroy_v2(blas), "destroy cuBLAS");
}

void compiler() {
  void *program, *library, *kernel;
  check(!nvrtcCreateProgram(&program, "extern \"C\" __global__ void vgg4j_fill() {}", "k.cu", 0, 0, 0),
        "create program");
  const char* option = "--gpu-architecture=sm_90";
  check(!nvrtcCompileProgram(program, 1, &option), "compile");
  size_t bytes;
  nvrtcGetCUBINSize(program, &bytes);
  std::vector<char> cubin(bytes);
  nvrtcGetCUBIN(program, cubin.data());
  check(!nvrtcDestroyProgram(&program), "destroy program");
  check(!cudaLibraryLoadData(&library, cubin.data(), 0, 0, 0, 0, 0, 0), "load the cubin");
  check(!cudaLibraryGetKernel(&kernel, library, "vgg4j_fill"), "a kernel of the cubin");
  check(cudaLibraryGetKernel(&kernel, library, "vgg4j_adam") == 500, "a kernel of another source");
  check(!cudaLibraryUnload(library), "unload");
  reset();
}

}  // namespace

void testLibraries() {
  products();
  compiler();
  reset();
}
