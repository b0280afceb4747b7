#include "cudnn_algorithms.h"

#include <vector>

namespace standin {

namespace {

enum { FMA_MATH = 3, TENSOR_OP_MATH = 1 };

// cudnnConvolutionFwdAlgoPerf_t and its two siblings, which are alike.
struct Performance {
  int algorithm;
  int status;
  float time;
  size_t memory;
  int determinism;
  int mathType;
  int reserved[3];
};
static_assert(sizeof(Performance) == 48, "cuDNN's layout");

const char* FIND_NAMES[3] = {"cudnnFindConvolutionForwardAlgorithm",
                             "cudnnFindConvolutionBackwardDataAlgorithm",
                             "cudnnFindConvolutionBackwardFilterAlgorithm"};
const char* FIND_EX_NAMES[3] = {"cudnnFindConvolutionForwardAlgorithmEx",
                                "cudnnFindConvolutionBackwardDataAlgorithmEx",
                                "cudnnFindConvolutionBackwardFilterAlgorithmEx"};
const char* GET_NAMES[3] = {"cudnnGetConvolutionForwardAlgorithm_v7",
                            "cudnnGetConvolutionBackwardDataAlgorithm_v7",
                            "cudnnGetConvolutionBackwardFilterAlgorithm_v7"};
const char* SIZE_NAMES[3] = {"cudnnGetConvolutionForwardWorkspaceSize",
                             "cudnnGetConvolutionBackwardDataWorkspaceSize",
                             "cudnnGetConvolutionBackwardFilterWorkspaceSize"};

// From fast to slow, as if measured; the last ones support no shape.
const std::vector<int>& algorithms(Direction direction) {
  static const std::vector<int> all[3] = {
      {7, 6, 1, 2, 0, 3, 4, 5}, {5, 4, 1, 0, 2, 3}, {0, 5, 3, 1, 2, 6}};
  return all[(int) direction];
}

int readDescriptors(
    const char* function, void* handle, void* x, void* w, void* convolution, void* y,
    ConvolutionShapes* shapes) {
  if (!find<DnnHandle>(function, handle)) return DNN_BAD_PARAM;
  auto* tx = find<Tensor>(function, x);
  auto* fw = find<Filter>(function, w);
  auto* c = find<Convolution>(function, convolution);
  auto* ty = find<Tensor>(function, y);
  if (!tx || !fw || !c || !ty) return DNN_BAD_PARAM;
  return checkShapes(function, *tx, *fw, *c, *ty, shapes);
}

// Two entries per algorithm, since cuDNN measures it with and without tensor cores. The first entries
// are a trap: fast, but of a math type that a caller who wants FMA must not use, and enough of them to
// fill a short array.
std::vector<Performance> rank(Direction direction, const ConvolutionShapes& shapes) {
  std::vector<Performance> ranking;
  const bool fma = shapes.convolution.math == FMA_MATH;
  float time = 0.01f;
  if (fma) {
    for (const int a : algorithms(direction)) {
      const size_t bytes = workspaceBytes(direction, a, shapes);
      ranking.push_back({a, 0, time, bytes, 1, TENSOR_OP_MATH, {}});
    }
  }
  for (const int a : algorithms(direction)) {
    if (!isSupported(direction, a, shapes)) continue;
    const int math = fma ? FMA_MATH : hasTensorCores(direction, a) ? TENSOR_OP_MATH : 0;
    time *= 2;
    ranking.push_back({a, 0, time, workspaceBytes(direction, a, shapes),
                       isDeterministic(direction, a) ? 1 : 0, math, {}});
  }
  for (const int a : algorithms(direction)) {
    if (isSupported(direction, a, shapes)) continue;
    ranking.push_back({a, DNN_NOT_SUPPORTED, -1.0f, 0, 0, 0, {}});
  }
  return ranking;
}

int answer(
    const char* function, Direction direction, const ConvolutionShapes& shapes, int requested,
    int* returned, void* results) {
  if (requested < 1 || !returned || !results) {
    return reject(DNN_BAD_PARAM, "%s: %d results requested", function, requested);
  }
  const std::vector<Performance> ranking = rank(direction, shapes);
  *returned = 0;
  for (const Performance& performance : ranking) {
    if (*returned == requested) break;
    ((Performance*) results)[(*returned)++] = performance;
  }
  return DNN_OK;
}

int get(
    Direction direction, const char* const* names, void* handle, void* x, void* w, void* convolution,
    void* y, int requested, int* returned, void* results) {
  const char* function = names[(int) direction];
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  ConvolutionShapes shapes;
  if (const int e = readDescriptors(function, handle, x, w, convolution, y, &shapes)) return e;
  return answer(function, direction, shapes, requested, returned, results);
}

// Runs the algorithms on the caller's memory, which overwrites the output.
int findEx(
    Direction direction, void* handle, void* x, const void* xp, void* w, const void* wp,
    void* convolution, void* y, const void* yp, int requested, int* returned, void* results,
    void* workspace, size_t bytes) {
  const char* function = FIND_EX_NAMES[(int) direction];
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  ConvolutionShapes shapes;
  if (const int e = readDescriptors(function, handle, x, w, convolution, y, &shapes)) return e;
  const Direction d = direction;
  if (const int e = checkOperands(
          function, {{"x", xp, shapes.x.bytes(), d == Direction::DATA},
                     {"w", wp, shapes.w.bytes(), d == Direction::FILTER},
                     {"y", yp, shapes.y.bytes(), d == Direction::FORWARD},
                     {"the workspace", workspace, bytes, true}})) {
    return e;
  }
  runAll();
  const Shape4& lost = d == Direction::FORWARD ? shapes.y : d == Direction::DATA ? shapes.x : shapes.w;
  const void* output = d == Direction::FORWARD ? yp : d == Direction::DATA ? xp : wp;
  memset((void*) output, 0xff, lost.bytes());
  if (bytes) memset(workspace, 0xff, bytes);
  if (const int e = answer(function, d, shapes, requested, returned, results)) return e;
  // An algorithm that does not fit into the workspace cannot be measured.
  for (int i = 0; i < *returned; i++) {
    Performance& performance = ((Performance*) results)[i];
    if (performance.status == 0 && performance.memory > bytes) {
      performance.status = 4000;
      performance.time = -1.0f;
    }
  }
  return DNN_OK;
}

int workspace(
    Direction direction, void* handle, void* x, void* w, void* convolution, void* y, int algorithm,
    size_t* bytes) {
  const char* function = SIZE_NAMES[(int) direction];
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  ConvolutionShapes shapes;
  if (const int e = readDescriptors(function, handle, x, w, convolution, y, &shapes)) return e;
  if (!isSupported(direction, algorithm, shapes)) {
    return reject(DNN_NOT_SUPPORTED, "%s: algorithm %d", function, algorithm);
  }
  *bytes = workspaceBytes(direction, algorithm, shapes);
  return DNN_OK;
}

}  // namespace

int checkShapes(
    const char* function, const Tensor& x, const Filter& w, const Convolution& convolution,
    const Tensor& y, ConvolutionShapes* shapes) {
  const Shape4 &xs = x.shape, &ws = w.shape, &ys = y.shape;
  const Convolution& c = convolution;
  const long p = (xs.h + 2 * c.padH - (ws.h - 1) * c.dilationH - 1) / c.strideH + 1;
  const long q = (xs.w + 2 * c.padW - (ws.w - 1) * c.dilationW - 1) / c.strideW + 1;
  if (xs.c != ws.c || ys.n != xs.n || ys.c != ws.n || ys.h != p || ys.w != q) {
    return reject(DNN_SHAPE_MISMATCH,
                  "%s: x %ldx%ldx%ldx%ld, w %ldx%ldx%ldx%ld, y %ldx%ldx%ldx%ld do not fit", function,
                  xs.n, xs.c, xs.h, xs.w, ws.n, ws.c, ws.h, ws.w, ys.n, ys.c, ys.h, ys.w);
  }
  *shapes = {xs, ws, ys, c};
  return DNN_OK;
}

bool isSupported(Direction direction, int algorithm, const ConvolutionShapes& shapes) {
  const Convolution& c = shapes.convolution;
  const bool winograd = shapes.w.h == 3 && shapes.w.w == 3 && c.strideH == 1 && c.strideW == 1
      && c.dilationH == 1 && c.dilationW == 1 && c.padH <= 2 && c.padW <= 2
      && shapes.x.sc != 1;  // no support for NHWC
  switch (direction) {
    case Direction::FORWARD:
      return algorithm >= 0 && (algorithm <= 2 || (winograd && (algorithm == 6 || algorithm == 7)));
    case Direction::DATA:
      return algorithm == 0 || algorithm == 1 || (winograd && (algorithm == 4 || algorithm == 5));
    case Direction::FILTER:
      return algorithm == 0 || algorithm == 1 || algorithm == 3 || (winograd && algorithm == 5);
  }
  return false;
}

// Sizes of cuDNN's magnitude, odd on purpose.
size_t workspaceBytes(Direction direction, int algorithm, const ConvolutionShapes& shapes) {
  const size_t image = (size_t) shapes.x.c * shapes.w.h * shapes.w.w * shapes.y.h * shapes.y.w * 4;
  const size_t filter = (size_t) shapes.w.count() * 4;
  const size_t nonFused = 4 * (filter + shapes.x.count() * 4 + shapes.y.count() * 4) + 12;
  switch (direction) {
    case Direction::FORWARD:
      return algorithm == 1 ? filter / 4 + 20 : algorithm == 2 ? image
          : algorithm == 6 ? 16 * filter : algorithm == 7 ? nonFused : 0;
    case Direction::DATA:
      return algorithm == 1 ? filter + 4 : algorithm == 4 ? 16 * filter
          : algorithm == 5 ? nonFused : 0;
    case Direction::FILTER:
      return algorithm == 1 ? filter + 36 : algorithm == 3 ? filter * 2
          : algorithm == 5 ? nonFused : 0;
  }
  return 0;
}

bool isDeterministic(Direction direction, int algorithm) {
  return direction == Direction::FORWARD || (direction == Direction::DATA && algorithm != 0)
      || (direction == Direction::FILTER && algorithm != 0 && algorithm != 3);
}

bool hasTensorCores(Direction direction, int algorithm) {
  return algorithm == 1 || algorithm == (direction == Direction::FORWARD ? 7 : 5);
}

}  // namespace standin

