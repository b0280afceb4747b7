// The three convolutions and the bias gradient, image by image as matrix products.
#include <algorithm>

#include "cudnn_algorithms.h"

using namespace standin;

namespace {

// Imitates an algorithm without a fixed summation order: each call splits its sums elsewhere.
long disorder;

// The operands of one convolution, as rows without gaps whatever the layout.
struct Work {
  ConvolutionShapes shapes;
  bool tf32;

  long patch() const { return shapes.w.c * shapes.w.h * shapes.w.w; }
  long pixels() const { return shapes.y.h * shapes.y.w; }
  float read(float value) const { return tf32 ? toTf32(value) : value; }

  // w as (K, C R S).
  std::vector<float> filter(const float* w) const {
    const Shape4& f = shapes.w;
    std::vector<float> rows(f.count());
    long i = 0;
    for (long k = 0; k < f.n; k++) {
      for (long c = 0; c < f.c; c++) {
        for (long r = 0; r < f.h; r++) {
          for (long s = 0; s < f.w; s++) rows[i++] = read(w[f.at(k, c, r, s)]);
        }
      }
    }
    return rows;
  }

  // Image n of y or dy as (K, P Q).
  void image(const float* y, long n, std::vector<float>& rows) const {
    const Shape4& t = shapes.y;
    long i = 0;
    for (long k = 0; k < t.c; k++) {
      for (long p = 0; p < t.h; p++) {
        for (long q = 0; q < t.w; q++) rows[i++] = read(y[t.at(n, k, p, q)]);
      }
    }
  }

  // Calls visit(row of the patch, pixel, offset in image n of x) for all positions inside the image.
  template <class V>
  void forEachTap(long n, V visit) const {
    const Shape4 &x = shapes.x, &f = shapes.w, &y = shapes.y;
    const Convolution& c = shapes.convolution;
    for (long row = 0; row < patch(); row++) {
      const long s = row % f.w, r = row / f.w % f.h, channel = row / f.w / f.h;
      for (long p = 0; p < y.h; p++) {
        const long h = p * c.strideH - c.padH + r * c.dilationH;
        if (h < 0 || h >= x.h) continue;
        for (long q = 0; q < y.w; q++) {
          const long w = q * c.strideW - c.padW + s * c.dilationW;
          if (w >= 0 && w < x.w) visit(row, p * y.w + q, x.at(n, channel, h, w));
        }
      }
    }
  }

  // Image n of x as patches (C R S, P Q).
  void patches(const float* x, long n, std::vector<float>& columns) const {
    std::fill(columns.begin(), columns.end(), 0.0f);
    forEachTap(n, [&](long row, long pixel, long at) {
      columns[row * pixels() + pixel] = read(x[at]);
    });
  }
};

std::vector<float> transposed(const std::vector<float>& values, long rows, long columns) {
  std::vector<float> result(values.size());
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  }
  return result;
}

void forward(const Work& work, const float* x, const float* w, float* y, Scales scales) {
  const Shape4& out = work.shapes.y;
  const std::vector<float> filter = work.filter(w);
  std::vector<float> columns(work.patch() * work.pixels());
  std::vector<double> result(out.c * work.pixels());
  for (long n = 0; n < out.n; n++) {
    work.patches(x, n, columns);
    multiply(out.c, work.pixels(), work.patch(), filter.data(), columns.data(), result.data());
    for (long i = 0; i < (long) result.size(); i++) {
      const long q = i % out.w, p = i / out.w % out.h, k = i / out.w / out.h;
      blend(y + out.at(n, k, p, q), result[i], scales.alpha, scales.beta);
    }
  }
}

void backwardData(
    const Work& work, const float* w, const float* dy, float* dx, Scales scales, bool ordered) {
  const Shape4 &in = work.shapes.x, &out = work.shapes.y;
  const std::vector<float> filter = transposed(work.filter(w), out.c, work.patch());
  const long cut = ordered ? 0 : ++disorder % 7 + 1;
  std::vector<float> gradient(out.c * work.pixels());
  std::vector<double> columns(work.patch() * work.pixels());
  std::vector<double> sums(in.n * in.sn);
  for (long n = 0; n < in.n; n++) {
    work.image(dy, n, gradient);
    multiply(work.patch(), work.pixels(), out.c, filter.data(), gradient.data(), columns.data());
    work.forEachTap(n, [&](long row, long pixel, long at) {
      sums[at] += columns[row * work.pixels() + pixel];
      if (cut && row % cut == 0) sums[at] = (float) sums[at];
    });
    for (long i = n * in.sn; i < (n + 1) * in.sn; i++) {
      blend(dx + i, sums[i], scales.alpha, scales.beta);
    }
  }
}

void backwardFilter(
    const Work& work, const float* x, const float* dy, float* dw, Scales scales, bool ordered) {
  const Shape4 &out = work.shapes.y, &filter = work.shapes.w;
  const long cut = ordered ? 0 : ++disorder;
  std::vector<float> columns(work.patch() * work.pixels()), gradient(out.c * work.pixels());
  std::vector<double> product(filter.count()), sums(filter.count());
  for (long i = 0; i < out.n; i++) {
    const long n = (i + cut) % out.n;
    work.patches(x, n, columns);
    work.image(dy, n, gradient);
    const std::vector<float> pixelsByPatch = transposed(columns, work.patch(), work.pixels());
    multiply(out.c, work.patch(), work.pixels(), gradient.data(), pixelsByPatch.data(),
             product.data());
    for (size_t j = 0; j < sums.size(); j++) {
      sums[j] += product[j];
      if (cut) sums[j] = (float) sums[j];
    }
  }
  long i = 0;
  for (long k = 0; k < filter.n; k++) {
    for (long c = 0; c < filter.c; c++) {
      for (long r = 0; r < filter.h; r++) {
        for (long s = 0; s < filter.w; s++) {
          blend(dw + filter.at(k, c, r, s), sums[i++], scales.alpha, scales.beta);
        }
      }
    }
  }
}

