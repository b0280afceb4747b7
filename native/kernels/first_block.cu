// The first block of a net: a 3x3 convolution (stride 1, padding 1) of images with few channels, batch norm
// or bias, and ReLU. Its products are so few that its output is never stored: it is computed where it is
// needed, and what the norm needs of it follows from sums over the images alone.
//
// A patch p is what the filter sees at a pixel: 9 C values, zeros outside of the image; z = w p.
// - The moments of the patches, sum(p) and sum(p p^T), give mean and variance of every channel of z.
// - The backward sums g and g p, where g is dy behind the ReLU. With the moments they give all gradients:
//   sum(g xhat) = invStd (w sum(g p) - mean sum(g)), and dw = sum(dz p), where
//   dz = scale (g - m1 - (z - mean) m2).
//
// C is 1, 3 or 4 (2 is taken as 3: what fills up a pixel is 0). The pixels of x have 16 bytes.
#include "common.cuh"

enum {
  FIRST_THREADS = 128,
  FIRST_STRIP = 8,           // pixels of a row that a thread computes at once
  FIRST_PAIRED = 4,          // the same, where more is held for each
  FIRST_FORWARD_LANES = 16,  // of a block at most
  FIRST_BACKWARD_LANES = 32,
  FIRST_PAIRS = 6,           // of rows of a patch, the same row twice among them
  FIRST_TAPS = 36,           // of a patch at most
  FIRST_FINISH_THREADS = 64
};

// Of a multiprocessor: as many as there are registers for.
template <class T, int C>
constexpr int FIRST_BLOCKS = sizeof(T) == 2 && C < 4 ? 3 : 2;

template <class T, int C>
__device__ __forceinline__ Floats<C> imagePixel(const T* x, long long pixel) {
  Floats<C> values;
  if constexpr (C == 1) {
    values.v[0] = widen(x[pixel * PER_ACCESS<T>]);
  } else if constexpr (sizeof(T) == 2) {
    const uint2 words = reinterpret_cast<const uint2*>(x)[2 * pixel];
    values.v[0] = __uint_as_float(words.x << 16);
    values.v[1] = __uint_as_float(words.x & 0xffff0000);
    values.v[2] = __uint_as_float(words.y << 16);
    if constexpr (C == 4) values.v[3] = __uint_as_float(words.y & 0xffff0000);
  } else {
    const Floats<4> all = load<T, 4>(x, pixel);
    UNROLLED for (int c = 0; c < C; c++) values.v[c] = all.v[c];
  }
  return values;
}

// One row of the patches of N pixels beside each other, from `column` on; zeros outside of the image.
template <class T, int C, int N>
struct PatchRow {
  Floats<C> at[N + 2];

  __device__ __forceinline__ PatchRow(
      const T* x, unsigned image, int row, int column, int height, int width) {
    const long long first = ((long long) image * height + row) * width + column - 1;
    const bool isInside = (unsigned) row < (unsigned) height;
    UNROLLED for (int i = 0; i < N + 2; i++) {
      at[i] = {};
      if (isInside && (unsigned) (column - 1 + i) < (unsigned) width) {
        at[i] = imagePixel<T, C>(x, first + i);
      }
    }
  }
};

// What a thread computes: every step-th strip of pixels, at one lane of V output channels.
struct StripsOfThread {
  int part, lane, lanes;
  int blockLanes, blockLane, firstLane;  // of this block: a power of two of lanes
  long long first, step;                 // strips; every thread has some lane, perhaps none of the tensor's

  __device__ __forceinline__ StripsOfThread(int laneCount, int most) : lanes(laneCount), blockLanes(1) {
    while (2 * blockLanes <= lanes && blockLanes < most) blockLanes *= 2;
    const int groups = (lanes + blockLanes - 1) / blockLanes, height = FIRST_THREADS / blockLanes;
    part = blockIdx.x / groups;
    firstLane = (blockIdx.x - part * groups) * blockLanes;
    blockLane = threadIdx.x % blockLanes;
    lane = firstLane + blockLane;
    first = (long long) part * height + threadIdx.x / blockLanes;
    step = (long long) (gridDim.x / groups) * height;
  }

  __device__ __forceinline__ bool isIdle() const { return lane >= lanes; }
};

// The filters of a block's channels in shared memory: [9 C][channels], in the order that keeps its banks apart.
template <class T, int V, int C>
struct FirstFilters {
  float* shared;