using namespace standin;

STANDIN_API int cudnnGetConvolutionForwardAlgorithm_v7(
    void* h, void* x, void* w, void* c, void* y, int requested, int* returned, void* results) {
  return get(Direction::FORWARD, GET_NAMES, h, x, w, c, y, requested, returned, results);
}

STANDIN_API int cudnnGetConvolutionBackwardDataAlgorithm_v7(
    void* h, void* w, void* dy, void* c, void* dx, int requested, int* returned, void* results) {
  return get(Direction::DATA, GET_NAMES, h, dx, w, c, dy, requested, returned, results);
}

STANDIN_API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(
    void* h, void* x, void* dy, void* c, void* dw, int requested, int* returned, void* results) {
  return get(Direction::FILTER, GET_NAMES, h, x, dw, c, dy, requested, returned, results);
}

STANDIN_API int cudnnFindConvolutionForwardAlgorithm(
    void* h, void* x, void* w, void* c, void* y, int requested, int* returned, void* results) {
  return get(Direction::FORWARD, FIND_NAMES, h, x, w, c, y, requested, returned, results);
}

STANDIN_API int cudnnFindConvolutionBackwardDataAlgorithm(
    void* h, void* w, void* dy, void* c, void* dx, int requested, int* returned, void* results) {
  return get(Direction::DATA, FIND_NAMES, h, dx, w, c, dy, requested, returned, results);
}