struct Arguments {
  void *handle, *x, *w, *y, *convolution;
  const void *xp, *wp, *yp, *alpha, *beta;
  int algorithm;
  void* workspace;
  size_t workspaceBytes;
};

int convolve(Direction direction, const char* function, const Arguments& a) {
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, a.handle);
  auto* x = find<Tensor>(function, a.x);
  auto* w = find<Filter>(function, a.w);
  auto* y = find<Tensor>(function, a.y);
  auto* convolution = find<Convolution>(function, a.convolution);
  if (!handle || !x || !w || !y || !convolution) return DNN_BAD_PARAM;
  Work work = {};
  Scales scales;
  if (const int e = checkShapes(function, *x, *w, *convolution, *y, &work.shapes)) return e;
  if (const int e = readScales(function, a.alpha, a.beta, &scales)) return e;
  if (!isSupported(direction, a.algorithm, work.shapes)) {
    return reject(DNN_NOT_SUPPORTED, "%s: algorithm %d", function, a.algorithm);
  }
  const size_t needed = workspaceBytes(direction, a.algorithm, work.shapes);
  if (a.workspaceBytes < needed) {
    return reject(DNN_SIZE_INSUFFICIENT, "%s: algorithm %d needs %zu bytes of workspace, not %zu",
                  function, a.algorithm, needed, a.workspaceBytes);
  }
  work.tf32 = convolution->math != 3 && hasTensorCores(direction, a.algorithm);
  const Operand ox = {"x", a.xp, work.shapes.x.bytes(), direction == Direction::DATA};
  const Operand ow = {"w", a.wp, work.shapes.w.bytes(), direction == Direction::FILTER};
  const Operand oy = {"y", a.yp, work.shapes.y.bytes(), direction == Direction::FORWARD};
  const Operand workspace = {"the workspace", a.workspace, needed, true};
  if (const int e = checkOperands(function, {ox, ow, oy, workspace})) return e;
  const bool ordered = isDeterministic(direction, a.algorithm);
  enqueueOn(handle, function, {ox, ow, oy, workspace}, [=] {
    // The algorithm leaves garbage in the workspace it needs.
    if (needed) memset(a.workspace, 0xff, needed);
    auto *px = (float*) a.xp, *pw = (float*) a.wp, *py = (float*) a.yp;
    switch (direction) {
      case Direction::FORWARD: return forward(work, px, pw, py, scales);
      case Direction::DATA: return backwardData(work, pw, py, px, scales, ordered);
      case Direction::FILTER: return backwardFilter(work, px, py, pw, scales, ordered);
    }
  });
  return DNN_OK;
}

}  // namespace

STANDIN_API int cudnnConvolutionForward(
    void* h, const void* alpha, void* x, const void* xp, void* w, const void* wp, void* c,
    int algorithm, void* workspace, size_t bytes, const void* beta, void* y, void* yp) {
  return convolve(Direction::FORWARD, "cudnnConvolutionForward",
                  {h, x, w, y, c, xp, wp, yp, alpha, beta, algorithm, workspace, bytes});
}

STANDIN_API int cudnnConvolutionBackwardData(
    void* h, const void* alpha, void* w, const void* wp, void* dy, const void* dyp, void* c,
    int algorithm, void* workspace, size_t bytes, const void* beta, void* dx, void* dxp) {
  return convolve(Direction::DATA, "cudnnConvolutionBackwardData",
                  {h, dx, w, dy, c, dxp, wp, dyp, alpha, beta, algorithm, workspace, bytes});
}

STANDIN_API int cudnnConvolutionBackwardFilter(
    void* h, const void* alpha, void* x, const void* xp, void* dy, const void* dyp, void* c,
    int algorithm, void* workspace, size_t bytes, const void* beta, void* dw, void* dwp) {
  return convolve(Direction::FILTER, "cudnnConvolutionBackwardFilter",
                  {h, x, dw, dy, c, xp, dwp, dyp, alpha, beta, algorithm, workspace, bytes});
}

STANDIN_API int cudnnConvolutionBackwardBias(
    void* h, const void* alpha, void* dy, const void* dyp, const void* beta, void* db, void* dbp) {
  const char* function = "cudnnConvolutionBackwardBias";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* ty = find<Tensor>(function, dy);
  auto* tb = find<Tensor>(function, db);
  Scales scales;
  if (!handle || !ty || !tb) return DNN_BAD_PARAM;
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const Shape4 y = ty->shape, b = tb->shape;
  if (b.n != 1 || b.c != y.c || b.h != 1 || b.w != 1) {
    return reject(DNN_SHAPE_MISMATCH, "%s: db is not 1x%ldx1x1", function, y.c);
  }
  const Operand in = {"dy", dyp, y.bytes(), false}, out = {"db", dbp, b.bytes(), true};
  if (const int e = checkOperands(function, {in, out})) return e;
  enqueueOn(handle, function, {in, out}, [=] {
    for (long k = 0; k < y.c; k++) {
      double sum = 0;
      for (long n = 0; n < y.n; n++) {
        for (long p = 0; p < y.h; p++) {
          for (long q = 0; q < y.w; q++) sum += ((const float*) dyp)[y.at(n, k, p, q)];
        }
      }
      blend((float*) dbp + b.at(0, k, 0, 0), sum, scales.alpha, scales.beta);
    }
  });
  return DNN_OK;
}
