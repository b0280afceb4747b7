// cuBLAS: handles and single-precision matrix products, column-major, as in the real library.
#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "arithmetic.h"
#include "memory.h"
#include "state.h"
#include "streams.h"

using namespace standin;

namespace {

enum Status { OK = 0, NOT_INITIALIZED = 1, BAD_VALUE = 7, BAD_TYPE = 15 };
enum Math { DEFAULT_MATH = 0, PEDANTIC_MATH = 2, TF32_MATH = 3 };
enum Compute { COMPUTE_32F = 68, COMPUTE_32F_PEDANTIC = 69, COMPUTE_32F_FAST_TF32 = 77 };
enum { CUDA_R_32F = 0 };

struct Handle {
  void* stream;
  int math;
  void* workspace;
  size_t workspaceBytes;
};

// How much of the workspace a product overwrites with garbage.
const size_t USED_WORKSPACE = 64 * 1024;

std::set<Handle*> handles;

Handle* find(const Call& call, void* handle) {
  auto found = handles.find((Handle*) handle);
  if (found != handles.end()) return *found;
  complain("%s got a handle that is not alive", call.function());
  return nullptr;
}

struct Matrix {
  const float* values;
  int rows, columns, leading;  // as stored, before any transposition
  size_t bytes() const { return ((size_t) leading * (columns - 1) + rows) * sizeof(float); }
};

// To row-major (rows, columns) of op(matrix).
std::vector<float> unpack(const Matrix& matrix, bool transposed, bool tf32) {
  std::vector<float> values((size_t) matrix.rows * matrix.columns);
  for (int column = 0; column < matrix.columns; column++) {
    for (int row = 0; row < matrix.rows; row++) {
      const float value = matrix.values[(size_t) column * matrix.leading + row];
      values[transposed ? (size_t) column * matrix.rows + row
                        : (size_t) row * matrix.columns + column] = tf32 ? toTf32(value) : value;
    }
  }
  return values;
}

int multiplyMatrices(
    const Call& call, void* handle, int transA, int transB, int m, int n, int k, const float* alpha,
    const float* a, int lda, const float* b, int ldb, const float* beta, float* c, int ldc,
    bool tf32Compute) {
  Handle* h = find(call, handle);
  if (!h) return NOT_INITIALIZED;
  const char* function = call.function();
  const Matrix first = {a, transA ? k : m, transA ? m : k, lda};
  const Matrix second = {b, transB ? n : k, transB ? k : n, ldb};
  const Matrix result = {c, m, n, ldc};
  if (m <= 0 || n <= 0 || k <= 0 || (transA | transB) & ~1) {
    complain("%s: operations %d, %d and sizes m %d, n %d, k %d", function, transA, transB, m, n, k);
    return BAD_VALUE;
  }
  if (lda < first.rows || ldb < second.rows || ldc < m) {
    complain("%s: leading dimensions %d, %d, %d are less than the rows %d, %d, %d", function, lda,
             ldb, ldc, first.rows, second.rows, m);
    return BAD_VALUE;
  }
  if (!alpha || !beta || isDevice(alpha) || isDevice(beta)) {
    complain("%s: alpha and beta must lie on the host", function);
    return BAD_VALUE;
  }
  if (!isOperand(function, "A", a, first.bytes()) || !isOperand(function, "B", b, second.bytes())
      || !isOperand(function, "C", c, result.bytes())) {
    state().stickyError = ILLEGAL_ADDRESS;  // a GPU would only notice when it runs
    return 13;
  }
  const float scale = *alpha, keep = *beta;
  const bool tf32 = tf32Compute || h->math == TF32_MATH;
  void* const workspace = h->workspace;
  const size_t used = std::min(h->workspaceBytes, USED_WORKSPACE);
  enqueue(h->stream, [=] {
    if (!isLive(workspace, used) && used) {
      return raise(ILLEGAL_ADDRESS, "cuBLAS's workspace was freed");
    }
    if (used) memset(workspace, 0xff, used);
    if (!isLive(a, first.bytes()) || !isLive(b, second.bytes()) || !isLive(c, result.bytes())) {
      return raise(ILLEGAL_ADDRESS, "a matrix product of memory that was freed");
    }
    const std::vector<float> left = unpack(first, transA, tf32);
    const std::vector<float> right = unpack(second, transB, tf32);
    std::vector<double> product((size_t) m * n);
    multiply(m, n, k, left.data(), right.data(), product.data());
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        blend(c + (size_t) j * ldc + i, product[(size_t) i * n + j], scale, keep);
      }
    }
    return 0;
  });
  return OK;
}

}  // namespace