  static __device__ __forceinline__ int place(int tap, int lane, int k) {
    constexpr int QUADS = (V + 3) / 4, OF_QUAD = V / QUADS;
    return ((tap * QUADS + k / OF_QUAD) * FIRST_FORWARD_LANES + lane) * OF_QUAD + k % OF_QUAD;
  }

  // All threads of a block call it.
  __device__ __forceinline__ FirstFilters(
      uint4* memory, const T* __restrict__ w, const StripsOfThread& strips)
      : shared(reinterpret_cast<float*>(memory)) {
    const int channels = strips.blockLanes * V;
    NOT_UNROLLED for (int i = threadIdx.x; i < channels * 9 * C; i += FIRST_THREADS) {
      const int channel = i / (9 * C), tap = i - channel * (9 * C);
      const int from = strips.firstLane * V + channel;
      const bool isThere = from < strips.lanes * V;
      shared[place(tap, channel / V, channel % V)] =
          isThere ? widen(w[(from * 9 + tap / C) * PER_ACCESS<T> + tap % C]) : 0.0f;
    }
    __syncthreads();
  }

  __device__ __forceinline__ Floats<V> at(int tap, int lane) const {
    Floats<V> w;
    if constexpr (V == 1) {
      w.v[0] = shared[place(tap, lane, 0)];
    } else {
      UNROLLED for (int k = 0; k < V; k += 4) {
        const Floats<4> quad = load<float, 4>(shared, place(tap, lane, k) / 4);
        UNROLLED for (int j = 0; j < 4; j++) w.v[k + j] = quad.v[j];
      }
    }
    return w;
  }
};

// z of N pixels beside each other.
template <class T, int V, int C, int N>
__device__ __forceinline__ void firstConvolution(
    const T* __restrict__ x, const FirstFilters<T, V, C>& filters, int lane, unsigned image,
    int row, int column, int height, int width, Floats<V> (&z)[N]) {
  UNROLLED for (int n = 0; n < N; n++) z[n] = {};
  NOT_UNROLLED for (int r = 0; r < 3; r++) {
    const PatchRow<T, C, N> patch(x, image, row - 1 + r, column, height, width);
    UNROLLED for (int tap = 0; tap < 3 * C; tap++) {
      const Floats<V> w = filters.at(r * 3 * C + tap, lane);
      UNROLLED for (int n = 0; n < N; n++) {
        const float p = patch.at[n + tap / C].v[tap % C];
        UNROLLED for (int k = 0; k < V; k++) z[n].v[k] = fmaf(p, w.v[k], z[n].v[k]);
      }
    }
  }
}

// 1 and 0 where there are none.
template <int V>
struct ScaleAndShift {
  Floats<V> scale, shift;

  __device__ __forceinline__ ScaleAndShift(const float* a, const float* b, const StripsOfThread& strips) {
    UNROLLED for (int k = 0; k < V; k++) {
      scale.v[k] = 1.0f;
      shift.v[k] = 0.0f;
    }
    if (a && !strips.isIdle()) scale = loadFloats<V>(a, strips.lane);
    if (b && !strips.isIdle()) shift = loadFloats<V>(b, strips.lane);
  }
};

template <class T, int V, int C>
__device__ __forceinline__ void firstForward(
    uint4* shared, const T* __restrict__ x, const T* __restrict__ w,
    const float* __restrict__ scale, const float* __restrict__ shift, T* __restrict__ y, int batch,
    int height, int width, int channels) {
  constexpr int N = FIRST_STRIP;
  const StripsOfThread strips(channels / V, FIRST_FORWARD_LANES);
  const FirstFilters<T, V, C> filters(shared, w, strips);
  const ScaleAndShift<V> norm(scale, shift, strips);
  const int across = (width + N - 1) / N;
  const long long count = strips.isIdle() ? 0 : (long long) batch * height * across;
  Walk at(strips.first, strips.step, 1, across, height);
  NOT_UNROLLED for (long long i = strips.first; i < count; i += strips.step) {
    const int row = at.row, column = at.column * N;
    Floats<V> z[N];
    firstConvolution<T, V, C, N>(x, filters, strips.blockLane, at.image, row, column, height, width, z);
    const long long pixel = ((long long) at.image * height + row) * width + column;
    UNROLLED for (int n = 0; n < N; n++) {
      UNROLLED for (int k = 0; k < V; k++) {
        z[n].v[k] = relu(affine(z[n].v[k], norm.scale.v[k], norm.shift.v[k]));
      }
      if (column + n < width) store<T, V>(y, (pixel + n) * strips.lanes + strips.lane, z[n]);
    }
    at.next();
  }
}

