// Batch normalization over (N, H, W) and local response normalization across channels.
#include <algorithm>
#include <cmath>

#include "cudnn.h"

using namespace standin;

namespace {

enum { SPATIAL = 1, SPATIAL_PERSISTENT = 2 };

struct Channels {
  Shape4 x;
  long perChannel() const { return x.n * x.h * x.w; }

  template <class V>
  void forEach(long c, V visit) const {
    for (long n = 0; n < x.n; n++) {
      for (long h = 0; h < x.h; h++) {
        for (long w = 0; w < x.w; w++) visit(x.at(n, c, h, w));
      }
    }
  }
};

// The checks that all three functions of batch norm share.
int checkBatchNorm(
    const char* function, int mode, const Tensor& x, const Tensor& y, const Tensor& parameters,
    double epsilon) {
  if (mode != SPATIAL && mode != SPATIAL_PERSISTENT) {
    return reject(DNN_NOT_SUPPORTED, "%s: mode %d", function, mode);
  }
  if (!(epsilon >= 0)) return reject(DNN_BAD_PARAM, "%s: epsilon %g", function, epsilon);
  const Shape4 &p = parameters.shape, &s = x.shape;
  if (!s.sameSizes(y.shape) || s.sc != y.shape.sc) {
    return reject(DNN_SHAPE_MISMATCH, "%s: the tensors differ in size or layout", function);
  }
  if (p.n != 1 || p.c != s.c || p.h != 1 || p.w != 1) {
    return reject(DNN_SHAPE_MISMATCH, "%s: the parameters are not 1x%ldx1x1", function, s.c);
  }
  return DNN_OK;
}

}  // namespace

STANDIN_API int cudnnDeriveBNTensorDescriptor(void* derived, void* x, int mode) {
  const char* function = "cudnnDeriveBNTensorDescriptor";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* from = find<Tensor>(function, x);
  if (!from) return DNN_BAD_PARAM;
  if (mode != SPATIAL && mode != SPATIAL_PERSISTENT) {
    return reject(DNN_NOT_SUPPORTED, "%s: mode %d", function, mode);
  }
  auto* into = findToSet<Tensor>(function, derived);
  if (!into) return DNN_BAD_PARAM;
  into->shape = packed(FORMAT_NCHW, 1, from->shape.c, 1, 1);
  into->isSet = true;
  return DNN_OK;
}

STANDIN_API int cudnnBatchNormalizationForwardTraining(
    void* h, int mode, const void* alpha, const void* beta, void* xd, const void* xp, void* yd,
    void* yp, void* pd, const void* gamma, const void* shift, double factor, void* runningMean,
    void* runningVar, double epsilon, void* savedMean, void* savedInvVar) {
  const char* function = "cudnnBatchNormalizationForwardTraining";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  auto* tp = find<Tensor>(function, pd);
  Scales scales;
  if (!handle || !tx || !ty || !tp) return DNN_BAD_PARAM;
  if (const int e = checkBatchNorm(function, mode, *tx, *ty, *tp, epsilon)) return e;
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  if (!runningMean != !runningVar || !savedMean != !savedInvVar) {
    return reject(DNN_BAD_PARAM, "%s: only one of a pair of statistics is null", function);
  }
  const Channels all = {tx->shape};
  const size_t bytes = all.x.bytes(), channelBytes = 4 * (size_t) all.x.c;
  const size_t runningBytes = runningMean ? channelBytes : 0, savedBytes = savedMean ? channelBytes : 0;
  const auto operands = {Operand{"x", xp, bytes, false}, Operand{"y", yp, bytes, true},
                         Operand{"gamma", gamma, channelBytes, false},
                         Operand{"beta", shift, channelBytes, false},
                         Operand{"the running mean", runningMean, runningBytes, true},
                         Operand{"the running variance", runningVar, runningBytes, true},
                         Operand{"the saved mean", savedMean, savedBytes, true},
                         Operand{"the saved variance", savedInvVar, savedBytes, true}};
  if (const int e = checkOperands(function, operands)) return e;
  enqueueOn(handle, function, operands, [=] {
    const float* x = (const float*) xp;
    const double count = (double) all.perChannel();
    for (long c = 0; c < all.x.c; c++) {
      double sum = 0, squares = 0;
      all.forEach(c, [&](long i) { sum += x[i]; });
      const double mean = sum / count;
      all.forEach(c, [&](long i) { squares += (x[i] - mean) * (x[i] - mean); });
      const double variance = squares / count, inverse = 1 / std::sqrt(variance + epsilon);
      const double g = ((const float*) gamma)[c], b = ((const float*) shift)[c];
      all.forEach(c, [&](long i) {
        blend((float*) yp + i, (x[i] - mean) * inverse * g + b, scales.alpha, scales.beta);
      });
      if (runningMean) {
        float &m = ((float*) runningMean)[c], &v = ((float*) runningVar)[c];
        const double unbiased = count > 1 ? squares / (count - 1) : variance;
        m = (float) ((1 - factor) * m + factor * mean);
        v = (float) ((1 - factor) * v + factor * unbiased);
      }
      if (savedMean) {
        ((float*) savedMean)[c] = (float) mean;
        ((float*) savedInvVar)[c] = (float) inverse;
      }
    }
  });
  return DNN_OK;
}