STANDIN_API int cublasCreate_v2(void** handle) {
  Call call(Library::CUBLAS, "cublasCreate_v2");
  if (call.status()) return call.status();
  auto* created = new Handle{nullptr, DEFAULT_MATH, nullptr, 0};
  handles.insert(created);
  state().live[CUBLAS_HANDLE]++;
  *handle = created;
  return OK;
}

STANDIN_API int cublasDestroy_v2(void* handle) {
  Call call(Library::CUBLAS, "cublasDestroy_v2");
  Handle* h = find(call, handle);
  if (!h) return NOT_INITIALIZED;
  runAll();
  handles.erase(h);
  delete h;
  state().live[CUBLAS_HANDLE]--;
  return call.status();
}

STANDIN_API int cublasSetStream_v2(void* handle, void* stream) {
  Call call(Library::CUBLAS, "cublasSetStream_v2");
  if (call.status()) return call.status();
  Handle* h = find(call, handle);
  if (!h) return NOT_INITIALIZED;
  if (!isStream(stream)) {
    complain("cublasSetStream_v2: no such stream");
    return BAD_VALUE;
  }
  h->stream = stream;
  h->workspace = nullptr;  // as in real cuBLAS: back to its own workspace
  h->workspaceBytes = 0;
  return OK;
}

STANDIN_API int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes) {
  Call call(Library::CUBLAS, "cublasSetWorkspace_v2");
  if (call.status()) return call.status();
  Handle* h = find(call, handle);
  if (!h) return NOT_INITIALIZED;
  if (bytes && !isOperand("cublasSetWorkspace_v2", "the workspace", workspace, bytes)) {
    return BAD_VALUE;
  }
  h->workspace = workspace;
  h->workspaceBytes = bytes;
  return OK;
}

STANDIN_API int cublasSetMathMode(void* handle, int mode) {
  Call call(Library::CUBLAS, "cublasSetMathMode");
  if (call.status()) return call.status();
  Handle* h = find(call, handle);
  if (!h) return NOT_INITIALIZED;
  if (mode != DEFAULT_MATH && mode != PEDANTIC_MATH && mode != TF32_MATH) {
    complain("cublasSetMathMode: mode %d is not in the stand-in", mode);
    return BAD_VALUE;
  }
  h->math = mode;
  return OK;
}

STANDIN_API int cublasGetProperty(int type, int* value) {
  Call call(Library::CUBLAS, "cublasGetProperty");
  if (call.status()) return call.status();
  if (type < 0 || type > 2 || !value) return INVALID_VALUE;
  *value = type == 0 ? 13 : 0;  // major, minor, patch
  return OK;
}

STANDIN_API size_t cublasLtGetVersion() { return 130000; }

STANDIN_API const char* cublasGetStatusName(int status) {
  switch (status) {
    case OK: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case BAD_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case BAD_TYPE: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unknown error";
  }
}

STANDIN_API const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

STANDIN_API int cublasSgemm_v2(
    void* handle, int transA, int transB, int m, int n, int k, const float* alpha, const float* a,
    int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
  Call call(Library::CUBLAS, "cublasSgemm_v2");
  if (call.status()) return call.status();
  return multiplyMatrices(call, handle, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c,
                          ldc, false);
}

STANDIN_API int cublasGemmEx(
    void* handle, int transA, int transB, int m, int n, int k, const void* alpha, const void* a,
    int typeA, int lda, const void* b, int typeB, int ldb, const void* beta, void* c, int typeC,
    int ldc, int compute, int) {
  Call call(Library::CUBLAS, "cublasGemmEx");
  if (call.status()) return call.status();
  const bool known = compute == COMPUTE_32F || compute == COMPUTE_32F_PEDANTIC
      || compute == COMPUTE_32F_FAST_TF32;
  if (!known || typeA != CUDA_R_32F || typeB != CUDA_R_32F || typeC != CUDA_R_32F) {
    complain("cublasGemmEx: types %d, %d, %d with compute type %d are not in the stand-in", typeA,
             typeB, typeC, compute);
    return BAD_TYPE;
  }
  return multiplyMatrices(call, handle, transA, transB, m, n, k, (const float*) alpha,
                          (const float*) a, lda, (const float*) b, ldb, (const float*) beta,
                          (float*) c, ldc, compute == COMPUTE_32F_FAST_TF32);
}