template <class T, int V, int C>
__device__ __forceinline__ void firstForwardPool(
    uint4* shared, const T* __restrict__ x, const T* __restrict__ w,
    const float* __restrict__ scale, const float* __restrict__ shift, T* __restrict__ y,
    unsigned char* __restrict__ winner, int batch, int height, int width, int channels) {
  constexpr int N = FIRST_PAIRED;
  const StripsOfThread strips(channels / V, FIRST_FORWARD_LANES);
  const FirstFilters<T, V, C> filters(shared, w, strips);
  const ScaleAndShift<V> norm(scale, shift, strips);
  const int complete = height / 2, completeAcross = width / 2;
  const int across = (completeAcross + N / 2 - 1) / (N / 2);
  const long long count = strips.isIdle() ? 0 : (long long) batch * complete * across;
  Walk at(strips.first, strips.step, 1, across, complete > 0 ? complete : 1);
  NOT_UNROLLED for (long long i = strips.first; i < count; i += strips.step) {
    Floats<V> best[N / 2];
    unsigned won[N / 2][V];
    NOT_UNROLLED for (int half = 0; half < 2; half++) {
      Floats<V> z[N];
      firstConvolution<T, V, C, N>(
          x, filters, strips.blockLane, at.image, 2 * at.row + half, at.column * N, height, width, z);
      UNROLLED for (int n = 0; n < N; n++) {
        UNROLLED for (int k = 0; k < V; k++) {
          // Rounded as if it had been stored: what is equal then is equal here.
          const float v = rounded<T>(affine(z[n].v[k], norm.scale.v[k], norm.shift.v[k]));
          float& most = best[n / 2].v[k];
          const bool isFirst = n % 2 == 0 && half == 0;
          if (isFirst || wins(v, most)) {
            most = v;
            won[n / 2][k] = 2 * half + n % 2;
          }
        }
      }
    }
    const long long window = ((long long) at.image * complete + at.row) * completeAcross;
    UNROLLED for (int n = 0; n < N / 2; n++) {
      Bytes<V> bytes = {};
      UNROLLED for (int k = 0; k < V; k++) {
        const bool isOff = best[n].v[k] <= 0.0f;
        bytes.put(k, isOff ? (unsigned) NO_WINNER : won[n][k]);
        if (isOff) best[n].v[k] = 0.0f;
      }
      const int column = at.column * (N / 2) + n;
      if (column >= completeAcross) continue;
      const long long place = (window + column) * strips.lanes + strips.lane;
      store<T, V>(y, place, best[n]);
      if (winner) storeBytes<V>(winner, place, bytes);
    }
    at.next();
  }
}

// The sums over a block of what its threads at the same lane hold; partial (parts, entries, channels) gets
// entries `entry` to `entry` + COUNT. All threads of a block call it.
template <int COUNT, int V>
__device__ __forceinline__ void sumStrips(
    float (*shared)[FIRST_THREADS], const Floats<V>* mine, const StripsOfThread& strips, int entry,
    int entries, float* partial) {
  const int t = threadIdx.x, width = strips.blockLanes;
  UNROLLED for (int i = 0; i < COUNT; i++) {
    UNROLLED for (int k = 0; k < V; k++) shared[i * V + k][t] = mine[i].v[k];
  }
  __syncthreads();
  NOT_UNROLLED for (int i = t; i < COUNT * V * width; i += FIRST_THREADS) {
    const int value = i / width, lane = i % width;
    if (strips.firstLane + lane >= strips.lanes) continue;
    float sum = 0.0f;
    NOT_UNROLLED for (int j = lane; j < FIRST_THREADS; j += width) sum += shared[value][j];
    const long long row = (long long) strips.part * entries + entry + value / V;
    partial[(row * strips.lanes + strips.firstLane + lane) * V + value % V] = sum;
  }
  __syncthreads();
}

