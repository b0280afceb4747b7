// cublasLt's handles and descriptors. The real library checks little here; what a descriptor says is checked
// here at once, so that the message names the call.
#include "cublaslt.h"

#include <cstring>

#include "streams.h"

using namespace standin;

namespace standin {

LtObjects<LtHandle>& ltHandles() {
  static LtObjects<LtHandle> objects("a handle");
  return objects;
}

LtObjects<LtOperation>& ltOperations() {
  static LtObjects<LtOperation> objects("an operation descriptor");
  return objects;
}

LtObjects<LtLayout>& ltLayouts() {
  static LtObjects<LtLayout> objects("a matrix layout");
  return objects;
}

LtObjects<LtPreference>& ltPreferences() {
  static LtObjects<LtPreference> objects("a preference");
  return objects;
}

}  // namespace standin

namespace {

int refuse(const Call& call, const char* what, long long value) {
  complain("%s: %s %lld", call.function(), what, value);
  return BLAS_INVALID_VALUE;
}

// Reads an attribute's value, of exactly the type's size.
template <class T>
bool take(const Call& call, int attribute, const void* buffer, size_t bytes, T* value) {
  if (!buffer || bytes != sizeof(T)) {
    complain("%s: attribute %d takes %zu bytes and got %zu", call.function(), attribute, sizeof(T), bytes);
    return false;
  }
  memcpy(value, buffer, bytes);
  return true;
}

// As take(), of one of the values listed.
template <class T>
int takeOneOf(
    const Call& call, int attribute, const void* buffer, size_t bytes, std::initializer_list<T> values,
    T* target) {
  T value;
  if (!take(call, attribute, buffer, bytes, &value)) return BLAS_INVALID_VALUE;
  for (T allowed : values) {
    if (value != allowed) continue;
    *target = value;
    return BLAS_OK;
  }
  complain("%s: attribute %d is %lld, which is not in the stand-in", call.function(), attribute,
           (long long) value);
  return BLAS_INVALID_VALUE;
}

template <class T>
int takeAny(const Call& call, int attribute, const void* buffer, size_t bytes, T* target) {
  return take(call, attribute, buffer, bytes, target) ? BLAS_OK : BLAS_INVALID_VALUE;
}

bool isType(int type) { return type == DATA_F32 || type == DATA_BF16; }

}  // namespace

STANDIN_API int cublasLtCreate(void** handle) {
  Call call(Library::CUBLAS, "cublasLtCreate");
  if (call.status()) return call.status();
  ltHandles().add(handle, {});
  return BLAS_OK;
}

STANDIN_API int cublasLtDestroy(void* handle) {
  Call call(Library::CUBLAS, "cublasLtDestroy");
  runAll();
  return ltHandles().remove(call, handle);
}

STANDIN_API int cublasLtMatmulDescCreate(void** operation, int compute, int scale) {
  Call call(Library::CUBLAS, "cublasLtMatmulDescCreate");
  if (call.status()) return call.status();
  if (compute != COMPUTE_F32 && compute != COMPUTE_F32_PEDANTIC && compute != COMPUTE_TF32) {
    return refuse(call, "no such compute type in the stand-in:", compute);
  }
  if (scale != DATA_F32) return refuse(call, "no such scale type in the stand-in:", scale);
  ltOperations().add(
      operation, {compute, scale, 0, 0, EPILOGUE_NONE, nullptr, DATA_NONE, nullptr, 0});
  return BLAS_OK;
}

STANDIN_API int cublasLtMatmulDescSetAttribute(
    void* operation, int attribute, const void* buffer, size_t bytes) {
  Call call(Library::CUBLAS, "cublasLtMatmulDescSetAttribute");
  if (call.status()) return call.status();
  LtOperation* o = ltOperations().find(call, operation);
  if (!o) return BLAS_INVALID_VALUE;
  switch (attribute) {
    case 3: return takeOneOf(call, attribute, buffer, bytes, {0, 1}, &o->transA);
    case 4: return takeOneOf(call, attribute, buffer, bytes, {0, 1}, &o->transB);
    case 7:
      return takeOneOf<uint32_t>(
          call, attribute, buffer, bytes,
          {EPILOGUE_NONE, EPILOGUE_RELU, EPILOGUE_BIAS, EPILOGUE_RELU | EPILOGUE_BIAS,
           EPILOGUE_RELU | EPILOGUE_AUX, EPILOGUE_RELU | EPILOGUE_AUX | EPILOGUE_BIAS,
           EPILOGUE_DRELU | EPILOGUE_AUX, EPILOGUE_DRELU | EPILOGUE_AUX | EPILOGUE_BGRAD,
           EPILOGUE_BGRADA, EPILOGUE_BGRADB},
          &o->epilogue);
    case 8: return takeAny(call, attribute, buffer, bytes, &o->vector);
    case 11: return takeAny(call, attribute, buffer, bytes, &o->aux);
    case 12: return takeAny(call, attribute, buffer, bytes, &o->auxLeading);
    case 26:
      return takeOneOf<int>(call, attribute, buffer, bytes, {DATA_NONE, DATA_F32, DATA_BF16},
                            &o->vectorType);
    default: return refuse(call, "no such attribute in the stand-in:", attribute);
  }
}

