<<<<<<< HEAD
// cuDNN's and NVRTC's operations against plain loops in double.
=======
// cuBLAS's and NVRTC's operations against plain loops in double.
>>>>>>> standin
#include "check.h"

extern "C" {
<<<<<<< HEAD
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnCreateTensorDescriptor(void**);
int cudnnCreateFilterDescriptor(void**);
int cudnnCreateConvolutionDescriptor(void**);
int cudnnCreatePoolingDescriptor(void**);
int cudnnCreateLRNDescriptor(void**);
int cudnnDestroyTensorDescriptor(void*);
int cudnnDestroyFilterDescriptor(void*);
int cudnnDestroyConvolutionDescriptor(void*);
int cudnnDestroyPoolingDescriptor(void*);
int cudnnDestroyLRNDescriptor(void*);
int cudnnSetTensor4dDescriptor(void*, int, int, int, int, int, int);
int cudnnSetFilter4dDescriptor(void*, int, int, int, int, int, int);
int cudnnSetConvolution2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnSetConvolutionMathType(void*, int);
int cudnnSetPooling2dDescriptor(void*, int, int, int, int, int, int, int, int);
int cudnnSetLRNDescriptor(void*, unsigned, double, double, double);
int cudnnGetConvolutionForwardWorkspaceSize(void*, void*, void*, void*, void*, int, size_t*);
int cudnnGetConvolutionBackwardDataWorkspaceSize(void*, void*, void*, void*, void*, int, size_t*);
int cudnnGetConvolutionBackwardFilterWorkspaceSize(void*, void*, void*, void*, void*, int, size_t*);
int cudnnConvolutionForward(void*, const void*, void*, const void*, void*, const void*, void*, int,
                            void*, size_t, const void*, void*, void*);
int cudnnConvolutionBackwardData(void*, const void*, void*, const void*, void*, const void*, void*,
                                 int, void*, size_t, const void*, void*, void*);
int cudnnConvolutionBackwardFilter(void*, const void*, void*, const void*, void*, const void*, void*,
                                   int, void*, size_t, const void*, void*, void*);
int cudnnPoolingForward(void*, void*, const void*, void*, const void*, const void*, void*, void*);
int cudnnPoolingBackward(void*, void*, const void*, void*, const void*, void*, const void*, void*,
                         const void*, const void*, void*, void*);
int cudnnLRNCrossChannelForward(void*, void*, int, const void*, void*, const void*, const void*,
                                void*, void*);
int cudnnLRNCrossChannelBackward(void*, void*, int, const void*, void*, const void*, void*,
                                 const void*, void*, const void*, const void*, void*, void*);
int cudnnBatchNormalizationForwardTraining(
    void*, int, const void*, const void*, void*, const void*, void*, void*, void*, const void*,
    const void*, double, void*, void*, double, void*, void*);
int cudnnBatchNormalizationBackward(
    void*, int, const void*, const void*, const void*, const void*, void*, const void*, void*,
    const void*, void*, void*, void*, const void*, void*, void*, double, const void*, const void*);
=======
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*,
                   int, const float*, float*, int);
>>>>>>> standin
int nvrtcCreateProgram(void**, const char*, const char*, int, void*, void*);
int nvrtcCompileProgram(void*, int, const char**);
int nvrtcGetCUBINSize(void*, size_t*);
int nvrtcGetCUBIN(void*, char*);
int nvrtcDestroyProgram(void**);
}