template <class T, int V>
__device__ __forceinline__ Floats<V> loadFew(const T* p, long long i) {
  Floats<V> x;
  if constexpr (V == 1) {
    x.v[0] = widen(p[i]);
  } else if constexpr (sizeof(T) == 2) {
    const unsigned word = reinterpret_cast<const uint1*>(p)[i].x;
    x.v[0] = __uint_as_float(word << 16);
    x.v[1] = __uint_as_float(word & 0xffff0000);
  } else {
    const uint2 words = reinterpret_cast<const uint2*>(p)[i];
    x.v[0] = __uint_as_float(words.x);
    x.v[1] = __uint_as_float(words.y);
  }
  return x;
}

// dy where y > 0, of N pixels.
template <class T, int V>
struct RectifiedSlopes {
  const T *dy, *y;
  int height, width, lanes;

  template <int N>
  __device__ __forceinline__ void at(
      unsigned image, int row, int column, int lane, Floats<V> (&g)[N]) const {
    const long long pixel = ((long long) image * height + row) * width + column;
    Floats<V> on[N];
    UNROLLED for (int n = 0; n < N; n++) {
      g[n] = {};
      on[n] = {};
      if (column + n < width) {
        g[n] = loadFew<T, V>(dy, (pixel + n) * lanes + lane);
        on[n] = loadFew<T, V>(y, (pixel + n) * lanes + lane);
      }
    }
    UNROLLED for (int n = 0; n < N; n++) {
      UNROLLED for (int k = 0; k < V; k++) g[n].v[k] = on[n].v[k] > 0.0f ? g[n].v[k] : 0.0f;
    }
  }
};

// dy of the pooled tensor at the winners, of N pixels from an even column on.
template <class T, int V>
struct PooledSlopes {
  const T* dy;
  const unsigned char* winner;
  int height, width, lanes;

  template <int N>
  __device__ __forceinline__ void at(
      unsigned image, int row, int column, int lane, Floats<V> (&g)[N]) const {
    const int complete = height / 2, completeAcross = width / 2;
    const long long window = ((long long) image * complete + row / 2) * completeAcross + column / 2;
    UNROLLED for (int n = 0; n < N; n += 2) {
      g[n] = {};
      g[n + 1] = {};
      if (row / 2 >= complete || (column + n) / 2 >= completeAcross) continue;
      const long long i = (window + n / 2) * lanes + lane;
      const Floats<V> slope = loadFew<T, V>(dy, i);
      UNROLLED for (int k = 0; k < V; k++) {
        const int won = winner[i * V + k], left = row % 2 * 2;
        if (won == left) g[n].v[k] = slope.v[k];
        if (won == left + 1) g[n + 1].v[k] = slope.v[k];
      }
    }
  }
};

template <class T, int V, int C, class Slopes>
__device__ __forceinline__ void firstBackward(
    float (*shared)[FIRST_THREADS], const T* __restrict__ x, const Slopes& slopes,
    float* __restrict__ partial, int batch, int height, int width, int channels) {
  constexpr int N = FIRST_PAIRED;
  const StripsOfThread strips(channels / V, FIRST_BACKWARD_LANES);
  const int across = (width + N - 1) / N;
  const long long count = strips.isIdle() ? 0 : (long long) batch * height * across;
  Walk at(strips.first, strips.step, 1, across, height);
  Floats<V> products[9 * C] = {}, total[1] = {};
  NOT_UNROLLED for (long long i = strips.first; i < count; i += strips.step) {
    const int row = at.row, column = at.column * N;
    Floats<V> g[N];
    slopes.at(at.image, row, column, strips.lane, g);
    UNROLLED for (int r = 0; r < 3; r++) {
      const PatchRow<T, C, N> patch(x, at.image, row - 1 + r, column, height, width);
      UNROLLED for (int tap = 0; tap < 3 * C; tap++) {
        UNROLLED for (int n = 0; n < N; n++) {
          const float p = patch.at[n + tap / C].v[tap % C];
          UNROLLED for (int k = 0; k < V; k++) {
            float& sum = products[r * 3 * C + tap].v[k];
            sum = fmaf(g[n].v[k], p, sum);
          }
        }
      }
    }
    UNROLLED for (int n = 0; n < N; n++) {
      UNROLLED for (int k = 0; k < V; k++) total[0].v[k] += g[n].v[k];
    }
    at.next();
  }
  UNROLLED for (int r = 0; r < 3; r++) {
    sumStrips<3 * C, V>(shared, products + r * 3 * C, strips, r * 3 * C, 9 * C + 1, partial);
  }
  sumStrips<1, V>(shared, total, strips, 9 * C, 9 * C + 1, partial);
}

