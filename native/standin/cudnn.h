// cuDNN's descriptors and the checks that its functions share, with cuDNN's own constants.
#pragma once
#include <initializer_list>
#include <vector>

#include "arithmetic.h"
#include "memory.h"
#include "state.h"
#include "streams.h"

namespace standin {

enum CudnnStatus {
  DNN_OK = 0,
  DNN_BAD_PARAM = 2000,
  DNN_NULL_POINTER = 2002,
  DNN_SIZE_INSUFFICIENT = 2006,
  DNN_SHAPE_MISMATCH = 2008,
  DNN_NOT_SUPPORTED = 3000,
  DNN_EXECUTION_FAILED = 5000
};

enum { FORMAT_NCHW = 0, FORMAT_NHWC = 1, DATA_FLOAT = 0 };

// Every cuDNN object starts with its kind and counts as unset until a set call succeeds.
struct Object {
  Kind kind;
  bool isSet;
};

struct DnnHandle : Object {
  void* stream;
};

struct Shape4 {
  long n, c, h, w;
  long sn, sc, sh, sw;  // strides in elements
  long count() const { return n * c * h * w; }
  size_t bytes() const {
    return 4 * (size_t) ((n - 1) * sn + (c - 1) * sc + (h - 1) * sh + (w - 1) * sw + 1);
  }
  long at(long in, long ic, long ih, long iw) const {
    return in * sn + ic * sc + ih * sh + iw * sw;
  }
  bool sameSizes(const Shape4& o) const { return n == o.n && c == o.c && h == o.h && w == o.w; }
};

struct Tensor : Object {
  Shape4 shape;
};

struct Filter : Object {
  Shape4 shape;  // K, C, R, S
};

struct Convolution : Object {
  long padH, padW, strideH, strideW, dilationH, dilationW;
  int math;
};

struct Pooling : Object {
  int mode;
  long windowH, windowW, padH, padW, strideH, strideW;
};

struct Activation : Object {
  int mode;
};

struct Lrn : Object {
  int size;
  double alpha, beta, k;
};

// The object behind a handle, or null and a complaint if it is dead or of another kind ...
Object* findAlive(const char* function, void* handle, Kind kind);
// ... or was never set.
Object* findObject(const char* function, void* handle, Kind kind);

template <class T>
struct KindOf;
template <> struct KindOf<DnnHandle> { static const Kind kind = CUDNN_HANDLE; };
template <> struct KindOf<Tensor> { static const Kind kind = TENSOR_DESCRIPTOR; };
template <> struct KindOf<Filter> { static const Kind kind = FILTER_DESCRIPTOR; };
template <> struct KindOf<Convolution> { static const Kind kind = CONVOLUTION_DESCRIPTOR; };
template <> struct KindOf<Pooling> { static const Kind kind = POOLING_DESCRIPTOR; };
template <> struct KindOf<Activation> { static const Kind kind = ACTIVATION_DESCRIPTOR; };
template <> struct KindOf<Lrn> { static const Kind kind = LRN_DESCRIPTOR; };

template <class T>
T* find(const char* function, void* handle) {
  return static_cast<T*>(findObject(function, handle, KindOf<T>::kind));
}

template <class T>
T* findToSet(const char* function, void* handle) {
  return static_cast<T*>(findAlive(function, handle, KindOf<T>::kind));
}

Shape4 packed(int format, long n, long c, long h, long w);

// Complains and returns the status; cudnnGetLastErrorString has the text.
int reject(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));

struct Operand {
  const char* name;
  const void* p;
  size_t bytes;
  bool isWritten;
};

// Checks that operands are device memory and that outputs overlap nothing else, except that an output
// may be exactly an input where inPlace allows it. A bad pointer kills the context, as on a GPU.
int checkOperands(
    const char* function, std::initializer_list<Operand> operands, bool inPlace = false);

// The scaling factors of an operation, read from the host at the time of the call.
struct Scales {
  float alpha, beta;
};
int readScales(const char* function, const void* alpha, const void* beta, Scales* scales);

// Puts the operation on the handle's stream; it runs if its operands are still alive then.
void enqueueOn(
    DnnHandle* handle, const char* function, std::initializer_list<Operand> operands,
    std::function<void()> operation);

}  // namespace standin