STANDIN_API int cudnnBatchNormalizationForwardInference(
    void* h, int mode, const void* alpha, const void* beta, void* xd, const void* xp, void* yd,
    void* yp, void* pd, const void* gamma, const void* shift, const void* mean, const void* variance,
    double epsilon) {
  const char* function = "cudnnBatchNormalizationForwardInference";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  auto* tp = find<Tensor>(function, pd);
  Scales scales;
  if (!handle || !tx || !ty || !tp) return DNN_BAD_PARAM;
  if (const int e = checkBatchNorm(function, mode, *tx, *ty, *tp, epsilon)) return e;
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const Channels all = {tx->shape};
  const size_t bytes = all.x.bytes(), channelBytes = 4 * (size_t) all.x.c;
  const auto operands = {Operand{"x", xp, bytes, false}, Operand{"y", yp, bytes, true},
                         Operand{"gamma", gamma, channelBytes, false},
                         Operand{"beta", shift, channelBytes, false},
                         Operand{"the mean", mean, channelBytes, false},
                         Operand{"the variance", variance, channelBytes, false}};
  if (const int e = checkOperands(function, operands, true)) return e;
  enqueueOn(handle, function, operands, [=] {
    for (long c = 0; c < all.x.c; c++) {
      const double m = ((const float*) mean)[c], v = ((const float*) variance)[c];
      const double scale = ((const float*) gamma)[c] / std::sqrt(v + epsilon);
      const double b = ((const float*) shift)[c];
      all.forEach(c, [&](long i) {
        blend((float*) yp + i, (((const float*) xp)[i] - m) * scale + b, scales.alpha, scales.beta);
      });
    }
  });
  return DNN_OK;
}

STANDIN_API int cudnnBatchNormalizationBackward(
    void* h, int mode, const void* alphaData, const void* betaData, const void* alphaParameters,
    const void* betaParameters, void* xd, const void* xp, void* dyd, const void* dyp, void* dxd,
    void* dxp, void* pd, const void* gamma, void* dgamma, void* dbeta, double epsilon,
    const void* savedMean, const void* savedInvVar) {
  const char* function = "cudnnBatchNormalizationBackward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* tx = find<Tensor>(function, xd);
  auto* tdy = find<Tensor>(function, dyd);
  auto* tdx = find<Tensor>(function, dxd);
  auto* tp = find<Tensor>(function, pd);
  Scales data, parameters;
  if (!handle || !tx || !tdy || !tdx || !tp) return DNN_BAD_PARAM;
  if (const int e = checkBatchNorm(function, mode, *tx, *tdy, *tp, epsilon)) return e;
  if (const int e = checkBatchNorm(function, mode, *tx, *tdx, *tp, epsilon)) return e;
  if (const int e = readScales(function, alphaData, betaData, &data)) return e;
  if (const int e = readScales(function, alphaParameters, betaParameters, &parameters)) return e;
  if (!savedMean != !savedInvVar) {
    return reject(DNN_BAD_PARAM, "%s: only one of the saved statistics is null", function);
  }
  const Channels all = {tx->shape};
  const size_t bytes = all.x.bytes(), channelBytes = 4 * (size_t) all.x.c;
  const size_t savedBytes = savedMean ? channelBytes : 0;
  const auto operands = {Operand{"x", xp, bytes, false}, Operand{"dy", dyp, bytes, false},
                         Operand{"dx", dxp, bytes, true},
                         Operand{"gamma", gamma, channelBytes, false},
                         Operand{"dgamma", dgamma, channelBytes, true},
                         Operand{"dbeta", dbeta, channelBytes, true},
                         Operand{"the saved mean", savedMean, savedBytes, false},
                         Operand{"the saved variance", savedInvVar, savedBytes, false}};
  if (const int e = checkOperands(function, operands, true)) return e;
  enqueueOn(handle, function, operands, [=] {
    const float *x = (const float*) xp, *dy = (const float*) dyp;
    const double count = (double) all.perChannel();
    for (long c = 0; c < all.x.c; c++) {
      double mean = 0, inverse = 0;
      if (savedMean) {
        mean = ((const float*) savedMean)[c];
        inverse = ((const float*) savedInvVar)[c];
      } else {
        double squares = 0;
        all.forEach(c, [&](long i) { mean += x[i] / count; });
        all.forEach(c, [&](long i) { squares += (x[i] - mean) * (x[i] - mean); });
        inverse = 1 / std::sqrt(squares / count + epsilon);
      }
      double sum = 0, product = 0;
      all.forEach(c, [&](long i) {
        sum += dy[i];
        product += dy[i] * (x[i] - mean) * inverse;
      });
      const double g = ((const float*) gamma)[c];
      all.forEach(c, [&](long i) {
        const double normalised = (x[i] - mean) * inverse;
        blend((float*) dxp + i, g * inverse * (dy[i] - sum / count - normalised * product / count),
              data.alpha, data.beta);
      });
      blend((float*) dgamma + c, product, parameters.alpha, parameters.beta);
      blend((float*) dbeta + c, sum, parameters.alpha, parameters.beta);
    }
  });
  return DNN_OK;
}