// Of the patches less the first pixel of x everywhere: far from 0 the squares would lose the variance. A warp
// has a pair of the patches' rows, and its threads have a strip each.
template <class T, int C>
__device__ __forceinline__ void firstMoments(
    const T* __restrict__ x, float* __restrict__ partial, int batch, int height, int width) {
  enum { N = FIRST_PAIRED, ROW = 3 * C, THREADS = 32 * FIRST_PAIRS };
  __shared__ float shared[ROW][THREADS + 1];
  const int t = threadIdx.x, pair = t / 32;
  const int upper = pair < 3 ? 0 : pair < 5 ? 1 : 2;
  const int lower = pair - upper * (5 - upper) / 2;
  const int across = (width + N - 1) / N;
  const long long count = (long long) batch * height * across;
  const long long first = (long long) blockIdx.x * 32 + t % 32, step = (long long) gridDim.x * 32;
  const Floats<C> origin = imagePixel<T, C>(x, 0);
  Walk at(first, step, 1, across, height);
  float products[ROW][ROW] = {}, sums[ROW] = {};
  NOT_UNROLLED for (long long strip = first; strip < count; strip += step) {
    const int row = at.row - 1, column = at.column * N;
    PatchRow<T, C, N> a(x, at.image, row + upper, column, height, width);
    PatchRow<T, C, N> b(x, at.image, row + lower, column, height, width);
    UNROLLED for (int n = 0; n < N + 2; n++) {
      UNROLLED for (int c = 0; c < C; c++) {
        a.at[n].v[c] -= origin.v[c];
        b.at[n].v[c] -= origin.v[c];
      }
    }
    UNROLLED for (int n = 0; n < N; n++) {
      if (column + n >= width) break;
      UNROLLED for (int i = 0; i < ROW; i++) {
        const float p = a.at[n + i / C].v[i % C];
        sums[i] += p;
        UNROLLED for (int j = 0; j < ROW; j++) {
          products[i][j] = fmaf(p, b.at[n + j / C].v[j % C], products[i][j]);
        }
      }
    }
    at.next();
  }
  partial += (long long) blockIdx.x * (FIRST_PAIRS * ROW * ROW + 3 * ROW);
  // Of the sums, those of the pairs of equal rows are written.
  UNROLLED for (int i = 0; i <= ROW; i++) {
    UNROLLED for (int j = 0; j < ROW; j++) {
      shared[j][t] = i < ROW ? products[i < ROW ? i : 0][j] : sums[j];
    }
    __syncthreads();
    if (t < FIRST_PAIRS * ROW) {
      const int of = t / ROW, j = t % ROW;
      float sum = 0.0f;
      NOT_UNROLLED for (int lane = 0; lane < 32; lane++) sum += shared[j][of * 32 + lane];
      const int row = of == 0 ? 0 : of == 3 ? 1 : of == 5 ? 2 : -1;
      if (i < ROW) {
        partial[(of * ROW + i) * ROW + j] = sum;
      } else if (row >= 0) {
        partial[FIRST_PAIRS * ROW * ROW + row * ROW + j] = sum;
      }
    }
    __syncthreads();
  }
}

// partial (parts, 54 C^2 + 9 C): the sums of p p^T, (6 pairs of rows, 3 C, 3 C), and of p; p is less the first
// pixel of x. parts x 192.
#define FIRST_MOMENTS(NAME, T, C)                                                              \
  extern "C" __global__ void __launch_bounds__(192) NAME(                                      \
      const T* __restrict__ x, float* __restrict__ partial, int batch, int height, int width) { \
    firstMoments<T, C>(x, partial, batch, height, width);                                      \
  }

// y = max(0, scale z + shift); scale and shift may be null. parts x groups blocks.
#define FIRST_FORWARD(NAME, T, C)                                                             \
  extern "C" __global__ void __launch_bounds__(FIRST_THREADS, FIRST_BLOCKS<T, C>) NAME(                        \
      const T* __restrict__ x, const T* __restrict__ w, const float* __restrict__ scale,      \
      const float* __restrict__ shift, T* __restrict__ y, int batch, int height, int width,   \
      int channels) {                                                                         \
    __shared__ uint4 shared[9 * C * FIRST_FORWARD_LANES * PER_ACCESS<T> / 4];                 \
    BY_CHANNELS_AND(T, C, channels, firstForward, shared, x, w, scale, shift, y, batch, height, \
                    width, channels)                                                          \
  }

