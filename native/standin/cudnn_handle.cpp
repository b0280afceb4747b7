// cuDNN's handle, versions and error texts.
#include "cudnn.h"

#include <cstdarg>
#include <cstdio>
#include <set>

namespace standin {

namespace {

std::set<DnnHandle*> handles;
std::string lastError;

bool overlap(const Operand& a, const Operand& b) {
  const char *pa = (const char*) a.p, *pb = (const char*) b.p;
  return pa < pb + b.bytes && pb < pa + a.bytes;
}

}  // namespace

DnnHandle* findHandle(const char* function, void* handle) {
  auto found = handles.find((DnnHandle*) handle);
  if (found != handles.end()) return *found;
  reject(DNN_BAD_PARAM, "%s: a handle that is not alive", function);
  return nullptr;
}

int reject(int status, const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  lastError = message;
  complain("%s", message);
  return status;
}

int refuse(int status, const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  lastError = message;
  return status;
}

int checkOperands(const char* function, const std::vector<Operand>& operands) {
  for (const Operand& operand : operands) {
    const char* name = operand.name.c_str();
    if (!isDevice(operand.p)) {
      return reject(DNN_BAD_PARAM, "%s: %s is %p, not a device pointer", function, name, operand.p);
    }
    if ((uintptr_t) operand.p % operand.alignment) {
      return reject(DNN_MISALIGNED_POINTER, "%s: %s at %p is not aligned to %zu bytes", function, name,
                    operand.p, operand.alignment);
    }
    if (!isLive(operand.p, operand.bytes)) {
      state().stickyError = ILLEGAL_ADDRESS;  // a GPU would only notice when it runs
      return reject(DNN_EXECUTION_FAILED, "%s: %s needs %zu bytes at %p, which exceed its allocation",
                    function, name, operand.bytes, operand.p);
    }
  }
  for (const Operand& written : operands) {
    for (const Operand& other : operands) {
      if (&written != &other && written.isWritten && overlap(written, other)) {
        return reject(DNN_BAD_PARAM, "%s: %s is written and overlaps %s", function,
                      written.name.c_str(), other.name.c_str());
      }
    }
  }
  return DNN_OK;
}

int enqueueOn(
    DnnHandle* handle, const char* function, const std::vector<Operand>& operands,
    std::function<void()> operation) {
  std::vector<Place> written;
  for (const Operand& operand : operands) {
    if (operand.isWritten) written.push_back({operand.p, operand.bytes});
  }
  const int error = enqueue(handle->stream, [=]() -> int {
    for (const Operand& operand : operands) {
      if (!isLive(operand.p, operand.bytes)) {
        return raise(ILLEGAL_ADDRESS, "%s: %s was freed before it ran", function,
                     operand.name.c_str());
      }
    }
    operation();
    return 0;
  }, written);
  if (!error) return DNN_OK;
  return reject(DNN_EXECUTION_FAILED, "%s: the stream's capture failed with %d", function, error);
}

}  // namespace standin

using namespace standin;

STANDIN_API int cudnnCreate(void** handle) {
  Call call(Library::CUDNN, "cudnnCreate");
  if (call.status()) return call.status();
  if (!handle) return reject(DNN_NULL_POINTER, "cudnnCreate: nowhere to write to");
  auto* created = new DnnHandle{nullptr};
  handles.insert(created);
  state().live[CUDNN_HANDLE]++;
  *handle = created;
  return DNN_OK;
}

STANDIN_API int cudnnDestroy(void* handle) {
  Call call(Library::CUDNN, "cudnnDestroy");
  DnnHandle* h = findHandle("cudnnDestroy", handle);
  if (!h) return DNN_BAD_PARAM;
  handles.erase(h);
  delete h;
  state().live[CUDNN_HANDLE]--;
  return call.status();
}

STANDIN_API int cudnnSetStream(void* handle, void* stream) {
  Call call(Library::CUDNN, "cudnnSetStream");
  if (call.status()) return call.status();
  DnnHandle* h = findHandle("cudnnSetStream", handle);
  if (!h) return DNN_BAD_PARAM;
  if (!isStream(stream)) return reject(DNN_BAD_PARAM, "cudnnSetStream: no such stream");
  h->stream = stream;
  return DNN_OK;
}

STANDIN_API size_t cudnnGetVersion() { return 91200; }

STANDIN_API size_t cudnnGetCudartVersion() { return 13000; }

STANDIN_API int cudnnGraphVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnOpsVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnCnnVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnAdvVersionCheck() { return DNN_OK; }

STANDIN_API const char* cudnnGetErrorString(int status) {
  switch (status) {
    case DNN_OK: return "CUDNN_STATUS_SUCCESS";
    case DNN_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case DNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case DNN_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case DNN_MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
    case DNN_NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
    case DNN_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
    case DNN_ATTRIBUTE_TYPE: return "CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE";
    case DNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case 4000: return "CUDNN_STATUS_INTERNAL_ERROR";
    case 4003: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case 4004: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case DNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_UNKNOWN";
  }
}

STANDIN_API void cudnnGetLastErrorString(char* message, size_t bytes) {
  std::lock_guard<Lock> guard(state().lock);
  if (bytes) snprintf(message, bytes, "%s", lastError.c_str());
}