namespace {

struct Window {
  Shape4 x;
  Lrn lrn;
  long low(long c) const { return c < lrn.size / 2 ? 0 : c - lrn.size / 2; }
  long high(long c) const { return std::min(x.c - 1, c + lrn.size / 2); }

  // k + alpha / size * the sum of squares around channel c.
  double base(const float* p, long n, long c, long h, long w) const {
    double sum = 0;
    for (long i = low(c); i <= high(c); i++) {
      const double v = p[x.at(n, i, h, w)];
      sum += v * v;
    }
    return lrn.k + lrn.alpha / lrn.size * sum;
  }

  template <class V>
  void forEach(V visit) const {
    for (long n = 0; n < x.n; n++) {
      for (long c = 0; c < x.c; c++) {
        for (long h = 0; h < x.h; h++) {
          for (long w = 0; w < x.w; w++) visit(n, c, h, w);
        }
      }
    }
  }
};

int checkLrn(const char* function, int mode, const Lrn& lrn, const Tensor& x, const Tensor& y) {
  if (mode != 0 || lrn.size % 2 == 0) {
    return reject(DNN_NOT_SUPPORTED, "%s: mode %d, size %d", function, mode, lrn.size);
  }
  if (!x.shape.sameSizes(y.shape) || x.shape.sc != y.shape.sc) {
    return reject(DNN_SHAPE_MISMATCH, "%s: the tensors differ in size or layout", function);
  }
  return DNN_OK;
}

}  // namespace

STANDIN_API int cudnnLRNCrossChannelForward(
    void* h, void* ld, int mode, const void* alpha, void* xd, const void* xp, const void* beta,
    void* yd, void* yp) {
  const char* function = "cudnnLRNCrossChannelForward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* lrn = find<Lrn>(function, ld);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  Scales scales;
  if (!handle || !lrn || !tx || !ty) return DNN_BAD_PARAM;
  if (const int e = checkLrn(function, mode, *lrn, *tx, *ty)) return e;
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const Window window = {tx->shape, *lrn};
  const auto operands = {Operand{"x", xp, window.x.bytes(), false},
                         Operand{"y", yp, window.x.bytes(), true}};
  if (const int e = checkOperands(function, operands)) return e;
  enqueueOn(handle, function, operands, [=] {
    const float* x = (const float*) xp;
    window.forEach([&](long n, long c, long i, long j) {
      const long at = window.x.at(n, c, i, j);
      const double scale = std::pow(window.base(x, n, c, i, j), -window.lrn.beta);
      blend((float*) yp + at, x[at] * scale, scales.alpha, scales.beta);
    });
  });
  return DNN_OK;
}

STANDIN_API int cudnnLRNCrossChannelBackward(
    void* h, void* ld, int mode, const void* alpha, void* yd, const void* yp, void* dyd,
    const void* dyp, void* xd, const void* xp, const void* beta, void* dxd, void* dxp) {
  const char* function = "cudnnLRNCrossChannelBackward";
  Call call(Library::CUDNN, function);
  if (call.status()) return call.status();
  auto* handle = find<DnnHandle>(function, h);
  auto* lrn = find<Lrn>(function, ld);
  auto* tx = find<Tensor>(function, xd);
  auto* ty = find<Tensor>(function, yd);
  auto* tdy = find<Tensor>(function, dyd);
  auto* tdx = find<Tensor>(function, dxd);
  Scales scales;
  if (!handle || !lrn || !tx || !ty || !tdy || !tdx) return DNN_BAD_PARAM;
  for (const Tensor* other : {ty, tdy, tdx}) {
    if (const int e = checkLrn(function, mode, *lrn, *tx, *other)) return e;
  }
  if (const int e = readScales(function, alpha, beta, &scales)) return e;
  const Window window = {tx->shape, *lrn};
  const size_t bytes = window.x.bytes();
  const auto operands = {Operand{"y", yp, bytes, false}, Operand{"dy", dyp, bytes, false},
                         Operand{"x", xp, bytes, false}, Operand{"dx", dxp, bytes, true}};
  if (const int e = checkOperands(function, operands)) return e;
  enqueueOn(handle, function, operands, [=] {
    const float *x = (const float*) xp, *y = (const float*) yp, *dy = (const float*) dyp;
    const double factor = 2 * window.lrn.alpha * window.lrn.beta / window.lrn.size;
    window.forEach([&](long n, long c, long i, long j) {
      const long at = window.x.at(n, c, i, j);
      double sum = 0;  // over the windows that contain c: the same channels, since the size is odd
      for (long o = window.low(c); o <= window.high(c); o++) {
        const long other = window.x.at(n, o, i, j);
        sum += (double) dy[other] * y[other] / window.base(x, n, o, i, j);
      }
      const double own = dy[at] * std::pow(window.base(x, n, c, i, j), -window.lrn.beta);
      blend((float*) dxp + at, own - factor * x[at] * sum, scales.alpha, scales.beta);
    });
  });
  return DNN_OK;
}
