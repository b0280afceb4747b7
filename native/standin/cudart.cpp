// The device, its memory and its limits: the part of the CUDA runtime without streams and kernels.
#include <cstring>

#include "capture.h"
#include "memory.h"
#include "state.h"
#include "streams.h"

using namespace standin;

namespace {

enum MemcpyKind { HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, DEFAULT };

// The first fields of cudaDeviceProp of CUDA 13, and its size.
struct DeviceProperties {
  char name[256];
  char uuid[16];
  char luid[8];
  unsigned luidDeviceNodeMask;
  size_t totalGlobalMem;
  size_t sharedMemPerBlock;
  int regsPerBlock;
  int warpSize;
  size_t memPitch;
  int maxThreadsPerBlock;
  int maxThreadsDim[3];
  int maxGridSize[3];
  size_t totalConstMem;
  int major;
  int minor;
  size_t textureAlignment;
  size_t texturePitchAlignment;
  int multiProcessorCount;
};
static_assert(offsetof(DeviceProperties, major) == 360, "CUDA's layout");
static_assert(offsetof(DeviceProperties, multiProcessorCount) == 384, "CUDA's layout");
const size_t DEVICE_PROPERTIES_BYTES = 1008;

// cudaPointerAttributes of CUDA 13 without what it reserves.
struct PointerAttributes {
  int type;
  int device;
  const void* devicePointer;
  const void* hostPointer;
};
enum MemoryType { UNREGISTERED, PINNED_HOST, DEVICE };

// The architecture that the stand-in reports, for which kernels are then built.
const int MAJOR = 9, MINOR = 0;
const int CUDA_VERSION = 13000;

int checkCopy(const char* function, const void* to, const void* from, size_t bytes, int kind) {
  const bool toDevice = isDevice(to), fromDevice = isDevice(from);
  const bool wantsToDevice = kind == HOST_TO_DEVICE || kind == DEVICE_TO_DEVICE;
  const bool wantsFromDevice = kind == DEVICE_TO_HOST || kind == DEVICE_TO_DEVICE;
  if (kind < HOST_TO_HOST || kind > DEFAULT
      || (kind != DEFAULT && (toDevice != wantsToDevice || fromDevice != wantsFromDevice))) {
    return raise(INVALID_MEMCPY_DIRECTION, "%s: kind %d does not fit from %p to %p", function, kind,
                 from, to);
  }
  if ((toDevice && !isLive(to, bytes)) || (fromDevice && !isLive(from, bytes))) {
    return raise(INVALID_VALUE, "%s: %zu bytes from %p to %p leave what is allocated", function,
                 bytes, from, to);
  }
  return SUCCESS;
}

// Checked again when it runs: memory may have been freed meanwhile.
int copyNow(void* to, const void* from, size_t bytes) {
  if ((isDevice(to) && !isLive(to, bytes)) || (isDevice(from) && !isLive(from, bytes))) {
    return raise(ILLEGAL_ADDRESS, "a copy of %zu bytes from or to memory that was freed", bytes);
  }
  memmove(to, from, bytes);
  return SUCCESS;
}

int setNow(void* p, int value, size_t bytes) {
  if (!isLive(p, bytes)) return raise(ILLEGAL_ADDRESS, "a memset of memory that was freed");
  memset(p, value, bytes);
  return SUCCESS;
}

// CUDA has a current device per thread.
thread_local int currentDevice = 0;

bool isDeviceNumber(int device) { return device >= 0 && device < state().devices; }

int lastOr(int status) { return status ? status : state().stickyError; }

}  // namespace

int standin::thisDevice() { return currentDevice; }

STANDIN_API int cudaDeviceSetLimit(int limit, size_t value) { return control(limit, value); }

STANDIN_API int cudaDeviceGetLimit(size_t* value, int limit) { return readControl(limit, value); }

STANDIN_API int cudaGetDeviceCount(int* count) {
  Call call(Library::CUDART, "cudaGetDeviceCount");
  if (call.status()) return call.status();
  *count = state().devices;
  return SUCCESS;
}

STANDIN_API int cudaGetDevice(int* device) {
  Call call(Library::CUDART, "cudaGetDevice");
  if (call.status()) return call.status();
  *device = currentDevice;
  return SUCCESS;
}

STANDIN_API int cudaSetDevice(int device) {
  Call call(Library::CUDART, "cudaSetDevice");
  if (call.status()) return call.status();
  if (!isDeviceNumber(device)) return state().lastError = INVALID_DEVICE;
  currentDevice = device;
  return SUCCESS;
}

