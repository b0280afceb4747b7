// cuDNN's handle and descriptors: created, set, checked and counted.
#include <cstdarg>
#include <cstdio>
#include <set>
#include <string>

#include "cudnn.h"

namespace standin {

namespace {

std::set<Object*> objects;
std::string lastError;

const char* nameOf(Kind kind) {
  switch (kind) {
    case CUDNN_HANDLE: return "handle";
    case TENSOR_DESCRIPTOR: return "tensor descriptor";
    case FILTER_DESCRIPTOR: return "filter descriptor";
    case CONVOLUTION_DESCRIPTOR: return "convolution descriptor";
    case POOLING_DESCRIPTOR: return "pooling descriptor";
    case ACTIVATION_DESCRIPTOR: return "activation descriptor";
    case LRN_DESCRIPTOR: return "LRN descriptor";
    default: return "object";
  }
}

}  // namespace

Object* findAlive(const char* function, void* handle, Kind kind) {
  auto found = objects.find((Object*) handle);
  if (found == objects.end()) {
    reject(DNN_BAD_PARAM, "%s: a %s that is not alive", function, nameOf(kind));
    return nullptr;
  }
  if ((*found)->kind != kind) {
    reject(DNN_BAD_PARAM, "%s: a %s where a %s belongs", function, nameOf((*found)->kind),
           nameOf(kind));
    return nullptr;
  }
  return *found;
}

namespace {

template <class T>
int create(const char* function, void** handle) {
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  if (!handle) return reject(DNN_NULL_POINTER, "%s: nowhere to write to", function);
  T* created = new T();
  created->kind = KindOf<T>::kind;
  created->isSet = created->kind == CUDNN_HANDLE;
  objects.insert(created);
  state().live[created->kind]++;
  *handle = static_cast<Object*>(created);
  return DNN_OK;
}

template <class T>
int destroy(const char* function, void* handle) {
  Call call(Library::CUDNN, function);
  Object* object = findAlive(function, handle, KindOf<T>::kind);
  if (!object) return DNN_BAD_PARAM;
  objects.erase(object);
  state().live[object->kind]--;
  delete static_cast<T*>(object);
  return call.status();
}

bool overlap(const Operand& a, const Operand& b) {
  const char *pa = (const char*) a.p, *pb = (const char*) b.p;
  return a.bytes && b.bytes && pa < pb + b.bytes && pb < pa + a.bytes;
}

}  // namespace

Object* findObject(const char* function, void* handle, Kind kind) {
  Object* object = findAlive(function, handle, kind);
  if (object && !object->isSet) {
    reject(DNN_BAD_PARAM, "%s: a %s that was never set", function, nameOf(kind));
    return nullptr;
  }
  return object;
}

Shape4 packed(int format, long n, long c, long h, long w) {
  return format == FORMAT_NHWC ? Shape4{n, c, h, w, h * w * c, 1, w * c, c}
                               : Shape4{n, c, h, w, c * h * w, h * w, w, 1};
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

int checkOperands(
    const char* function, std::initializer_list<Operand> operands, bool inPlace) {
  for (const Operand& operand : operands) {
    if (operand.bytes && !isOperand(function, operand.name, operand.p, operand.bytes)) {
      state().stickyError = ILLEGAL_ADDRESS;  // a GPU would only notice when it runs
      return DNN_EXECUTION_FAILED;
    }
  }
  for (const Operand& written : operands) {
    for (const Operand& other : operands) {
      const bool same = written.p == other.p && written.bytes == other.bytes;
      if (&written == &other || !written.isWritten || (inPlace && same)) continue;
      if (overlap(written, other)) {
        return reject(DNN_BAD_PARAM, "%s: %s is written and overlaps %s", function, written.name,
                      other.name);
      }
    }
  }
  return DNN_OK;
}

int readScales(const char* function, const void* alpha, const void* beta, Scales* scales) {
  if (!alpha || !beta || isDevice(alpha) || isDevice(beta)) {
    return reject(DNN_BAD_PARAM, "%s: alpha and beta must lie on the host", function);
  }
  *scales = {*(const float*) alpha, *(const float*) beta};
  return DNN_OK;
}

void enqueueOn(
    DnnHandle* handle, const char* function, std::initializer_list<Operand> operands,
    std::function<void()> operation) {
  const std::vector<Operand> kept(operands);
  enqueue(handle->stream, [=]() -> int {
    for (const Operand& operand : kept) {
      if (operand.bytes && !isLive(operand.p, operand.bytes)) {
        return raise(ILLEGAL_ADDRESS, "%s: %s was freed before it ran", function, operand.name);
      }
    }
    operation();
    return 0;
  });
}

}  // namespace standin

using namespace standin;

#define CREATE_AND_DESTROY(T, NAME)                                             \
  STANDIN_API int cudnnCreate##NAME(void** d) {                                 \
    return create<T>("cudnnCreate" #NAME, d);                                   \
  }                                                                             \
  STANDIN_API int cudnnDestroy##NAME(void* d) { return destroy<T>("cudnnDestroy" #NAME, d); }

CREATE_AND_DESTROY(DnnHandle, )
CREATE_AND_DESTROY(Tensor, TensorDescriptor)
CREATE_AND_DESTROY(Filter, FilterDescriptor)
CREATE_AND_DESTROY(Convolution, ConvolutionDescriptor)
CREATE_AND_DESTROY(Pooling, PoolingDescriptor)
CREATE_AND_DESTROY(Activation, ActivationDescriptor)
CREATE_AND_DESTROY(Lrn, LRNDescriptor)

STANDIN_API size_t cudnnGetVersion() { return 91200; }

STANDIN_API size_t cudnnGetCudartVersion() { return 13000; }

STANDIN_API int cudnnGraphVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnOpsVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnCnnVersionCheck() { return DNN_OK; }

STANDIN_API int cudnnAdvVersionCheck() { return DNN_OK; }

STANDIN_API const char* cudnnGetErrorString(int status) {
  switch (status) {
    case DNN_OK: return "CUDNN_STATUS_SUCCESS";
    case 1001: return "CUDNN_STATUS_NOT_INITIALIZED";
    case DNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case DNN_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case DNN_SIZE_INSUFFICIENT: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
    case DNN_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
    case DNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case 4000: return "CUDNN_STATUS_INTERNAL_ERROR";
    case 4003: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case 4004: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case DNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_UNKNOWN";
  }
}

STANDIN_API void cudnnGetLastErrorString(char* message, size_t bytes) {
  std::lock_guard<std::recursive_mutex> guard(state().lock);
  if (bytes) snprintf(message, bytes, "%s", lastError.c_str());
}

STANDIN_API int cudnnSetStream(void* handle, void* stream) {
  Call call(Library::CUDNN, "cudnnSetStream");
  if (call.status()) return call.status();
  auto* h = find<DnnHandle>("cudnnSetStream", handle);
  if (!h) return DNN_BAD_PARAM;
  if (!isStream(stream)) return reject(DNN_BAD_PARAM, "cudnnSetStream: no such stream");
  h->stream = stream;
  return DNN_OK;
}

STANDIN_API int cudnnSetTensor4dDescriptor(
    void* d, int format, int type, int n, int c, int h, int w) {
  const char* function = "cudnnSetTensor4dDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* tensor = findToSet<Tensor>(function, d);
  if (!tensor) return DNN_BAD_PARAM;
  if (format != FORMAT_NCHW && format != FORMAT_NHWC) {
    return reject(DNN_BAD_PARAM, "%s: format %d", function, format);
  }
  if (type != DATA_FLOAT) return reject(DNN_NOT_SUPPORTED, "%s: data type %d", function, type);
  if (n <= 0 || c <= 0 || h <= 0 || w <= 0) {
    return reject(DNN_BAD_PARAM, "%s: %d x %d x %d x %d", function, n, c, h, w);
  }
  tensor->shape = packed(format, n, c, h, w);
  tensor->isSet = true;
  return DNN_OK;
}

// A filter's data type comes before its format; a tensor's comes after.
STANDIN_API int cudnnSetFilter4dDescriptor(
    void* d, int type, int format, int k, int c, int r, int s) {
  const char* function = "cudnnSetFilter4dDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* filter = findToSet<Filter>(function, d);
  if (!filter) return DNN_BAD_PARAM;
  if (format != FORMAT_NCHW && format != FORMAT_NHWC) {
    return reject(DNN_BAD_PARAM, "%s: format %d", function, format);
  }
  if (type != DATA_FLOAT) return reject(DNN_NOT_SUPPORTED, "%s: data type %d", function, type);
  if (k <= 0 || c <= 0 || r <= 0 || s <= 0) {
    return reject(DNN_BAD_PARAM, "%s: %d x %d x %d x %d", function, k, c, r, s);
  }
  filter->shape = packed(format, k, c, r, s);
  filter->isSet = true;
  return DNN_OK;
}

STANDIN_API int cudnnSetConvolution2dDescriptor(
    void* d, int padH, int padW, int strideH, int strideW, int dilationH, int dilationW, int mode,
    int computeType) {
  const char* function = "cudnnSetConvolution2dDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* convolution = findToSet<Convolution>(function, d);
  if (!convolution) return DNN_BAD_PARAM;
  if (padH < 0 || padW < 0 || strideH <= 0 || strideW <= 0 || dilationH <= 0 || dilationW <= 0) {
    return reject(DNN_BAD_PARAM, "%s: padding %d, %d, stride %d, %d, dilation %d, %d", function,
                  padH, padW, strideH, strideW, dilationH, dilationW);
  }
  // cuDNN has both modes; no net here uses the flipped one.
  if (mode != 1) return reject(DNN_NOT_SUPPORTED, "%s: not a cross-correlation", function);
  if (computeType != DATA_FLOAT) {
    return reject(DNN_NOT_SUPPORTED, "%s: compute type %d", function, computeType);
  }
  convolution->padH = padH;
  convolution->padW = padW;
  convolution->strideH = strideH;
  convolution->strideW = strideW;
  convolution->dilationH = dilationH;
  convolution->dilationW = dilationW;
  convolution->math = 0;
  convolution->isSet = true;
  return DNN_OK;
}

STANDIN_API int cudnnSetConvolutionMathType(void* d, int math) {
  const char* function = "cudnnSetConvolutionMathType";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  // Setting the descriptor resets the math type, so it must come first.
  auto* convolution = find<Convolution>(function, d);
  if (!convolution) return DNN_BAD_PARAM;
  if (math < 0 || math > 3) return reject(DNN_BAD_PARAM, "%s: math type %d", function, math);
  convolution->math = math;
  return DNN_OK;
}

STANDIN_API int cudnnSetPooling2dDescriptor(
    void* d, int mode, int propagateNan, int windowH, int windowW, int padH, int padW, int strideH,
    int strideW) {
  const char* function = "cudnnSetPooling2dDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* pooling = findToSet<Pooling>(function, d);
  if (!pooling) return DNN_BAD_PARAM;
  if (mode != 0 && mode != 3) return reject(DNN_NOT_SUPPORTED, "%s: mode %d", function, mode);
  if (propagateNan < 0 || propagateNan > 1 || windowH <= 0 || windowW <= 0 || padH < 0 || padW < 0
      || padH >= windowH || padW >= windowW || strideH <= 0 || strideW <= 0) {
    return reject(DNN_BAD_PARAM, "%s: window %d, %d, padding %d, %d, stride %d, %d", function,
                  windowH, windowW, padH, padW, strideH, strideW);
  }
  pooling->mode = mode;
  pooling->windowH = windowH;
  pooling->windowW = windowW;
  pooling->padH = padH;
  pooling->padW = padW;
  pooling->strideH = strideH;
  pooling->strideW = strideW;
  pooling->isSet = true;
  return DNN_OK;
}

STANDIN_API int cudnnSetActivationDescriptor(void* d, int mode, int propagateNan, double) {
  const char* function = "cudnnSetActivationDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* activation = findToSet<Activation>(function, d);
  if (!activation) return DNN_BAD_PARAM;
  if (mode != 1) return reject(DNN_NOT_SUPPORTED, "%s: mode %d is not ReLU", function, mode);
  if (propagateNan < 0 || propagateNan > 1) {
    return reject(DNN_BAD_PARAM, "%s: NaN option %d", function, propagateNan);
  }
  activation->mode = mode;
  activation->isSet = true;
  return DNN_OK;
}

STANDIN_API int cudnnSetLRNDescriptor(void* d, unsigned size, double alpha, double beta, double k) {
  const char* function = "cudnnSetLRNDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* lrn = findToSet<Lrn>(function, d);
  if (!lrn) return DNN_BAD_PARAM;
  if (size < 1 || size > 16 || k < 1e-5 || beta < 0.01) {
    return reject(DNN_BAD_PARAM, "%s: size %u, alpha %g, beta %g, k %g", function, size, alpha, beta,
                  k);
  }
  lrn->size = (int) size;
  lrn->alpha = alpha;
  lrn->beta = beta;
  lrn->k = k;
  lrn->isSet = true;
  return DNN_OK;
}
