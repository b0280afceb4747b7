// Max pooling, ReLU and the addition of a bias.
#include "cudnn.h"

using namespace standin;

namespace {

// Calls visit(n, c, p, q, the offset of the window's first maximum in x) for each window.
template <class V>
void forEachWindow(const Pooling& pooling, const Shape4& x, const Shape4& y, const float* px, V visit) {
  for (long n = 0; n < y.n; n++) {
    for (long c = 0; c < y.c; c++) {
      for (long p = 0; p < y.h; p++) {
        for (long q = 0; q < y.w; q++) {
          long best = -1;
          for (long r = 0; r < pooling.windowH; r++) {
            for (long s = 0; s < pooling.windowW; s++) {
              const long h = p * pooling.strideH - pooling.padH + r;
              const long w = q * pooling.strideW - pooling.padW + s;
              if (h < 0 || h >= x.h || w < 0 || w >= x.w) continue;
              const long at = x.at(n, c, h, w);
              if (best < 0 || px[at] > px[best] || (px[at] != px[at] && px[best] == px[best])) {
                best = at;
              }
            }
          }
          visit(y.at(n, c, p, q), best);
        }
      }
    }
  }
}

int checkPooling(const char* function, const Pooling& pooling, const Shape4& x, const Shape4& y) {
  const long p = (x.h + 2 * pooling.padH - pooling.windowH) / pooling.strideH + 1;
  const long q = (x.w + 2 * pooling.padW - pooling.windowW) / pooling.strideW + 1;
  if (y.n != x.n || y.c != x.c || y.h != p || y.w != q) {
    return reject(DNN_SHAPE_MISMATCH, "%s: y is %ldx%ldx%ldx%ld, not %ldx%ldx%ldx%ld", function, y.n,
                  y.c, y.h, y.w, x.n, x.c, p, q);
  }
  return DNN_OK;
}

bool samePlaces(const Shape4& a, const Shape4& b) { return a.sameSizes(b) && a.sc == b.sc; }

}  // namespace

STANDIN_API int cudnnPoolingForward(
    void* h, void* pd, const void* alpha, void* xd, const void* xp, const void* beta, void* yd,
    void* yp) {
  const char* function = "cudnnPoolingForward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* pooling = find<Pooling>(function, pd);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  Scales scales;
  if (!handle || !pooling || !tx || !ty) return DNN_BAD_PARAM;
  const Shape4 x = tx->shape, y = ty->shape;
  if (const int e = checkPooling(function, *pooling, x, y)) return e;
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const auto operands = {Operand{"x", xp, x.bytes(), false}, Operand{"y", yp, y.bytes(), true}};
  if (const int e = checkOperands(function, operands)) return e;
  const Pooling p = *pooling;
  enqueueOn(handle, function, operands, [=] {
    const float* px = (const float*) xp;
    forEachWindow(p, x, y, px, [&](long at, long best) {
      blend((float*) yp + at, px[best], scales.alpha, scales.beta);
    });
  });
  return DNN_OK;
}

STANDIN_API int cudnnPoolingBackward(
    void* h, void* pd, const void* alpha, void* yd, const void* yp, void* dyd, const void* dyp,
    void* xd, const void* xp, const void* beta, void* dxd, void* dxp) {
  const char* function = "cudnnPoolingBackward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* pooling = find<Pooling>(function, pd);
  auto* ty = find<Tensor>(function, yd);
  auto* tdy = find<Tensor>(function, dyd);
  auto* tx = find<Tensor>(function, xd);
  auto* tdx = find<Tensor>(function, dxd);
  Scales scales;
  if (!handle || !pooling || !ty || !tdy || !tx || !tdx) return DNN_BAD_PARAM;
  const Shape4 x = tx->shape, y = ty->shape;
  if (const int e = checkPooling(function, *pooling, x, y)) return e;
  if (!samePlaces(y, tdy->shape) || !samePlaces(x, tdx->shape)) {
    return reject(DNN_SHAPE_MISMATCH, "%s: a gradient differs from its tensor", function);
  }
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const auto operands = {Operand{"y", yp, y.bytes(), false}, Operand{"dy", dyp, y.bytes(), false},
                         Operand{"x", xp, x.bytes(), false}, Operand{"dx", dxp, x.bytes(), true}};
  if (const int e = checkOperands(function, operands)) return e;
  const Pooling p = *pooling;
  enqueueOn(handle, function, operands, [=] {
    std::vector<double> sums(x.count());
    forEachWindow(p, x, y, (const float*) xp, [&](long at, long best) {
      sums[best] += ((const float*) dyp)[at];
    });
    for (long i = 0; i < x.count(); i++) {
      blend((float*) dxp + i, sums[i], scales.alpha, scales.beta);
    }
  });
  return DNN_OK;
}