STANDIN_API int cudaDeviceGetAttribute(int* value, int attribute, int device) {
  Call call(Library::CUDART, "cudaDeviceGetAttribute");
  if (call.status()) return call.status();
  if (!isDeviceNumber(device)) return state().lastError = INVALID_DEVICE;
  switch (attribute) {
    case 1: *value = 1024; break;    // threads per block
    case 10: *value = 32; break;     // threads per warp
    case 16: *value = 4; break;      // multiprocessors
    case 39: *value = 2048; break;   // threads per multiprocessor
    case 75: *value = MAJOR; break;
    case 76: *value = MINOR; break;
    default: return raise(INVALID_VALUE, "cudaDeviceGetAttribute: no attribute %d", attribute);
  }
  return SUCCESS;
}

STANDIN_API int cudaGetDeviceProperties(void* properties, int device) {
  Call call(Library::CUDART, "cudaGetDeviceProperties");
  if (call.status()) return call.status();
  if (!isDeviceNumber(device)) return state().lastError = INVALID_DEVICE;
  memset(properties, 0, DEVICE_PROPERTIES_BYTES);
  auto* p = (DeviceProperties*) properties;
  strcpy(p->name, "stand-in on the CPU, no GPU");
  p->totalGlobalMem = state().capacity;
  p->sharedMemPerBlock = 48 * 1024;
  p->regsPerBlock = 65536;
  p->warpSize = 32;
  p->maxThreadsPerBlock = 1024;
  p->major = MAJOR;
  p->minor = MINOR;
  p->multiProcessorCount = 4;
  return SUCCESS;
}

STANDIN_API int cudaDriverGetVersion(int* version) {
  Call call(Library::CUDART, "cudaDriverGetVersion");
  *version = CUDA_VERSION;
  return SUCCESS;
}

STANDIN_API int cudaRuntimeGetVersion(int* version) {
  Call call(Library::CUDART, "cudaRuntimeGetVersion");
  *version = CUDA_VERSION;
  return SUCCESS;
}

STANDIN_API int cuInit(unsigned) { return SUCCESS; }

STANDIN_API int cuDriverGetVersion(int* version) {
  *version = CUDA_VERSION;
  return SUCCESS;
}

STANDIN_API int cudaMemGetInfo(size_t* free, size_t* total) {
  Call call(Library::CUDART, "cudaMemGetInfo");
  if (call.status()) return call.status();
  const State& s = state();
  *total = s.capacity;
  *free = freeBytes();
  return SUCCESS;
}

STANDIN_API int cudaMalloc(void** p, size_t bytes) {
  Call call(Library::CUDART, "cudaMalloc");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  return deviceMalloc(p, bytes, currentDevice);
}

// Waits for the device first, as in CUDA.
STANDIN_API int cudaFree(void* p) {
  Call call(Library::CUDART, "cudaFree");
  if (const int error = forbiddenInCapture(call.function())) return error;
  runAll();
  const int status = deviceFree(p, "cudaFree");
  return lastOr(call.status() ? call.status() : status);
}

STANDIN_API int cudaMallocHost(void** p, size_t bytes) {
  Call call(Library::CUDART, "cudaMallocHost");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  return pinnedMalloc(p, bytes);
}

STANDIN_API int cudaFreeHost(void* p) {
  Call call(Library::CUDART, "cudaFreeHost");
  if (const int error = forbiddenInCapture(call.function())) return error;
  runAll();
  const int status = pinnedFree(p);
  return lastOr(call.status() ? call.status() : status);
}

// An address that CUDA does not know is no error, as in CUDA since version 11.
STANDIN_API int cudaPointerGetAttributes(void* attributes, const void* p) {
  Call call(Library::CUDART, "cudaPointerGetAttributes");
  if (call.status()) return call.status();
  auto* a = (PointerAttributes*) attributes;
  const int device = deviceOf(p);
  *a = {UNREGISTERED, -2, nullptr, nullptr};
  if (device >= 0) {
    *a = {DEVICE, device, p, nullptr};
  } else if (isPinned(p, 1)) {
    *a = {PINNED_HOST, currentDevice, p, p};
  }
  return SUCCESS;
}

// Waits for the null stream and blocking streams only, as in CUDA.
STANDIN_API int cudaMemcpy(void* to, const void* from, size_t bytes, int kind) {
  Call call(Library::CUDART, "cudaMemcpy");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  if (const int error = checkCopy("cudaMemcpy", to, from, bytes, kind)) return error;
  const int error = enqueue(nullptr, [=] { return copyNow(to, from, bytes); });
  return error ? error : synchronize(nullptr);
}

