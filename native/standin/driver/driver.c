/* A libcuda.so.1 without a GPU. cuDNN compiles some of its plans when they are made, and loads what it compiled through
 * the driver; a plan for a GPU that is only described then needs a driver to be there, not a GPU. Nothing runs: a launch
 * answers "no device". The handles are not null, and mean nothing. */
#include <stddef.h>

enum { SUCCESS = 0, NO_DEVICE = 100, DRIVER_VERSION = 13000 };

/* cuDNN's own copy of CUDA's runtime asks first, and then leaves the driver alone. */
int cuInit(unsigned flags) { (void) flags; return NO_DEVICE; }
int cuDriverGetVersion(int* version) { *version = DRIVER_VERSION; return SUCCESS; }
int cuDeviceGetCount(int* count) { *count = 0; return SUCCESS; }
int cuDeviceGet(int* device, int ordinal) { *device = ordinal; return SUCCESS; }

static int some(void** handle) {
  static char place;
  if (handle) *handle = &place;
  return SUCCESS;
}

static int text(const char** words) {
  *words = "no GPU: this driver only helps to plan";
  return SUCCESS;
}
int cuGetErrorName(int error, const char** words) { (void) error; return text(words); }
int cuGetErrorString(int error, const char** words) { (void) error; return text(words); }

int cuCtxGetCurrent(void** context) { return some(context); }
int cuCtxPushCurrent_v2(void* context) { (void) context; return SUCCESS; }
int cuCtxPopCurrent_v2(void** context) { return some(context); }
int cuCtxPushCurrent(void* context) { return cuCtxPushCurrent_v2(context); }
int cuCtxPopCurrent(void** context) { return cuCtxPopCurrent_v2(context); }
int cuCtxGetLimit(size_t* value, int limit) { (void) limit; *value = 0; return SUCCESS; }
int cuStreamGetCtx(void* stream, void** context) { (void) stream; return some(context); }

/* Compiled code is "loaded" and found. */
int cuLibraryLoadData(void** library, const void* code, void* jit, void* jitValues, unsigned jits, void* options,
                      void* optionValues, unsigned count) {
  (void) code, (void) jit, (void) jitValues, (void) jits, (void) options, (void) optionValues, (void) count;
  return some(library);
}
int cuLibraryLoadFromFile(void** library) { return some(library); }
int cuLibraryUnload(void* library) { (void) library; return SUCCESS; }
int cuLibraryGetKernel(void** kernel, void* library, const char* name) {
  (void) library, (void) name;
  return some(kernel);
}
int cuKernelGetAttribute(int* value, int attribute, void* kernel, int device) {
  (void) attribute, (void) kernel, (void) device;
  *value = 0;
  return SUCCESS;
}
int cuKernelSetAttribute(int attribute, int value, void* kernel, int device) {
  (void) attribute, (void) value, (void) kernel, (void) device;
  return SUCCESS;
}
int cuOccupancyMaxPotentialClusterSize(int* size, void* kernel, const void* config) {
  enum { PORTABLE = 8 }; /* blocks in a cluster on every GPU that has clusters */
  (void) kernel, (void) config;
  *size = PORTABLE;
  return SUCCESS;
}

/* Nothing is linked and nothing runs: cuDNN only looks whether these are there. The arguments do not matter. */
int cuLinkCreate(void) { return NO_DEVICE; }
int cuLinkAddData(void) { return NO_DEVICE; }
int cuLinkComplete(void) { return NO_DEVICE; }
int cuLinkDestroy(void) { return NO_DEVICE; }
int cuLaunchKernel(void) { return NO_DEVICE; }
int cuLaunchKernelEx(void) { return NO_DEVICE; }
int cuLaunchCooperativeKernel(void) { return NO_DEVICE; }