// The same and 2x2 max-pooling: y and winner (may be null) as of vgg4j_norm_apply_pool.
#define FIRST_FORWARD_POOL(NAME, T, C)                                                        \
  extern "C" __global__ void __launch_bounds__(FIRST_THREADS, FIRST_BLOCKS<T, C>) NAME(                        \
      const T* __restrict__ x, const T* __restrict__ w, const float* __restrict__ scale,      \
      const float* __restrict__ shift, T* __restrict__ y, unsigned char* __restrict__ winner, \
      int batch, int height, int width, int channels) {                                       \
    __shared__ uint4 shared[9 * C * FIRST_FORWARD_LANES * PER_ACCESS<T> / 4];                 \
    BY_CHANNELS_AND(T, C, channels, firstForwardPool, shared, x, w, scale, shift, y, winner,  \
                    batch, height, width, channels)                                           \
  }

// partial (parts, 9 C + 1, channels): the sums of g p and of g, where g is dy where y > 0.
#define FIRST_BACKWARD(NAME, T, C)                                                            \
  extern "C" __global__ void __launch_bounds__(FIRST_THREADS, FIRST_BLOCKS<T, C>) NAME(                        \
      const T* __restrict__ x, const T* __restrict__ dy, const T* __restrict__ y,             \
      float* __restrict__ partial, int batch, int height, int width, int channels) {          \
    __shared__ float shared[6 * C][FIRST_THREADS];                                            \
    if (channels % 2 == 0) {                                                                  \
      const RectifiedSlopes<T, 2> slopes = {dy, y, height, width, channels / 2};              \
      firstBackward<T, 2, C>(shared, x, slopes, partial, batch, height, width, channels);     \
    } else {                                                                                  \
      const RectifiedSlopes<T, 1> slopes = {dy, y, height, width, channels};                  \
      firstBackward<T, 1, C>(shared, x, slopes, partial, batch, height, width, channels);     \
    }                                                                                         \
  }

// The same, where g is dy of the pooled tensor at the winners.
#define FIRST_BACKWARD_POOL(NAME, T, C)                                                       \
  extern "C" __global__ void __launch_bounds__(FIRST_THREADS, FIRST_BLOCKS<T, C>) NAME(                        \
      const T* __restrict__ x, const T* __restrict__ dy,                                      \
      const unsigned char* __restrict__ winner, float* __restrict__ partial, int batch,       \
      int height, int width, int channels) {                                                  \
    __shared__ float shared[6 * C][FIRST_THREADS];                                            \
    if (channels % 2 == 0) {                                                                  \
      const PooledSlopes<T, 2> slopes = {dy, winner, height, width, channels / 2};            \
      firstBackward<T, 2, C>(shared, x, slopes, partial, batch, height, width, channels);     \
    } else {                                                                                  \
      const PooledSlopes<T, 1> slopes = {dy, winner, height, width, channels};                \
      firstBackward<T, 1, C>(shared, x, slopes, partial, batch, height, width, channels);     \
    }                                                                                         \
  }

#define BY_CHANNELS_AND(T, C, channels, FUNCTION, ...) \
  if ((channels) % PER_ACCESS<T> == 0) {               \
    FUNCTION<T, PER_ACCESS<T>, C>(__VA_ARGS__);        \
  } else {                                             \
    FUNCTION<T, 1, C>(__VA_ARGS__);                    \
  }