STANDIN_API int cudaMemcpyAsync(void* to, const void* from, size_t bytes, int kind, void* stream) {
  Call call(Library::CUDART, "cudaMemcpyAsync");
  if (call.status()) return call.status();
  if (!isStream(stream)) return raise(INVALID_RESOURCE_HANDLE, "cudaMemcpyAsync: no such stream");
  if (const int error = checkCopy("cudaMemcpyAsync", to, from, bytes, kind)) return error;
  // With memory that is not pinned, CUDA may or may not wait: a program can rely on neither.
  const bool pageable = (!isDevice(to) && !isPinned(to, bytes))
      || (!isDevice(from) && !isPinned(from, bytes));
  if (pageable) {
    if (const int error = forbiddenInCapture(call.function())) return error;
  }
  const int error = enqueue(stream, [=] { return copyNow(to, from, bytes); }, {{to, bytes}});
  if (error) return error;
  if (!pageable) return SUCCESS;
  state().pageableCopies++;
  return synchronize(stream);
}

STANDIN_API int cudaMemsetAsync(void* p, int value, size_t bytes, void* stream) {
  Call call(Library::CUDART, "cudaMemsetAsync");
  if (call.status()) return call.status();
  if (!isStream(stream)) return raise(INVALID_RESOURCE_HANDLE, "cudaMemsetAsync: no such stream");
  if (!isLive(p, bytes)) {
    return raise(INVALID_VALUE, "cudaMemsetAsync: %zu bytes at %p are not device memory", bytes, p);
  }
  return enqueue(stream, [=] { return setNow(p, value, bytes); }, {{p, bytes}});
}

STANDIN_API int cudaMemset(void* p, int value, size_t bytes) {
  Call call(Library::CUDART, "cudaMemset");
  if (call.status()) return call.status();
  if (const int error = forbiddenInCapture(call.function())) return error;
  if (!isLive(p, bytes)) {
    return raise(INVALID_VALUE, "cudaMemset: %zu bytes at %p are not device memory", bytes, p);
  }
  return enqueue(nullptr, [=] { return setNow(p, value, bytes); });
}

STANDIN_API int cudaGetLastError() {
  State& s = state();
  std::lock_guard<Lock> guard(s.lock);
  // cuDNN and cuBLAS each contain their own runtime; this one has not seen the errors they met.
  const int error = s.lastError;
  s.lastError = 0;
  return error;
}

STANDIN_API int cudaPeekAtLastError() {
  State& s = state();
  std::lock_guard<Lock> guard(s.lock);
  return s.lastError;
}

STANDIN_API const char* cudaGetErrorName(int error) {
  switch (error) {
    case SUCCESS: return "cudaSuccess";
    case INVALID_VALUE: return "cudaErrorInvalidValue";
    case MEMORY_ALLOCATION: return "cudaErrorMemoryAllocation";
    case INVALID_CONFIGURATION: return "cudaErrorInvalidConfiguration";
    case INVALID_MEMCPY_DIRECTION: return "cudaErrorInvalidMemcpyDirection";
    case INVALID_DEVICE: return "cudaErrorInvalidDevice";
    case INVALID_KERNEL_IMAGE: return "cudaErrorInvalidKernelImage";
    case UNSUPPORTED_LIMIT: return "cudaErrorUnsupportedLimit";
    case INVALID_RESOURCE_HANDLE: return "cudaErrorInvalidResourceHandle";
    case ILLEGAL_STATE: return "cudaErrorIllegalState";
    case SYMBOL_NOT_FOUND: return "cudaErrorSymbolNotFound";
    case NOT_READY: return "cudaErrorNotReady";
    case ILLEGAL_ADDRESS: return "cudaErrorIllegalAddress";
    case MISALIGNED_ADDRESS: return "cudaErrorMisalignedAddress";
    case LAUNCH_FAILURE: return "cudaErrorLaunchFailure";
    case NOT_SUPPORTED: return "cudaErrorNotSupported";
    case CAPTURE_UNSUPPORTED: return "cudaErrorStreamCaptureUnsupported";
    case CAPTURE_INVALIDATED: return "cudaErrorStreamCaptureInvalidated";
    case CAPTURE_MERGE: return "cudaErrorStreamCaptureMerge";
    case CAPTURE_UNMATCHED: return "cudaErrorStreamCaptureUnmatched";
    case CAPTURE_UNJOINED: return "cudaErrorStreamCaptureUnjoined";
    case CAPTURE_ISOLATION: return "cudaErrorStreamCaptureIsolation";
    case CAPTURE_IMPLICIT: return "cudaErrorStreamCaptureImplicit";
    case CAPTURED_EVENT: return "cudaErrorCapturedEvent";
    case CAPTURE_WRONG_THREAD: return "cudaErrorStreamCaptureWrongThread";
    default: return "cudaErrorUnknown";
  }
}

STANDIN_API const char* cudaGetErrorString(int error) {
  switch (error) {
    case SUCCESS: return "no error";
    case MEMORY_ALLOCATION: return "out of memory";
    case ILLEGAL_ADDRESS: return "an illegal memory access was encountered";
    case LAUNCH_FAILURE: return "unspecified launch failure";
    default: return cudaGetErrorName(error);
  }
}