STANDIN_API int cublasLtMatmulDescDestroy(void* operation) {
  Call call(Library::CUBLAS, "cublasLtMatmulDescDestroy");
  return ltOperations().remove(call, operation);
}

STANDIN_API int cublasLtMatrixLayoutCreate(
    void** layout, int type, uint64_t rows, uint64_t columns, int64_t leading) {
  Call call(Library::CUBLAS, "cublasLtMatrixLayoutCreate");
  if (call.status()) return call.status();
  if (!isType(type)) return refuse(call, "no such type in the stand-in:", type);
  if (!rows || !columns || leading < (int64_t) rows) {
    complain("%s: %llu rows and %llu columns, a column every %lld", call.function(),
             (unsigned long long) rows, (unsigned long long) columns, (long long) leading);
    return BLAS_INVALID_VALUE;
  }
  ltLayouts().add(layout, {type, rows, columns, leading});
  return BLAS_OK;
}

STANDIN_API int cublasLtMatrixLayoutSetAttribute(
    void* layout, int attribute, const void* buffer, size_t bytes) {
  Call call(Library::CUBLAS, "cublasLtMatrixLayoutSetAttribute");
  if (call.status()) return call.status();
  LtLayout* l = ltLayouts().find(call, layout);
  if (!l) return BLAS_INVALID_VALUE;
  int order, batch;
  switch (attribute) {
    case 1: return takeOneOf(call, attribute, buffer, bytes, {0}, &order);  // columns
    case 4: {
      int64_t leading;
      if (!take(call, attribute, buffer, bytes, &leading)) return BLAS_INVALID_VALUE;
      if (leading < (int64_t) l->rows) return refuse(call, "columns that overlap, one every", leading);
      l->leading = leading;
      return BLAS_OK;
    }
    case 5: return takeOneOf(call, attribute, buffer, bytes, {1}, &batch);
    default: return refuse(call, "no such attribute in the stand-in:", attribute);
  }
}

STANDIN_API int cublasLtMatrixLayoutDestroy(void* layout) {
  Call call(Library::CUBLAS, "cublasLtMatrixLayoutDestroy");
  return ltLayouts().remove(call, layout);
}

STANDIN_API int cublasLtMatmulPreferenceCreate(void** preference) {
  Call call(Library::CUBLAS, "cublasLtMatmulPreferenceCreate");
  if (call.status()) return call.status();
  ltPreferences().add(
      preference, {0, SPLIT_INPLACE | SPLIT_COMPUTE | SPLIT_OUTPUT, {256, 256, 256, 256}});
  return BLAS_OK;
}

STANDIN_API int cublasLtMatmulPreferenceSetAttribute(
    void* preference, int attribute, const void* buffer, size_t bytes) {
  Call call(Library::CUBLAS, "cublasLtMatmulPreferenceSetAttribute");
  if (call.status()) return call.status();
  LtPreference* p = ltPreferences().find(call, preference);
  if (!p) return BLAS_INVALID_VALUE;
  switch (attribute) {
    case 1: return takeAny(call, attribute, buffer, bytes, &p->workspace);
    case 3:
      return takeOneOf<uint32_t>(call, attribute, buffer, bytes, {0, 1, 2, 3, 4, 5, 6, 7},
                                 &p->reductions);
    case 5:
    case 6:
    case 7:
    case 8:
      return takeOneOf<uint32_t>(call, attribute, buffer, bytes, {2, 4, 8, 16, 32, 64, 128, 256},
                                 &p->alignments[attribute - 5]);
    default: return refuse(call, "no such attribute in the stand-in:", attribute);
  }
}

STANDIN_API int cublasLtMatmulPreferenceDestroy(void* preference) {
  Call call(Library::CUBLAS, "cublasLtMatmulPreferenceDestroy");
  return ltPreferences().remove(call, preference);
}