FIRST_MOMENTS(vgg4j_first_moments_1_f32, float, 1)
FIRST_MOMENTS(vgg4j_first_moments_1_bf16, unsigned short, 1)
FIRST_FORWARD(vgg4j_first_forward_1_f32, float, 1)
FIRST_FORWARD(vgg4j_first_forward_1_bf16, unsigned short, 1)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_1_f32, float, 1)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_1_bf16, unsigned short, 1)
FIRST_BACKWARD(vgg4j_first_backward_1_f32, float, 1)
FIRST_BACKWARD(vgg4j_first_backward_1_bf16, unsigned short, 1)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_1_f32, float, 1)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_1_bf16, unsigned short, 1)
FIRST_MOMENTS(vgg4j_first_moments_3_f32, float, 3)
FIRST_MOMENTS(vgg4j_first_moments_3_bf16, unsigned short, 3)
FIRST_FORWARD(vgg4j_first_forward_3_f32, float, 3)
FIRST_FORWARD(vgg4j_first_forward_3_bf16, unsigned short, 3)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_3_f32, float, 3)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_3_bf16, unsigned short, 3)
FIRST_BACKWARD(vgg4j_first_backward_3_f32, float, 3)
FIRST_BACKWARD(vgg4j_first_backward_3_bf16, unsigned short, 3)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_3_f32, float, 3)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_3_bf16, unsigned short, 3)
FIRST_MOMENTS(vgg4j_first_moments_4_f32, float, 4)
FIRST_MOMENTS(vgg4j_first_moments_4_bf16, unsigned short, 4)
FIRST_FORWARD(vgg4j_first_forward_4_f32, float, 4)
FIRST_FORWARD(vgg4j_first_forward_4_bf16, unsigned short, 4)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_4_f32, float, 4)
FIRST_FORWARD_POOL(vgg4j_first_forward_pool_4_bf16, unsigned short, 4)
FIRST_BACKWARD(vgg4j_first_backward_4_f32, float, 4)
FIRST_BACKWARD(vgg4j_first_backward_4_bf16, unsigned short, 4)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_4_f32, float, 4)
FIRST_BACKWARD_POOL(vgg4j_first_backward_pool_4_bf16, unsigned short, 4)

// totals (entries) = partial (parts, entries) summed over the parts. ceil(entries / 8) x 256.
extern "C" __global__ void __launch_bounds__(SUM_THREADS) vgg4j_first_totals(
    const float* __restrict__ partial, int parts, int entries, double* __restrict__ totals) {
  double sums[1];
  const int i = sumParts(partial, parts, entries, sums);
  if (i >= 0) totals[i] = sums[0];
}

// What the moments say of one filter, a block's: all of a patch less the first pixel, but the mean.
struct FilterMoments {
  double mean;    // of z
  double offset;  // of z, less what the first pixel gives
  double square;  // of z, less the same

  // mine: the sum of p z, and ownSum that of p, at tap threadIdx.x. All threads of a block call it.
  template <class T>
  __device__ __forceinline__ FilterMoments(
      const T* __restrict__ x, const T* __restrict__ w, const double* __restrict__ moments,
      long long rows, int inChannels, double& mine, double& ownSum) {
    __shared__ double weights[FIRST_TAPS], parts[3][FIRST_TAPS];
    const int t = threadIdx.x, taps = 9 * inChannels, row = 3 * inChannels;
    if (t < taps) {
      weights[t] =
          widen(w[(blockIdx.x * 9 + t / inChannels) * PER_ACCESS<T> + t % inChannels]);
    }
    __syncthreads();
    mine = 0.0;
    ownSum = 0.0;
    if (t < taps) {
      NOT_UNROLLED for (int u = 0; u < taps; u++) {
        const int a = t < u ? t : u, b = t < u ? u : t;
        const int upper = a / row, lower = b / row;
        const int pair = upper * (5 - upper) / 2 + lower;
        mine += weights[u] * moments[(pair * row + a % row) * row + b % row];
      }
      ownSum = moments[FIRST_PAIRS * row * row + t];
      parts[0][t] = weights[t] * mine;
      parts[1][t] = weights[t] * ownSum;
      parts[2][t] = weights[t] * widen(x[t % inChannels]);
    }
    __syncthreads();
    double sums[3] = {};
    NOT_UNROLLED for (int u = 0; u < taps; u++) {
      UNROLLED for (int k = 0; k < 3; k++) sums[k] += parts[k][u];
    }
    square = sums[0] / rows;
    offset = sums[1] / rows;
    mean = sums[2] + offset;
  }

  __device__ __forceinline__ double variance() const {
    const double rest = square - offset * offset;
    return rest < 0.0 ? 0.0 : rest;  // NaN stays
  }
};

