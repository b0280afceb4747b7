// What the files of the stand-in's cublasLt share: its objects, and the products that they describe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>

#include "state.h"

namespace standin {

enum BlasStatus {
  BLAS_OK = 0,
  BLAS_NOT_INITIALIZED = 1,
  BLAS_INVALID_VALUE = 7,
  BLAS_EXECUTION_FAILED = 13,
  BLAS_NOT_SUPPORTED = 15
};

enum DataType { DATA_NONE = -1, DATA_F32 = 0, DATA_BF16 = 14 };
enum ComputeType { COMPUTE_F32 = 68, COMPUTE_F32_PEDANTIC = 69, COMPUTE_TF32 = 77 };

// The parts of an epilogue's number; 1 alone is none.
enum Epilogue : uint32_t {
  EPILOGUE_NONE = 1,
  EPILOGUE_RELU = 2,
  EPILOGUE_BIAS = 4,
  EPILOGUE_DRELU = 8,
  EPILOGUE_BGRAD = 16,
  EPILOGUE_AUX = 128,
  EPILOGUE_BGRADA = 256,
  EPILOGUE_BGRADB = 512
};

enum Reduction : uint32_t { SPLIT_NONE = 0, SPLIT_INPLACE = 1, SPLIT_COMPUTE = 2, SPLIT_OUTPUT = 4 };

struct LtHandle {};

struct LtOperation {
  int compute, scale;
  int transA, transB;
  uint32_t epilogue;
  void* vector;  // the bias or its gradient
  int vectorType;
  void* aux;  // ReLU's bits
  int64_t auxLeading;
};

struct LtLayout {
  int type;
  uint64_t rows, columns;
  int64_t leading;
  size_t elementBytes() const { return type == DATA_F32 ? 4 : 2; }
  size_t bytes() const { return ((size_t) leading * (columns - 1) + rows) * elementBytes(); }
};

struct LtPreference {
  uint64_t workspace;
  uint32_t reductions;
  uint32_t alignments[4];  // of A, B, C, D
};

// The live objects of one type.
template <class T>
class LtObjects {
 public:
  explicit LtObjects(const char* name) : name_(name) {}

  void add(void** p, const T& object) {
    *p = new T(object);
    live_.insert((T*) *p);
    state().live[CUBLASLT_OBJECT]++;
  }

  T* find(const Call& call, const void* p) {
    if (live_.count((T*) p)) return (T*) p;
    complain("%s got %s that is not alive", call.function(), name_);
    return nullptr;
  }

  int remove(const Call& call, void* p) {
    T* object = find(call, p);
    if (!object) return BLAS_INVALID_VALUE;
    live_.erase(object);
    delete object;
    state().live[CUBLASLT_OBJECT]--;
    return call.status();
  }

 private:
  const char* name_;
  std::set<T*> live_;
};

LtObjects<LtHandle>& ltHandles();
LtObjects<LtOperation>& ltOperations();
LtObjects<LtLayout>& ltLayouts();
LtObjects<LtPreference>& ltPreferences();

}  // namespace standin
