// cuBLAS's versions and the names of its statuses; the products are cublasLt's.
#include "cublaslt.h"

using namespace standin;

STANDIN_API int cublasGetProperty(int type, int* value) {
  Call call(Library::CUBLAS, "cublasGetProperty");
  if (call.status()) return call.status();
  if (type < 0 || type > 2 || !value) return BLAS_INVALID_VALUE;
  *value = type == 0 ? 13 : 0;  // major, minor, patch
  return BLAS_OK;
}

STANDIN_API size_t cublasLtGetVersion() { return 130000; }

STANDIN_API const char* cublasLtGetStatusName(int status) {
  switch (status) {
    case BLAS_OK: return "CUBLAS_STATUS_SUCCESS";
    case BLAS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case BLAS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case BLAS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 14: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case BLAS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unknown error";
  }
}