// As vgg4j_norm_finish, of z. channels x 64.
#define FIRST_STATISTICS(NAME, T)                                                            \
  extern "C" __global__ void __launch_bounds__(FIRST_FINISH_THREADS) NAME(                   \
      const T* __restrict__ x, const T* __restrict__ w, const double* __restrict__ moments,  \
      long long rows, int inChannels, const float* __restrict__ gamma,                       \
      const float* __restrict__ beta, const float* __restrict__ bias,                        \
      float* __restrict__ runningMean, float* __restrict__ runningVar,                       \
      float* __restrict__ mean, float* __restrict__ invStd, float* __restrict__ scale,       \
      float* __restrict__ shift, float epsilon, float factor) {                              \
    const NormChannels norm = {gamma, beta, bias, mean, invStd, scale, shift};               \
    double mine, sum;                                                                        \
    const FilterMoments z(x, w, moments, rows, inChannels, mine, sum);                       \
    if (threadIdx.x > 0) return;                                                             \
    norm.measured(blockIdx.x, z.mean, z.variance(), rows, runningMean, runningVar, epsilon,  \
                  factor);                                                                   \
  }
FIRST_STATISTICS(vgg4j_first_statistics_f32, float)
FIRST_STATISTICS(vgg4j_first_statistics_bf16, unsigned short)

template <class T>
__device__ __forceinline__ void firstFinish(
    const double* __restrict__ totals, const double* __restrict__ moments,
    const T* __restrict__ x, const T* __restrict__ w, long long rows, int inChannels,
    const float* __restrict__ mean, const float* __restrict__ invStd,
    const float* __restrict__ scale, float* __restrict__ dw, float* __restrict__ db,
    float* __restrict__ dgamma, float* __restrict__ dbeta) {
  __shared__ double parts[FIRST_TAPS];
  const int channel = blockIdx.x, channels = gridDim.x, t = threadIdx.x, taps = 9 * inChannels;
  const double slope = totals[(long long) taps * channels + channel];
  double product = t < taps ? totals[(long long) t * channels + channel] : 0.0;
  if (scale) {
    const int place = (channel * 9 + t / inChannels) * PER_ACCESS<T> + t % inChannels;
    if (t < taps) parts[t] = product * widen(w[place]);
    __syncthreads();
    double slopeOfZ = 0.0;
    NOT_UNROLLED for (int u = 0; u < taps; u++) slopeOfZ += parts[u];
    double centre = mean[channel];
    if (moments) {
      double mine, sum;
      const FilterMoments z(x, w, moments, rows, inChannels, mine, sum);
      centre = z.mean;
      const double m1 = slope / rows;
      const double inverse = invStd[channel];
      const double m2 = (slopeOfZ - centre * slope) * inverse * inverse / rows;
      if (t < taps) {
        const double origin = widen(x[t % inChannels]);
        product -= m1 * (sum + rows * origin) + m2 * (mine - sum * z.offset);
      }
    }
    product *= scale[channel];
    if (t == 0) {
      dgamma[channel] = (float) (invStd[channel] * (slopeOfZ - centre * slope));
      dbeta[channel] = (float) slope;
    }
  }
  // The mean over the batch takes any bias off again.
  if (t == 0 && db) {
    db[channel] = (float) (!scale ? slope : moments ? 0.0 : scale[channel] * slope);
  }
  const int tap = t / inChannels, c = t % inChannels;
  float* own = dw + (long long) channel * 9 * PER_ACCESS<T>;
  if (t < taps) own[tap * PER_ACCESS<T> + c] = (float) product;
  // What fills up a pixel has the gradient 0.
  NOT_UNROLLED for (int i = t; i < 9 * PER_ACCESS<T>; i += FIRST_FINISH_THREADS) {
    if (i % PER_ACCESS<T> >= inChannels) own[i] = 0.0f;
  }
}

// All gradients from totals (9 inChannels + 1, channels). moments null: of statistics that stay as they are;
// scale null: without a norm. dw (channels, 9, pixel); db may be null. channels x 64.
#define FIRST_FINISH(NAME, T)                                                                 \
  extern "C" __global__ void __launch_bounds__(FIRST_FINISH_THREADS) NAME(                    \
      const double* __restrict__ totals, const double* __restrict__ moments,                  \
      const T* __restrict__ x, const T* __restrict__ w, long long rows, int inChannels,       \
      const float* __restrict__ mean, const float* __restrict__ invStd,                       \
      const float* __restrict__ scale, float* __restrict__ dw, float* __restrict__ db,        \
      float* __restrict__ dgamma, float* __restrict__ dbeta) {                                \
    firstFinish(totals, moments, x, w, rows, inChannels, mean, invStd, scale, dw, db, dgamma, \
                dbeta);                                                                       \
  }
FIRST_FINISH(vgg4j_first_finish_f32, float)
FIRST_FINISH(vgg4j_first_finish_bf16, unsigned short)