// y may be x.
STANDIN_API int cudnnActivationForward(
    void* h, void* ad, const void* alpha, void* xd, const void* xp, const void* beta, void* yd,
    void* yp) {
  const char* function = "cudnnActivationForward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* activation = find<Activation>(function, ad);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  Scales scales;
  if (!handle || !activation || !tx || !ty) return DNN_BAD_PARAM;
  const Shape4 x = tx->shape;
  if (!samePlaces(x, ty->shape)) {
    return reject(DNN_SHAPE_MISMATCH, "%s: y differs from x", function);
  }
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const auto operands = {Operand{"x", xp, x.bytes(), false}, Operand{"y", yp, x.bytes(), true}};
  if (const int e = checkOperands(function, operands, true)) return e;
  enqueueOn(handle, function, operands, [=] {
    for (long i = 0; i < x.count(); i++) {
      const float v = ((const float*) xp)[i];
      blend((float*) yp + i, v <= 0 ? 0 : v, scales.alpha, scales.beta);
    }
  });
  return DNN_OK;
}

// dx may be dy.
STANDIN_API int cudnnActivationBackward(
    void* h, void* ad, const void* alpha, void* yd, const void* yp, void* dyd, const void* dyp,
    void* xd, const void* xp, const void* beta, void* dxd, void* dxp) {
  const char* function = "cudnnActivationBackward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* activation = find<Activation>(function, ad);
  auto* ty = find<Tensor>(function, yd);
  auto* tdy = find<Tensor>(function, dyd);
  auto* tx = find<Tensor>(function, xd);
  auto* tdx = find<Tensor>(function, dxd);
  Scales scales;
  if (!handle || !activation || !ty || !tdy || !tx || !tdx) return DNN_BAD_PARAM;
  const Shape4 x = tx->shape;
  for (const Tensor* other : {ty, tdy, tdx}) {
    if (!samePlaces(x, other->shape)) {
      return reject(DNN_SHAPE_MISMATCH, "%s: the tensors differ", function);
    }
  }
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const size_t bytes = x.bytes();
  const auto operands = {Operand{"y", yp, bytes, false}, Operand{"dy", dyp, bytes, false},
                         Operand{"x", xp, bytes, false}, Operand{"dx", dxp, bytes, true}};
  if (const int e = checkOperands(function, operands, true)) return e;
  enqueueOn(handle, function, operands, [=] {
    for (long i = 0; i < x.count(); i++) {
      const float gradient = ((const float*) yp)[i] > 0 ? ((const float*) dyp)[i] : 0;
      blend((float*) dxp + i, gradient, scales.alpha, scales.beta);
    }
  });
  return DNN_OK;
}

// c = alpha a + beta c, where a's sizes are c's or 1.
STANDIN_API int cudnnAddTensor(
    void* h, const void* alpha, void* ad, const void* ap, const void* beta, void* cd, void* cp) {
  const char* function = "cudnnAddTensor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* ta = find<Tensor>(function, ad);
  auto* tc = find<Tensor>(function, cd);
  Scales scales;
  if (!handle || !ta || !tc) return DNN_BAD_PARAM;
  const Shape4 a = ta->shape, c = tc->shape;
  if ((a.n != c.n && a.n != 1) || (a.c != c.c && a.c != 1) || (a.h != c.h && a.h != 1)
      || (a.w != c.w && a.w != 1)) {
    return reject(DNN_SHAPE_MISMATCH, "%s: A cannot be spread over C", function);
  }
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const auto operands = {Operand{"A", ap, a.bytes(), false}, Operand{"C", cp, c.bytes(), true}};
  if (const int e = checkOperands(function, operands)) return e;
  enqueueOn(handle, function, operands, [=] {
    for (long n = 0; n < c.n; n++) {
      for (long k = 0; k < c.c; k++) {
        for (long p = 0; p < c.h; p++) {
          for (long q = 0; q < c.w; q++) {
            const long from = a.at(a.n > 1 ? n : 0, a.c > 1 ? k : 0, a.h > 1 ? p : 0, a.w > 1 ? q : 0);
            blend((float*) cp + c.at(n, k, p, q), ((const float*) ap)[from], scales.alpha, scales.beta);
          }
        }
      }
    }
  });
  return DNN_OK;
}