namespace {

<<<<<<< HEAD
const float ONE = 1, ZERO = 0;
void* dnn;

// A descriptor of some kind, destroyed at the end of the block.
struct Descriptor {
  void* p = nullptr;
  int (*destroy)(void*);
  Descriptor(int (*create)(void**), int (*d)(void*)) : destroy(d) { check(!create(&p), "create"); }
  ~Descriptor() { check(!destroy(p), "destroy"); }
};

struct TensorDescriptor : Descriptor {
  TensorDescriptor(int format, int n, int c, int h, int w)
      : Descriptor(cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor) {
    check(!cudnnSetTensor4dDescriptor(p, format, 0, n, c, h, w), "set tensor");
  }
};

// The index of (n, c, h, w) in a tensor of C, H, W.
size_t place(int format, int C, int H, int W, int n, int c, int h, int w) {
  return format == 0 ? (((size_t) n * C + c) * H + h) * W + w : (((size_t) n * H + h) * W + w) * C + c;
}

void convolution(int format, int math, int algorithmF, int algorithmD, int algorithmW) {
  const int N = 3, C = 5, H = 7, W = 6, K = 4, R = 3, pad = 1;
  TensorDescriptor xd(format, N, C, H, W), yd(format, N, K, H, W);
  Descriptor wd(cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor);
  Descriptor cd(cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor);
  check(!cudnnSetFilter4dDescriptor(wd.p, 0, format, K, C, R, R), "set filter");
  check(!cudnnSetConvolution2dDescriptor(cd.p, pad, pad, 1, 1, 1, 1, 1, 0), "set convolution");
  check(!cudnnSetConvolutionMathType(cd.p, math), "set math type");
  const auto x = values(N * C * H * W, 1), w = values(K * C * R * R, 2), dy = values(N * K * H * W, 3);
  Array<float> px(x), pw(w), pdy(dy), py(dy.size()), pdx(x.size()), pdw(w.size());
  size_t sizeF, sizeD, sizeW;
  check(!cudnnGetConvolutionForwardWorkspaceSize(dnn, xd.p, wd.p, cd.p, yd.p, algorithmF, &sizeF),
        "workspace");
  check(!cudnnGetConvolutionBackwardDataWorkspaceSize(dnn, wd.p, yd.p, cd.p, xd.p, algorithmD, &sizeD),
        "workspace of data");
  check(!cudnnGetConvolutionBackwardFilterWorkspaceSize(dnn, xd.p, yd.p, cd.p, wd.p, algorithmW,
                                                        &sizeW),
        "workspace of filter");
  Array<char> workspace(std::max(sizeF, std::max(sizeD, sizeW)) + 1);
  check(!cudnnConvolutionForward(dnn, &ONE, xd.p, px.p, wd.p, pw.p, cd.p, algorithmF, workspace.p,
                                 sizeF, &ZERO, yd.p, py.p),
        "forward");
  check(!cudnnConvolutionBackwardData(dnn, &ONE, wd.p, pw.p, yd.p, pdy.p, cd.p, algorithmD,
                                      workspace.p, sizeD, &ZERO, xd.p, pdx.p),
        "backward data");
  check(!cudnnConvolutionBackwardFilter(dnn, &ONE, xd.p, px.p, yd.p, pdy.p, cd.p, algorithmW,
                                        workspace.p, sizeW, &ZERO, wd.p, pdw.p),
        "backward filter");
  std::vector<double> ry(dy.size()), rdx(x.size()), rdw(w.size());
  for (int n = 0; n < N; n++) for (int k = 0; k < K; k++) for (int p = 0; p < H; p++)
    for (int q = 0; q < W; q++) for (int c = 0; c < C; c++) for (int r = 0; r < R; r++)
      for (int s = 0; s < R; s++) {
        const int h = p + r - pad, v = q + s - pad;
        if (h < 0 || h >= H || v < 0 || v >= W) continue;
        const size_t iy = place(format, K, H, W, n, k, p, q), ix = place(format, C, H, W, n, c, h, v);
        const size_t iw = place(format, C, R, R, k, c, r, s);
        ry[iy] += (double) x[ix] * w[iw];
        rdx[ix] += (double) dy[iy] * w[iw];
        rdw[iw] += (double) dy[iy] * x[ix];
      }
  const auto y = py.get(), dx = pdx.get(), dw = pdw.get();
  const bool strict = math == 3;
  const double tolerance = strict ? 3e-6 : 2e-2;
  double largest = 0;
  for (size_t i = 0; i < y.size(); i++) {
    near(y[i], ry[i], tolerance, "convolution");
    largest = std::max(largest, fabs(y[i] - ry[i]));
  }
  for (size_t i = 0; i < dx.size(); i++) near(dx[i], rdx[i], tolerance, "convolution data");
  for (size_t i = 0; i < dw.size(); i++) near(dw[i], rdw[i], 5 * tolerance, "convolution filter");
  if (!strict) check(largest > 1e-5, "TF32 shows");
}

void wrongConvolution() {
  TensorDescriptor xd(0, 1, 2, 5, 5), yd(0, 1, 3, 5, 5);
  Descriptor wd(cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor);
  Descriptor cd(cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor);
  size_t bytes;
  check(cudnnGetConvolutionForwardWorkspaceSize(dnn, xd.p, wd.p, cd.p, yd.p, 0, &bytes) == 2000,
        "a descriptor that was not set");
  check(cudnnSetFilter4dDescriptor(wd.p, 1, 0, 3, 2, 3, 3) != 0, "arguments in a tensor's order");
  cudnnSetFilter4dDescriptor(wd.p, 0, 0, 2, 3, 3, 3);
  cudnnSetConvolution2dDescriptor(cd.p, 1, 1, 1, 1, 1, 1, 1, 0);
  check(cudnnGetConvolutionForwardWorkspaceSize(dnn, xd.p, wd.p, cd.p, yd.p, 0, &bytes) == 2008,
        "K and C exchanged");
  cudnnSetFilter4dDescriptor(wd.p, 0, 0, 3, 2, 3, 3);
  Array<float> x(50), w(54), y(75);
  check(cudnnConvolutionForward(dnn, &ONE, xd.p, x.p, wd.p, w.p, cd.p, 1, nullptr, 0, &ZERO, yd.p,
                                y.p) == 2006,
        "a workspace that is too small");
  check(cudnnConvolutionForward(dnn, &ONE, xd.p, x.p, wd.p, w.p, cd.p, 0, nullptr, 0, &ZERO, yd.p,
                                w.p) != 0,
        "an output that is too small");
  reset();
  check(cudnnConvolutionForward(dnn, &ONE, xd.p, x.p, wd.p, y.p, cd.p, 0, nullptr, 0, &ZERO, yd.p,
                                y.p) == 2000,
        "an output that is an input");
  check(cudnnConvolutionForward(dnn, x.p, xd.p, x.p, wd.p, w.p, cd.p, 0, nullptr, 0, &ZERO, yd.p,
                                y.p) == 2000,
        "alpha on the device");
  reset();
}

void pooling() {
  const int N = 2, C = 3, H = 5, W = 7, P = 2, Q = 3;
  TensorDescriptor xd(0, N, C, H, W), yd(0, N, C, P, Q);
  Descriptor pd(cudnnCreatePoolingDescriptor, cudnnDestroyPoolingDescriptor);
  check(!cudnnSetPooling2dDescriptor(pd.p, 3, 1, 2, 2, 0, 0, 2, 2), "set pooling");
  auto x = values(N * C * H * W, 1);
  for (float& v : x) v = floorf(v * 2);  // many ties
  const auto dy = values(N * C * P * Q, 2);
  Array<float> px(x), py(dy.size()), pdy(dy), pdx(x.size());
  check(!cudnnPoolingForward(dnn, pd.p, &ONE, xd.p, px.p, &ZERO, yd.p, py.p), "pooling");
  check(!cudnnPoolingBackward(dnn, pd.p, &ONE, yd.p, py.p, yd.p, pdy.p, xd.p, px.p, &ZERO, xd.p,
                              pdx.p),
        "pooling backward");
  std::vector<double> rdx(x.size());
  const auto y = py.get(), dx = pdx.get();
  for (int i = 0; i < N * C; i++) for (int p = 0; p < P; p++) for (int q = 0; q < Q; q++) {
    size_t best = (size_t) i * H * W + 2 * p * W + 2 * q;
    for (int r = 0; r < 2; r++) for (int s = 0; s < 2; s++) {
      const size_t at = (size_t) i * H * W + (2 * p + r) * W + 2 * q + s;
      if (x[at] > x[best]) best = at;
    }
    check(y[(i * P + p) * Q + q] == x[best], "a maximum");
    rdx[best] += dy[(i * P + p) * Q + q];
  }
  for (size_t i = 0; i < dx.size(); i++) near(dx[i], rdx[i], 1e-7, "the gradient of a maximum");
}

// The gradients of batch norm and LRN against central differences of sum(y dy).
void normalizations() {
  const int N = 3, C = 6, H = 2, W = 2, n = N * C * H * W;
  TensorDescriptor xd(0, N, C, H, W), pd(0, 1, C, 1, 1);
  Descriptor ld(cudnnCreateLRNDescriptor, cudnnDestroyLRNDescriptor);
  check(!cudnnSetLRNDescriptor(ld.p, 5, 0.5, 0.75, 2), "set LRN");
  const auto x = values(n, 1), dy = values(n, 2), gamma = values(C, 3), beta = values(C, 4);
  Array<float> px(x), py(n), pdy(dy), pdx(n), pg(gamma), pb(beta), pdg(C), pdb(C), mean(C), var(C);
  Array<float> running(std::vector<float>(C, 0.0f)), runningVar(std::vector<float>(C, 1.0f));
  auto batchNorm = [&](const std::vector<float>& input) {
    Array<float> p(input);
    check(!cudnnBatchNormalizationForwardTraining(dnn, 1, &ONE, &ZERO, xd.p, p.p, xd.p, py.p, pd.p,
                                                  pg.p, pb.p, 0.1, running.p, runningVar.p, 1e-5,
                                                  mean.p, var.p),
          "batch norm");
    double sum = 0;
    const auto y = py.get();
    for (int i = 0; i < n; i++) sum += (double) y[i] * dy[i];
    return sum;
  };
  auto lrn = [&](const std::vector<float>& input) {
    Array<float> p(input);
    check(!cudnnLRNCrossChannelForward(dnn, ld.p, 0, &ONE, xd.p, p.p, &ZERO, xd.p, py.p), "LRN");
    double sum = 0;
    const auto y = py.get();
    for (int i = 0; i < n; i++) sum += (double) y[i] * dy[i];
    return sum;
  };
  auto compare = [&](std::function<double(const std::vector<float>&)> f, const char* what) {
    const auto dx = pdx.get();
    for (int i = 0; i < n; i += 7) {
      auto up = x, down = x;
      up[i] += 0.01f;
      down[i] -= 0.01f;
      near(dx[i], (f(up) - f(down)) / ((double) up[i] - down[i]), 2e-3, what);
    }
  };
  batchNorm(x);
  double sum = 0, squares = 0;
  for (int i = 0; i < N; i++) for (int j = 0; j < H * W; j++) sum += x[i * C * H * W + j] / (N * H * W);
  for (int i = 0; i < N; i++) for (int j = 0; j < H * W; j++) {
    squares += (x[i * C * H * W + j] - sum) * (x[i * C * H * W + j] - sum);
  }
  near(running.get()[0], 0.1 * sum, 1e-6, "the running mean");
  near(runningVar.get()[0], 0.9 + 0.1 * squares / (N * H * W - 1), 1e-6, "the running variance");
  check(!cudnnBatchNormalizationBackward(dnn, 1, &ONE, &ZERO, &ONE, &ZERO, xd.p, px.p, xd.p, pdy.p,
                                         xd.p, pdx.p, pd.p, pg.p, pdg.p, pdb.p, 1e-5, mean.p, var.p),
        "batch norm backward");
  compare(batchNorm, "batch norm's gradient");
  lrn(x);
  check(!cudnnLRNCrossChannelBackward(dnn, ld.p, 0, &ONE, xd.p, py.p, xd.p, pdy.p, xd.p, px.p, &ZERO,
                                      xd.p, pdx.p),
        "LRN backward");
  compare(lrn, "LRN's gradient");
}
=======
const float ONE = 1, HALF = 0.5f;
>>>>>>> standin

void compiler() {
  void *program, *library, *kernel;
  check(!nvrtcCreateProgram(&program, "extern \"C\" __global__ void vgg4j_fill() {}", "k.cu", 0, 0, 0),
        "create program");
  const char* option = "--gpu-architecture=sm_90";
  check(!nvrtcCompileProgram(program, 1, &option), "compile");
  size_t bytes;
  nvrtcGetCUBINSize(program, &bytes);
  std::vector<char> cubin(bytes);
  nvrtcGetCUBIN(program, cubin.data());
  check(!nvrtcDestroyProgram(&program), "destroy program");
  check(!cudaLibraryLoadData(&library, cubin.data(), 0, 0, 0, 0, 0, 0), "load the cubin");
  check(!cudaLibraryGetKernel(&kernel, library, "vgg4j_fill"), "a kernel of the cubin");
  check(cudaLibraryGetKernel(&kernel, library, "vgg4j_adam") == 500, "a kernel of another source");
  check(!cudaLibraryUnload(library), "unload");
  reset();
}

}  // namespace

void testLibraries() {
<<<<<<< HEAD
  check(!cudnnCreate(&dnn), "create cuDNN");
  convolution(0, 3, 0, 0, 0);
  convolution(0, 3, 1, 1, 1);
  convolution(0, 3, 7, 5, 5);
  convolution(1, 3, 1, 1, 3);
  convolution(0, 0, 1, 1, 1);
  wrongConvolution();
  pooling();
  normalizations();
=======
  products();
>>>>>>> standin
  compiler();
  reset();
}