STANDIN_API int cudnnFindConvolutionBackwardFilterAlgorithm(
    void* h, void* x, void* dy, void* c, void* dw, int requested, int* returned, void* results) {
  return get(Direction::FILTER, FIND_NAMES, h, x, dw, c, dy, requested, returned, results);
}

STANDIN_API int cudnnFindConvolutionForwardAlgorithmEx(
    void* h, void* x, const void* xp, void* w, const void* wp, void* c, void* y, void* yp,
    int requested, int* returned, void* results, void* ws, size_t bytes) {
  return findEx(Direction::FORWARD, h, x, xp, w, wp, c, y, yp, requested, returned, results, ws,
                bytes);
}

STANDIN_API int cudnnFindConvolutionBackwardDataAlgorithmEx(
    void* h, void* w, const void* wp, void* dy, const void* dyp, void* c, void* dx, void* dxp,
    int requested, int* returned, void* results, void* ws, size_t bytes) {
  return findEx(Direction::DATA, h, dx, dxp, w, wp, c, dy, dyp, requested, returned, results, ws,
                bytes);
}

STANDIN_API int cudnnFindConvolutionBackwardFilterAlgorithmEx(
    void* h, void* x, const void* xp, void* dy, const void* dyp, void* c, void* dw, void* dwp,
    int requested, int* returned, void* results, void* ws, size_t bytes) {
  return findEx(Direction::FILTER, h, x, xp, dw, dwp, c, dy, dyp, requested, returned, results, ws,
                bytes);
}

STANDIN_API int cudnnGetConvolutionForwardWorkspaceSize(
    void* h, void* x, void* w, void* c, void* y, int algorithm, size_t* bytes) {
  return workspace(Direction::FORWARD, h, x, w, c, y, algorithm, bytes);
}

STANDIN_API int cudnnGetConvolutionBackwardDataWorkspaceSize(
    void* h, void* w, void* dy, void* c, void* dx, int algorithm, size_t* bytes) {
  return workspace(Direction::DATA, h, dx, w, c, dy, algorithm, bytes);
}

STANDIN_API int cudnnGetConvolutionBackwardFilterWorkspaceSize(
    void* h, void* x, void* dy, void* c, void* dw, int algorithm, size_t* bytes) {
  return workspace(Direction::FILTER, h, x, dw, c, dy, algorithm, bytes);
}
