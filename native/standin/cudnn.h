// What cuDNN's functions share: its handle, its statuses, and the checks of operands.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "memory.h"
#include "state.h"
#include "streams.h"

namespace standin {

enum CudnnStatus {
  DNN_OK = 0,
  DNN_NOT_INITIALIZED = 1001,
  DNN_BAD_PARAM = 2000,
  DNN_NULL_POINTER = 2002,
  DNN_MISALIGNED_POINTER = 2003,
  DNN_NOT_FINALIZED = 2004,
  DNN_SHAPE_MISMATCH = 2008,
  DNN_ATTRIBUTE_TYPE = 2010,
  DNN_NOT_SUPPORTED = 3000,
  DNN_EXECUTION_FAILED = 5000
};

struct DnnHandle {
  void* stream;
};

// The handle, or null and a complaint if it is not alive.
DnnHandle* findHandle(const char* function, void* handle);

// Complains and returns the status; cudnnGetLastErrorString has the text.
int reject(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));

// The same without a complaint: an answer that a correct caller has to expect.
int refuse(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));

struct Operand {
  std::string name;
  const void* p;
  size_t bytes;
  size_t alignment;
  bool isWritten;
};

// Checks that operands are device memory and that outputs overlap nothing else. Memory that is too short
// or freed kills the context, as on a GPU.
int checkOperands(const char* function, const std::vector<Operand>& operands);

// Puts the operation on the handle's stream; it runs if its operands are still alive then. Returns a status.
int enqueueOn(
    DnnHandle* handle, const char* function, const std::vector<Operand>& operands,
    std::function<void()> operation);

}  // namespace standin
